"""Ordinary work of crews: given out by urgency and nearness, taken back, put off by an emergency."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.crew_commands import (
    JobWithdrawn,
)
from dispatch.errors import NotAllowed, UnknownRecord
from tests.support.crews import FAR, give, job, lines, repair, say, unit
from tests.support.dispatch import NEAR_WEST, Desk


def test_an_emergency_puts_off_ordinary_work_and_its_ticket_waits_again(desk: Desk) -> None:
    number = repair(desk, at=NEAR_WEST)
    give(desk, "A")
    assert (job(desk, "A").ticket, job(desk, "A").state) == (number, "assigned")
    say(desk, "A", "en_route")
    say(desk, "A", "on_scene", at=NEAR_WEST)
    assert unit(desk, "A").state == "on_scene" and job(desk, "A").state == "on_scene"
    say(desk, "B", "out_of_service", note="检修")
    desk.located()
    assert lines(desk, "ring") == ["ring A/A1"], "it is nearest although it must make its work safe first"
    assert job(desk, "A").state == "on_scene", "not before it has taken the emergency"
    desk.accept("A")
    assert (job(desk, "A").state, job(desk, "A").preempted_by) == ("preempted", desk.incident().key)
    assert "notify duty_centre: job_preempted" in desk.notes.lines
    give(desk, "C")
    assert job(desk, "C").ticket == number, "another crew gets it"


def test_a_drill_takes_no_crew_from_its_work(desk: Desk) -> None:
    repair(desk, at=NEAR_WEST)
    give(desk, "A")
    say(desk, "A", "on_scene", at=NEAR_WEST)
    desk.start_call("x", drill=True)
    desk.emergency("x", drill=True)
    desk.learn("address", "演练", at=NEAR_WEST, call_id="x")
    for crew in ("A", "B"):
        pages = desk.dispatch.pages(desk.incident("x").key)
        if any(p.target == crew and p.state == "ringing" for p in pages):
            desk.accept(crew, "x")
    assert job(desk, "A").state == "on_scene"


def test_work_is_given_by_urgency_then_nearness_and_says_why(desk: Desk) -> None:
    far = repair(desk, "r1", at=FAR)
    desk.now += timedelta(seconds=60)
    near = repair(desk, "r2", at=NEAR_WEST)
    callback = repair(desk, "r3", "no_gas")
    assert far != near
    give(desk, "A")
    assert job(desk, "A").ticket == callback and "优先级2" in job(desk, "A").why
    give(desk, "B")
    assert job(desk, "B").ticket == near and "最近" in job(desk, "B").why
    give(desk, "C")
    assert job(desk, "C").ticket == far


def test_work_is_not_given_twice_nor_to_who_cannot(desk: Desk) -> None:
    number = repair(desk)
    give(desk, "A", number)
    with pytest.raises(NotAllowed, match="another crew has"):
        give(desk, "B", number)
    say(desk, "B", "out_of_service", note="x")
    with pytest.raises(NotAllowed, match="not on duty"):
        give(desk, "B")
    with pytest.raises(UnknownRecord):
        give(desk, "Z")
    desk.located()
    desk.accept("A") if "ring A/A1" in desk.notes.lines else desk.accept("C")
    with pytest.raises(NotAllowed, match="emergency"):
        give(desk, "A" if "ring A/A1" in desk.notes.lines else "C")
    with pytest.raises(NotAllowed, match="paged"):
        give(desk, "D", desk.incident().tickets[0])


def test_work_is_taken_back_by_a_person_and_ends_with_its_ticket(desk: Desk) -> None:
    number = repair(desk)
    give(desk, "A", number)
    back = JobWithdrawn(event_id=desk.name(), at=desk.now, crew="A", ticket=number, person="", reason="x")
    with pytest.raises(NotAllowed):
        desk.dispatch.tell(back)
    desk.dispatch.tell(
        JobWithdrawn(event_id=desk.name(), at=desk.now, crew="A", ticket=number, person="调度", reason="改派")
    )
    assert job(desk, "A").state == "withdrawn"
    give(desk, "A", number)
    say(desk, "A", "on_scene")
    say(desk, "A", "unsolved", note="缺配件")
    say(desk, "A", "finished", note="换表")
    assert (job(desk, "A").state, job(desk, "A").unsolved) == ("done", ("缺配件",))
    assert unit(desk, "A").state == "returning"


def test_what_crews_are_survives_a_crash(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    repair(desk, at=NEAR_WEST)
    give(desk, "A")
    say(desk, "D", "out_of_service", note="检修")
    again = desk.crash_and_start(desk.store)
    assert job(again, "A").state == "assigned" and unit(again, "D").reason == "检修"
    again.stop()


def test_the_page_of_a_crew_at_work_says_to_leave_it_safe_first(desk: Desk) -> None:
    number = repair(desk, at=NEAR_WEST)
    give(desk, "A")
    say(desk, "A", "on_scene", at=NEAR_WEST)
    say(desk, "B", "out_of_service", note="检修")
    desk.located()
    orders = [order for order in desk.notes.orders if getattr(order, "page_id", "")]
    assert orders[0].secure_first == number
