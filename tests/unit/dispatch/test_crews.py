"""Crews: states, positions, help, breakdowns, second crews, neighbours, being out of reach."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.board import Board
from dispatch.crew_commands import (
    DutyChanged,
    DutyChangeWithdrawn,
    RoutesKnown,
)
from dispatch.distance import RouteNotKnownError
from dispatch.errors import NotAllowed
from dispatch.incident_types import IncidentType, IncidentTypes
from dispatch.model import Incident
from dispatch.recommend import recommend
from dispatch.units import DutyChange
from tests.support.crews import FAR, assignment, lines, say, unit
from tests.support.dispatch import FAR_WEST, NEAR_WEST, Desk, rules, stations


def test_a_crew_goes_through_all_its_states_and_its_intervals_are_on_record(desk: Desk) -> None:
    desk.located()
    assert unit(desk, "A").state == "assigned"
    states = []
    desk.wait(30)
    desk.accept("A")
    states.append(unit(desk, "A").state)
    for status, seconds in (("en_route", 50), ("on_scene", 300), ("made_safe", 600), ("rechecked", 5),
                            ("finished", 60)):
        desk.wait(seconds)
        say(desk, "A", status)
        states.append(unit(desk, "A").state)
    assert states == ["acknowledged", "en_route", "on_scene", "made_safe", "made_safe", "returning"]
    history = {row.what: row for row in desk.store.history([desk.incident().key])} or {}
    desk.dispatch.run()
    history = {row.what: row for row in desk.store.history([desk.incident().key])}
    assert history["crew_intervals"].detail == {
        "target": "A", "turnout": "50", "travel": "300", "on_scene": "665", "total": "1045",
    }
    assert "cleared_without_recheck" not in history
    desk.wait(300)
    assert unit(desk, "A").state == "available"
    moves = [row.detail["state"] for row in desk.store.history(["crew:A"]) if row.what == "crew_state"]
    assert moves == ["assigned", *states[:4], "returning", "available"]


def test_a_returning_crew_is_free_for_an_emergency_and_goes_from_where_it_was(desk: Desk) -> None:
    desk.emergency()
    desk.learn("address", "袁家坝", at=FAR)
    desk.accept("D")
    for status in ("en_route", "on_scene", "made_safe", "finished"):
        desk.wait(5)
        say(desk, "D", status)
    assert unit(desk, "D").state == "returning"
    desk.wait(20)
    desk.emergency("d")
    desk.learn("address", "袁家坝2号", at=FAR, call_id="d")
    assert lines(desk, "ring")[-1] == "ring D/D1"


def test_a_breakdown_on_the_way_brings_the_next_crew_at_once(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    say(desk, "A", "en_route")
    say(desk, "A", "out_of_service", note="爆胎")
    assert lines(desk, "ring")[-1] == "ring B/B1"
    assert lines(desk, "notify") == [
        "notify duty_centre: out_of_service", "notify duty_centre: broken_on_the_way",
    ]
    assert assignment(desk, "A").state == "en_route", "nobody is released before another has it"
    desk.accept("B")
    assert unit(desk, "A").reason == "爆胎" and unit(desk, "A").author == "A"


def test_a_crew_that_is_out_is_passed_over_with_its_reason_but_rung_when_nobody_else_is_left(
    desk: Desk,
) -> None:
    say(desk, "A", "out_of_service", note="车辆年检", author="调度王")
    desk.located()
    assert desk.notes.lines[-1] == "ring B/B1"
    desk.wait(3 * 61 + 10)
    passed = [row for row in desk.store.history([desk.incident().key]) if row.what == "not_paged"]
    assert {row.detail["target"] for row in passed} >= {"A"}
    assert any("停用：车辆年检" in row.detail["why"] for row in passed)
    assert "ring A/A1" in desk.notes.lines
    desk.accept("A")
    assert unit(desk, "A").state == "acknowledged", "whoever says yes comes"


def test_off_duty_ends_with_the_next_shift_and_is_refused_during_an_emergency(tmp_path: Path) -> None:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    crews = [crew.model_dump() for crew in stations().crews]
    crews[0] |= {"duty": "shifts", "shifts": [
        {"days": days, "start": "08:00", "end": "20:00"}, {"days": days, "start": "20:00", "end": "08:00"},
    ]}
    desk = Desk(tmp_path, rules=rules(stations=stations(crews=crews)))
    say(desk, "A", "off_duty", note="提前下班")
    desk.located()
    assert desk.notes.lines[-1] == "ring B/B1"
    desk.accept("B")
    say(desk, "B", "off_duty")
    assert unit(desk, "B").state == "acknowledged"
    assert "crew_report_ignored" in desk.history(desk.incident().key)
    desk.now += timedelta(hours=8, minutes=5)
    desk.located("d")
    assert desk.notes.lines[-1] == "ring A/A1"
    desk.stop()


def test_a_vehicle_that_is_near_goes_before_the_station_and_an_old_position_counts_no_more(
    desk: Desk,
) -> None:
    say(desk, "D", "position", at=NEAR_WEST)
    board = Board(desk.dispatch.rules, desk.dispatch.engine.state, desk.now)
    desk.located()
    assert desk.notes.lines == ["ring D/D1"], "it stands in front of the house"
    order = [c.crew.key for c in recommend(board, desk.incident(), set())]
    assert order == ["D", "A", "B", "C"]
    late = Board(desk.dispatch.rules, desk.dispatch.engine.state, desk.now + timedelta(minutes=11))
    assert [c.crew.key for c in recommend(late, desk.incident(), set())] == ["A", "B", "C", "D"]


def test_every_crew_has_its_reasons_and_ties_are_explained(desk: Desk) -> None:
    desk.located()
    state = desk.dispatch.engine.state
    found = recommend(Board(desk.dispatch.rules, state, desk.now), desk.incident(), set())
    assert [c.crew.key for c in found] == ["A", "B", "C", "D"]
    assert "从驻地出发0.1公里，约2分钟到达" in found[0].why
    assert found[1].why[-1] == "与A班同时到达，按名册次序排后"
    assert [c.in_time for c in found] == [True, True, True, False] and all(c.free for c in found)
    assert any(why.startswith("比要求晚") for why in found[3].why)
    again = recommend(Board(desk.dispatch.rules, state, desk.now), desk.incident(), set())
    same = [[(c.crew.key, c.order, c.why) for c in one] for one in (found, again)]
    assert same[0] == same[1], "the same every time"


def test_a_position_on_the_way_makes_the_forecast_anew_and_a_late_one_brings_the_next(desk: Desk) -> None:
    desk.emergency()
    desk.learn("address", "城西", at=FAR_WEST)
    desk.accept("D")
    say(desk, "D", "en_route")
    before = assignment(desk, "D").forecast_at
    assert before is not None and before <= desk.incident().target_at
    desk.wait(60)
    say(desk, "D", "position", at=(32.30, 105.95))
    after = assignment(desk, "D")
    assert after.forecast_at is not None and after.forecast_at > desk.incident().target_at
    assert lines(desk, "ring")[-1] in ("ring A/A1", "ring B/B1")
    assert "forecast_late" in desk.history(desk.incident().key)


def test_a_crew_that_needs_help_gets_another_at_once_and_the_dispatcher_hears_it(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    say(desk, "A", "on_scene", at=NEAR_WEST)
    say(desk, "A", "needs_help", note="阀门关不死")
    assert set(desk.notes.lines[-2:]) == {"notify duty_centre: needs_help", "ring B/B1"}
    assert lines(desk, "alarm") == [], "the duty centre is rung once, with the reason"
    [notice] = [one for one in desk.notes.orders if getattr(one, "topic", "") == "needs_help"]
    assert "阀门关不死" in notice.text
    say(desk, "A", "needs_help", note="快来")
    assert desk.incident().crews_wanted == 2, "one call for help that is not answered yet is one"
    desk.wait(61)
    assert lines(desk, "ring")[-1] == "ring C/C1", "who does not take it is followed by the next"
    desk.accept("C")
    assert desk.incident().state == "on_scene" and assignment(desk, "A").help_asked == 2


def test_when_no_further_crew_is_to_be_had_it_is_said_and_all_are_asked_again(tmp_path: Path) -> None:
    crews = [crew.model_dump() for crew in stations().crews[:2]]
    desk = Desk(tmp_path, rules=rules(stations=stations(crews=crews)))
    desk.located()
    desk.accept("A")
    say(desk, "A", "on_scene")
    say(desk, "A", "needs_help")
    desk.wait(61)
    assert "notify duty_centre: no_further_crew" in desk.notes.lines
    assert desk.incident().waiting_for == "crew"
    desk.notes.lines.clear()
    desk.wait(301)
    assert lines(desk, "ring") == ["ring B/B1"]
    desk.stop()


def leak_type(**fields: Any) -> IncidentTypes:
    hazards = ("smell", "leak", "third_party_damage", "fire_explosion", "co", "alarm", "valve", "other")
    return IncidentTypes(types=(
        IncidentType.model_validate({"key": "any", "title": "险情", "hazards": hazards, "rank": 1} | fields),
    ))


def test_a_type_that_wants_two_crews_gets_two(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=rules(incident_types=leak_type(crews=2)))
    desk.located()
    desk.accept("A")
    assert lines(desk, "ring") == ["ring A/A1", "ring B/B1"]
    desk.accept("B")
    assert [a.state for a in desk.dispatch.assignments(desk.incident().key)] == ["acknowledged"] * 2
    desk.wait(30)
    assert len(lines(desk, "ring")) == 2
    desk.stop()


def test_the_nearest_goes_first_and_a_skill_that_it_lacks_comes_with_a_second_crew(tmp_path: Path) -> None:
    crews = [crew.model_dump() for crew in stations().crews]
    crews[3]["members"][0]["skills"] = ["pressure"]
    desk = Desk(tmp_path, rules=rules(stations=stations(crews=crews),
                                      incident_types=leak_type(skills=["pressure"])))
    desk.located()
    assert lines(desk, "ring") == ["ring A/A1"], "somebody must be there first"
    desk.accept("A")
    assert lines(desk, "ring") == ["ring A/A1", "ring D/D1"]
    desk.accept("D")
    assert len(lines(desk, "ring")) == 2
    desk.stop()


NEIGHBOUR = {"key": "cangxi", "name": "苍溪站", "latitude": 32.4360, "longitude": 105.70,
             "company": "苍溪燃气", "lends": "一个班组，带压堵漏"}


def lent(**changes: Any) -> Any:
    plain = stations()
    crews = [crew.model_dump() for crew in plain.crews]
    crews.append(crews[0] | {"key": "N", "name": "苍溪班", "station": "cangxi",
                             "members": [{"name": "N1", "phone": "sip:n1@127.0.0.1"}]})
    places = [*(s.model_dump() for s in plain.stations), NEIGHBOUR]
    return stations(crews=crews, stations=places, **changes)


def test_a_neighbour_is_rung_after_all_own_crews(tmp_path: Path) -> None:
    from dispatch.policy import Step
    from tests.support.dispatch import policy

    chain = (Step(who="free_crews"), Step(who="all_crews", on_call=2), Step(who="mutual_aid"),
             Step(who="duty_centre", alarm=True))
    desk = Desk(tmp_path, rules=rules(stations=lent(), policy=policy(chain=chain)))
    desk.located()
    desk.wait(4 * 61)
    assert lines(desk, "ring")[-1] == "ring N/N1"
    assert "N" not in {line[5] for line in lines(desk, "ring")[:-1]}
    desk.accept("N")
    assert assignment(desk, "N").state == "acknowledged"
    desk.stop()


def test_a_neighbour_goes_first_where_every_own_crew_is_much_too_late(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=rules(stations=lent()))
    desk.emergency()
    desk.learn("address", "苍溪边上", at=(32.4360, 105.60))
    incident = desk.incident()
    found = recommend(Board(desk.dispatch.rules, desk.dispatch.engine.state, desk.now), incident, set())
    assert incident.distance_km is not None and incident.distance_km > 15, "measured from our own stations"
    own_late = all(c.in_time is False for c in found if c.own)
    assert (found[0].crew.key == "N") == own_late
    desk.stop()


def test_out_of_reach_is_said_at_once_to_the_dispatcher_and_the_caller_with_the_honest_time(
    desk: Desk,
) -> None:
    for crew in ("A", "B", "C"):
        say(desk, crew, "out_of_service", note="检修")
    desk.notes.lines.clear()
    desk.start_call()
    desk.emergency()
    desk.learn("address", "东边", at=(32.4302, 105.8736))
    incident = desk.incident()
    assert incident.band_minutes == 15 or incident.band_minutes == 30
    if incident.out_of_reach_at is None:
        pytest.fail("D needs longer than the band of the nearest station")
    assert "notify duty_centre: out_of_reach" in desk.notes.lines
    assert "caller hears late" in desk.notes.lines
    news = next(order for order in desk.notes.orders if getattr(order, "topic", "") == "late")
    assert incident.expected_at is not None and "左右" in news.text
    assert incident.expected_at > incident.target_at


def test_a_crew_that_becomes_free_nearer_is_offered_and_nobody_is_released(desk: Desk) -> None:
    for crew in ("A", "B", "C"):
        say(desk, crew, "out_of_service", note="检修")
    desk.located()
    desk.accept("D")
    say(desk, "D", "en_route")
    desk.notes.lines.clear()
    say(desk, "A", "available")
    assert lines(desk, "ring") == ["ring A/A1"]
    assert "notify duty_centre: better_crew" in desk.notes.lines
    assert assignment(desk, "D").state == "en_route"
    desk.accept("A")
    assert assignment(desk, "D").state == "en_route"
    assert {a.crew for a in desk.dispatch.assignments(desk.incident().key)} == {"A", "D"}


def test_a_crew_that_is_no_better_is_not_rung_as_well(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    say(desk, "A", "en_route")
    desk.notes.lines.clear()
    say(desk, "B", "out_of_service", note="x")
    say(desk, "B", "available")
    assert lines(desk, "ring") == []


def test_a_swap_that_is_told_changes_who_is_rung_and_can_be_withdrawn(desk: Desk) -> None:
    given: dict[str, Any] = {
        "change": "swap", "crew": "A", "member": "A1", "substitute": "B1", "substitute_crew": "B",
        "start": desk.now - timedelta(hours=1), "end": desk.now + timedelta(hours=1), "author": "A1",
        "approved_by": "站长",
    }
    with pytest.raises(NotAllowed, match="approved"):
        desk.dispatch.tell(DutyChanged(event_id="s0", at=desk.now, **(given | {"approved_by": ""})))
    with pytest.raises(NotAllowed, match="no member"):
        desk.dispatch.tell(DutyChanged(event_id="s1", at=desk.now, **(given | {"substitute": "谁"})))
    desk.dispatch.tell(DutyChanged(event_id="s2", at=desk.now, **given))
    desk.located()
    assert desk.notes.lines == ["ring A/B1"]
    change = desk.dispatch.engine.state.all(DutyChange)[0]
    desk.dispatch.tell(DutyChangeWithdrawn(event_id="s3", at=desk.now, change_id=change.key, person="站长"))
    desk.located("d")
    assert desk.notes.lines[-1] == "ring B/B1", "A is being rung for the first, and B1 is with B again"


def test_an_open_point_and_a_leak_that_is_still_there_reach_the_dispatcher(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    say(desk, "A", "on_scene")
    say(desk, "A", "unsolved", note="立管锈蚀")
    say(desk, "A", "rechecked", note="gas_found 接头")
    assert assignment(desk, "A").unsolved == ("立管锈蚀",) and assignment(desk, "A").rechecked_at is None
    say(desk, "A", "rechecked", note="no_gas")
    assert assignment(desk, "A").rechecked_at == desk.now
    assert lines(desk, "notify") == ["notify duty_centre: unsolved", "notify duty_centre: leak_again"]


def test_a_fault_in_what_follows_does_not_lose_the_emergency(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, faults: Any
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("dispatch.reinforce.what_if", broken)
    desk.located()
    assert desk.notes.lines == ["ring A/A1"]
    assert isinstance(desk.incident(), Incident) and faults.found
    faults.found.clear()


def test_routes_that_become_known_bring_the_crew_that_is_really_nearer(tmp_path: Path) -> None:
    class River:
        """The way from the west station leads over a far bridge."""

        known = False

        def km(self, start: Any, end: Any) -> float:
            if not self.known:
                raise RouteNotKnownError
            return 18.0 if start.longitude < 105.86 else 4.0

        def seconds(self, start: Any, end: Any) -> float:
            return self.km(start, end) * 100

    river = River()
    desk = Desk(tmp_path, rules=rules(roads=river))
    desk.located()
    assert lines(desk, "ring") == ["ring A/A1"], "by the straight line, at once"
    river.known = True
    name = desk.incident().key
    desk.dispatch.tell(RoutesKnown(event_id="routes", at=desk.now, incident=name))
    assert lines(desk, "ring") == ["ring A/A1", "ring C/C1"]
    desk.accept("A")
    forecast = assignment(desk, "A").forecast_at
    assert forecast is not None and (forecast - desk.now).total_seconds() == 120 + 1800
    desk.stop()
