"""A fault of ours over an emergency rings people at once, and is not passed over in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dispatch.api import Alarm, EmergencyReport
from hotline.agents.presence import Presence
from hotline.events import CallArrived, EmergencyDeclared
from hotline.metrics import Metrics
from hotline.service.book import CallBook
from hotline.service.customers import NoCustomers
from hotline.service.intake import Intake
from tests.support.dispatch import NOON, Desk


def test_an_emergency_that_dispatch_cannot_digest_is_phoned_to_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    intake = Intake(desk.dispatch, CallBook(), Presence(()), NoCustomers, Metrics(), "crew_notice")
    intake.take(CallArrived(
        event_id="c1/1", call_id="c1", at=NOON, direction="inbound", purpose="inbound",
        caller="+8613900001111", dialled="962677", trunk="carrier", sip_call_id="x", drill=False,
    ))  # fmt: skip
    tell = desk.dispatch.tell

    def broken(command: Any) -> bool:
        if isinstance(command, EmergencyReport):
            raise RuntimeError("a fault of ours")
        return tell(command)

    monkeypatch.setattr(desk.dispatch, "tell", broken)
    with pytest.raises(RuntimeError):
        intake.take(EmergencyDeclared(
            event_id="c1/2", call_id="c1", at=NOON, by="speech", hazard="smell", place="indoor",
            words="煤气味", confidence=1.0,
        ))  # fmt: skip
    [alarm] = [order for order in desk.notes.orders if isinstance(order, Alarm)]
    assert alarm.why == "fault" and alarm.places and "1，3，9" in alarm.text
