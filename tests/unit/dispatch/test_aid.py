"""A neighbour that becomes free nearer helps where ours are late; no emergency waits for another's phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.api import PageEvent
from tests.support.crews import assignment, lines, say
from tests.support.dispatch import NEAR_WEST, Desk, rules
from tests.unit.dispatch.test_crews import lent

NEAR_NEIGHBOUR = (32.4360, 105.6990)


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Desk]:
    """The neighbour's crew N stands at 105.70, our nearest at 105.77; N is out of service."""
    made = Desk(tmp_path, rules=rules(stations=lent()))
    say(made, "N", "out_of_service", note="借出")
    yield made
    made.stop()


def at_the_border(desk: Desk) -> None:
    """Ours are on the way and late."""
    for crew in "ABC":
        say(desk, crew, "out_of_service", note="检修")
    desk.emergency()
    desk.learn("address", "苍溪边上", at=NEAR_NEIGHBOUR)
    desk.wait(1)
    desk.accept("D")
    say(desk, "D", "position", at=(32.30, 105.95))
    desk.crew("D", "en_route")
    late = assignment(desk, "D").forecast_at
    assert late is not None and late > desk.incident().target_at


def test_a_neighbour_that_becomes_free_is_offered_when_ours_miss_the_target(border: Desk) -> None:
    at_the_border(border)
    for page in border.dispatch.pages(border.incident().key):
        if page.state == "ringing":
            border.page(page.page_id, PageEvent.DECLINE, "检修")
    before = len(lines(border, "ring N/N1"))
    say(border, "N", "available")
    assert len(lines(border, "ring N/N1")) == before + 1
    border.accept("N")
    states = {a.crew: a.state for a in border.dispatch.assignments(border.incident().key)}
    assert states["N"] == "acknowledged" and states["D"] == "en_route", "nobody is released"


def test_a_neighbour_is_left_at_home_when_ours_are_in_time(border: Desk) -> None:
    border.located()
    border.accept("A")
    border.crew("A", "en_route")
    say(border, "N", "position", at=NEAR_WEST)
    say(border, "N", "available")
    border.wait(5)
    assert lines(border, "ring N/N1") == []


def test_a_second_emergency_rings_the_next_crew_at_once(desk: Desk) -> None:
    desk.located("c1")
    desk.page(desk.ringing("A", "c1").page_id, PageEvent.ANSWER)
    desk.located("c2")
    assert lines(desk, "ring") == ["ring A/A1", "ring B/B1"], "A is in a call with the first"


def test_a_phone_that_is_busy_with_another_page_sends_the_second_on_at_once(desk: Desk) -> None:
    for crew in "BCD":
        say(desk, crew, "out_of_service", note="检修")
    desk.located("c1")
    desk.page(desk.ringing("A", "c1").page_id, PageEvent.ANSWER)
    desk.located("c2")
    page = desk.ringing("A", "c2")
    rung = len(lines(desk, "ring"))
    desk.page(page.page_id, PageEvent.FAIL, "486 Busy Here")
    assert len(lines(desk, "ring")) > rung, "without any time passing"
    assert [p for p in desk.dispatch.pages(desk.incident("c2").key) if p.state == "ringing"]


def test_a_wave_of_emergencies_rings_somebody_for_each_in_the_same_moment(desk: Desk) -> None:
    calls = [f"c{number}" for number in range(12)]
    for call in calls:
        desk.located(call)
    for call in calls:
        incident = desk.incident(call)
        assert incident.first_page_at == incident.reported_at == desk.now
        assert [p for p in desk.dispatch.pages(incident.key) if p.state == "ringing"], call
