"""A fault of ours in what is done besides never costs an emergency its pages, nor the next one its turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Never

import pytest

from dispatch import clock_notices, timers
from dispatch.commands import EmergencyReport
from dispatch.model import Page
from dispatch.paging_commands import RaiseNotice
from dispatch.ticket_records import Clock
from dispatch.work import Work
from tests.support.dispatch import FAR_WEST, NEAR_WEST, Desk
from tests.support.incidents import protocol_rules, report, say_where
from tests.support.ticket_desk import TicketDesk
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


def test_a_timer_that_cannot_be_done_neither_keeps_others_back_nor_spins(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(desk, "c1")
    page = desk.ringing("A", "c1")
    expired = timers.pages.time_out

    def poisoned(work: Work, one: Page) -> None:
        if one.page_id == page.page_id:
            raise LookupError("a fault of ours")
        expired(work, one)

    monkeypatch.setattr("dispatch.pages.time_out", poisoned)
    desk.now = page.expires_at
    wake = desk.dispatch.run()
    assert wake is not None and wake > desk.now, "not at once, and again and again"
    put_aside = desk.dispatch.page(page.page_id)
    assert put_aside is not None and put_aside.state == "timed_out"
    rung = [p for p in desk.dispatch.pages(desk.incident("c1").key) if p.state == "ringing"]
    assert rung and page.page_id not in {p.page_id for p in rung}, "the next of the chain is rung"
    report(desk, "c2", FAR_WEST, community="别处")
    [other] = [p for p in desk.dispatch.pages(desk.incident("c2").key) if p.state == "ringing"]
    desk.now = other.expires_at
    desk.dispatch.run()
    found = desk.dispatch.page(other.page_id)
    assert found is not None and found.state == "timed_out"


def test_promises_that_cannot_be_told_keep_no_other_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "PROMISES_IN_A_TURN", 3)
    monkeypatch.setattr("dispatch.engine.log.exception", lambda *_, **__: None, raising=False)
    desk = TicketDesk(tmp_path)
    desk.at("2026-11-23T12:00")
    for _ in range(5):
        desk.open("outdoor_repair")
    desk.at("2026-11-23T12:01")
    good = desk.open("outdoor_repair").number
    told = clock_notices.due

    def poisoned(work: Work, clock_id: str) -> None:
        if work.need(Clock, clock_id).ticket != good:
            raise LookupError("a fault of ours")
        told(work, clock_id)

    monkeypatch.setattr("dispatch.clock_notices.due", poisoned)
    desk.at("2026-11-25T12:00")
    for _ in range(5):
        desk.now += timedelta(seconds=1)
        desk.dispatch.run()
    assert "overdue" in desk.history(good)
    desk.stop()


def test_a_flood_of_notices_lets_the_page_go_first_and_takes_turns(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[str] = []
    monkeypatch.setattr(desk.notes, "notify", lambda notice: orders.append("notice"))
    monkeypatch.setattr(desk.notes, "page", lambda order: orders.append("page"))
    for _ in range(300):
        command = RaiseNotice(event_id=desk.name(), at=desk.now, to="service_centre", topic="t", text="x")
        desk.dispatch.engine.do(command, desk.now)
    leak = EmergencyReport(event_id="e", at=desk.now, call_id="c1", hazard="smell", place="indoor",
                           file_latitude=NEAR_WEST[0], file_longitude=NEAR_WEST[1])
    desk.dispatch.engine.do(leak, desk.now)
    desk.dispatch.run()
    assert orders[0] == "page" and orders.count("notice") < 300, "not behind 300 notices"
    for _ in range(3):
        desk.dispatch.run()
    assert orders.count("notice") == 300, "the others follow in the next turns"
