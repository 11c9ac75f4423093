"""A fault of ours in what is done besides never costs an emergency its pages, nor the next one its turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Never

import pytest

from tests.support.dispatch import NEAR_WEST, Desk
from tests.support.incidents import protocol_rules, report, say_where
from tests.unit.dispatch.conftest import Faults


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=protocol_rules())
    yield made
    made.stop()


def broken(*_: Any, **__: Any) -> Never:
    raise LookupError("a fault of ours")


def test_a_fault_in_joining_keeps_the_emergency_and_its_page(
    desk: Desk, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(desk, "c1")
    monkeypatch.setattr("dispatch.joining.likeness", broken)
    second = report(desk, "c2", room="202")
    assert second.open and any(page.state == "ringing" for page in desk.dispatch.pages(second.key))
    assert faults.found
    faults.found.clear()


def test_a_fault_in_joining_keeps_what_the_caller_says_of_his_place(
    desk: Desk, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(desk, "c1")
    report(desk, "c2", at=None)
    monkeypatch.setattr("dispatch.joining.likeness", broken)
    monkeypatch.setattr("dispatch.splitting.likeness", broken)
    say_where(desk, "c2", NEAR_WEST)
    assert desk.incident("c2").located
    faults.found.clear()
