"""A crew that becomes free is asked again for what it declined while it was busy."""

from __future__ import annotations

from pathlib import Path

from dispatch.api import PageEvent
from tests.support.dispatch import NEAR_WEST, Desk, policy, rules


def busy_with_its_own(desk: Desk, crew: str) -> None:
    call = f"busy-{crew}"
    desk.emergency(call)
    desk.learn("address", f"利州东路{crew}号", at=NEAR_WEST, call_id=call)
    desk.accept(crew, call)
    desk.crew(crew, "on_scene")


def rings(desk: Desk, crew: str) -> int:
    return desk.notes.lines.count(f"ring {crew}/{crew}1")


def declined_while_busy(desk: Desk) -> str:
    """D comes from far and late, A was rung as well and said no. Returns the incident."""
    for crew in "ABC":
        busy_with_its_own(desk, crew)
    incident = desk.located("second").key
    desk.accept("D", "second")
    desk.crew("D", "en_route")
    desk.page(desk.ringing("A", "second").page_id, PageEvent.DECLINE, "正在抢修")
    return incident


def test_who_declined_because_it_was_busy_is_rung_when_it_is_free_and_much_nearer(desk: Desk) -> None:
    incident = declined_while_busy(desk)
    before = rings(desk, "A")
    desk.wait(60)
    desk.crew("A", "made_safe")
    desk.crew("A", "cleared")
    assert rings(desk, "A") == before + 1
    desk.accept("A", "second")
    assert {a.crew for a in desk.dispatch.assignments(incident) if a.acknowledged_at} == {"A", "D"}


def test_a_free_crew_that_declined_is_not_rung_again_because_it_moves(desk: Desk) -> None:
    declined_while_busy(desk)
    desk.wait(60)
    desk.crew("A", "made_safe")
    desk.crew("A", "cleared")
    desk.page(desk.ringing("A", "second").page_id, PageEvent.DECLINE, "车坏了")
    before = rings(desk, "A")
    desk.wait(5)
    desk.crew("A", "position")
    assert rings(desk, "A") == before


def test_a_report_out_of_reach_brings_the_next_crew_and_not_the_whole_city(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=rules(policy=policy(travel_kmh=1.0)))
    desk.emergency()
    desk.learn("address", "利州东路10号", at=(32.4500, 105.8420))
    desk.accept("A")
    desk.accept("B")
    assert {a.crew for a in desk.dispatch.assignments(desk.incident().key)} == {"A", "B"}
    desk.stop()
