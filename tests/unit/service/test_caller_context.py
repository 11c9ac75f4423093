"""What the controller tells a new call about its caller, for triage."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch.api import TicketRequest
from hotline.agents.presence import Presence
from hotline.service.actions import Actions
from hotline.service.book import CallBook
from hotline.service.customers import CsvCustomers
from hotline.service.information import Information, Outage
from tests.support.dispatch import NOON, Desk

CALLER = "13900001111"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def asked(desk: Desk, number: str = CALLER, outages: tuple[Outage, ...] = ()) -> dict[str, str]:
    file = desk.folder / "customers.csv"
    head = "number,name,address,latitude,longitude,vulnerable"
    file.write_text(
        f"{head}\n{CALLER},李,利州东路10号,,,yes\n", encoding="utf-8"
    )
    customers = CsvCustomers(file)
    actions = Actions(
        desk.dispatch, lambda: customers, lambda: Information(outages=outages), Presence(()), CallBook(),
        lambda: desk.now, ZoneInfo("Asia/Shanghai"),
    )
    outcome, values = actions.answer("new", "caller_context", {"number": number})
    assert outcome == "ok"
    return {name: value for name, value in values.items() if value}


def test_a_vulnerable_customer_with_an_open_emergency(desk: Desk) -> None:
    desk.start_call()
    desk.emergency()
    assert asked(desk) == {"vulnerable": "yes", "emergency": "yes"}
    desk.stop()


def test_a_ticket_and_an_outage(desk: Desk) -> None:
    desk.start_call()
    desk.dispatch.tell(
        TicketRequest(event_id=desk.name(), at=desk.now, call_id="c", business="no_gas", label="no_gas",
                      fields={"callback_number": CALLER})
    )
    here = Outage(kind="planned", area="利州东路", places=("利州东路",), reason="检修",
                  starts=NOON - timedelta(hours=1), ends=NOON + timedelta(hours=3))
    assert asked(desk, outages=(here,)) == {"vulnerable": "yes", "ticket": "no_gas", "outage": "yes"}
    desk.stop()


def test_a_stranger_is_nobody(desk: Desk) -> None:
    assert asked(desk, "13700000000") == {}
    desk.stop()
