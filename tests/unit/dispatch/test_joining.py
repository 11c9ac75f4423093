"""Many callers, one leak: joined, told, cleared address by address, and split again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.api import NotAllowed, UnknownRecord
from dispatch.commands import RefuseJoin, StandDown
from dispatch.effects import CrewNotice
from dispatch.joined import Clearance, Join
from dispatch.model import Incident
from dispatch.states import IncidentState, PageEvent
from tests.support.dispatch import NEAR_WEST, Desk
from tests.support.incidents import clear, join, protocol_rules, report, say_where, split, ticket_of

AWAY = (NEAR_WEST[0] + 0.02, NEAR_WEST[1])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=protocol_rules())
    yield made
    made.stop()


def incidents(desk: Desk) -> list[Incident]:
    return desk.dispatch.open_incidents()


def joins(desk: Desk) -> list[Join]:
    return desk.dispatch.engine.state.all(Join)


def clearances(desk: Desk) -> dict[str, str]:
    return {one.ticket: one.state for one in desk.dispatch.engine.state.all(Clearance)}


def test_two_callers_of_one_building_are_one_incident_with_two_tickets(desk: Desk) -> None:
    first = report(desk, "c1")
    second = report(desk, "c2", room="202")
    assert second.key == first.key and len(incidents(desk)) == 1
    assert incidents(desk)[0].tickets == (ticket_of(desk, "c1").number, ticket_of(desk, "c2").number)
    assert ticket_of(desk, "c1").address != ticket_of(desk, "c2").address, "each keeps its own"
    (one,) = joins(desk)
    assert one.state == "joined" and one.score >= 0.8 and one.reasons[0].startswith("same_building")
    assert "report_joined" in desk.history(first.key)


def test_a_report_without_an_address_is_paged_by_itself_and_joined_when_it_has_one(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.accept("A", "c1")
    second = report(desk, "c2", at=None, place="indoor")
    assert second.key == first.key or len(incidents(desk)) == 2
    desk.wait(25)
    alone = desk.incident("c2")
    assert alone.key != first.key and alone.first_page_at is not None, "paged although nobody knows where"
    rings = [p for p in desk.dispatch.pages(alone.key) if p.state == "ringing"]
    assert rings
    say_where(desk, "c2", room="202")
    assert desk.incident("c2").key == first.key
    assert all(p.state != "ringing" for p in desk.dispatch.pages(first.key)), "the double paging has ended"
    gone = desk.dispatch.incident(alone.key)
    assert gone is not None and gone.state == IncidentState.JOINED and gone.joined_into == first.key
    assert all(a.state == "released" for a in desk.dispatch.assignments(alone.key))


def test_nobody_is_released_before_the_other_is_covered(desk: Desk) -> None:
    first = report(desk, "c1")
    second = report(desk, "c2", at=None)
    desk.wait(25)
    other = next(p for p in desk.dispatch.pages(desk.incident("c2").key) if p.state == "ringing")
    say_where(desk, "c2", room="202")
    rings = {p.page_id: p.state for p in desk.dispatch.pages(first.key)}
    mine = [a for a in desk.dispatch.assignments(first.key) if a.state == "assigned"]
    if other.page_id in rings and rings[other.page_id] == "ringing":
        assert {a.crew for a in mine} >= {other.target}, "its crew is held for the joined incident"
    assert any(state == "ringing" for state in rings.values()), "somebody still rings"
    assert desk.dispatch.assignments(second.key) == [] or second.key != first.key


def test_a_crew_that_took_the_later_report_covers_the_joined_incident(desk: Desk) -> None:
    first = report(desk, "c1")
    report(desk, "c2", at=None)
    desk.wait(25)
    alone = desk.incident("c2")
    page = next(p for p in desk.dispatch.pages(alone.key) if p.state == "ringing")
    desk.accept(page.target, "c2")
    say_where(desk, "c2", room="202")
    covering = [a for a in desk.dispatch.assignments(first.key) if a.state == "acknowledged"]
    assert [a.crew for a in covering] == [page.target]
    assert covering[0].acknowledged_at is not None and desk.incident("c1").state == IncidentState.TAKEN
    desk.crew(page.target, "en_route", alone.key)
    assert desk.incident("c1").state == IncidentState.EN_ROUTE, "named by the old incident it is the new one"


def test_a_page_of_the_later_report_still_counts_after_the_join(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.accept("A", "c1")
    report(desk, "c2", at=None)
    desk.wait(25)
    page = next(p for p in desk.dispatch.pages(desk.incident("c2").key) if p.state == "ringing")
    say_where(desk, "c2", room="202")
    desk.page(page.page_id, PageEvent.ACCEPT)
    crews = {a.crew for a in desk.dispatch.assignments(first.key) if a.state == "acknowledged"}
    assert crews == {"A", page.target}, "who says yes after we gave him up still comes"


def test_later_callers_hear_at_once_that_a_crew_is_on_its_way(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.accept("A", "c1")
    desk.crew("A", "en_route", first.key)
    told = len(desk.notes.lines)
    report(desk, "c2", room="202")
    news = [o for o in desk.notes.orders[told:] if getattr(o, "call_id", "") == "c2"]
    assert [o.topic for o in news] == ["crew_accepted"]
    assert news[0].incident == first.key and news[0].forecast_at is not None


def test_later_callers_hear_that_it_is_there_or_that_nobody_is(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.wait(900)
    assert desk.incident("c1").caller_message == "nobody_yet"
    report(desk, "c2", room="202")
    assert "caller hears nobody_yet" in desk.notes.lines[-6:] or any(
        getattr(o, "call_id", "") == "c2" and o.topic == "nobody_yet" for o in desk.notes.orders
    )
    desk.crew("A", "on_scene", first.key)
    report(desk, "c3", room="303")
    assert any(getattr(o, "call_id", "") == "c3" and o.topic == "crew_on_scene" for o in desk.notes.orders)


def test_each_address_is_cleared_by_itself(desk: Desk) -> None:
    first = report(desk, "c1")
    report(desk, "c2", room="202")
    desk.accept("A", "c1")
    for step in ("en_route", "on_scene", "made_safe"):
        desk.crew("A", step, first.key)
    desk.crew("A", "cleared", first.key)
    assert desk.incident("c1").open, "two addresses have not been checked"
    assert "tell A: addresses_waiting" in desk.notes.lines
    assert "crew_may_not_leave" in desk.history(first.key)
    clear(desk, "c1", "A")
    desk.crew("A", "cleared", first.key)
    assert desk.incident("c1").open
    clear(desk, "c2", "A")
    assert set(clearances(desk).values()) == {"cleared"}
    desk.crew("A", "cleared", first.key)
    over = desk.dispatch.incident(first.key)
    assert over is not None and over.state == IncidentState.CLOSED
    assert [ticket_of(desk, call).state for call in ("c1", "c2")] == ["closed", "closed"]


def test_gas_found_at_the_recheck_keeps_the_address(desk: Desk) -> None:
    report(desk, "c1")
    report(desk, "c2", room="202")
    desk.accept("A", "c1")
    clear(desk, "c2", "A", recheck="gas_found", note="室内仍有浓度")
    assert clearances(desk)[ticket_of(desk, "c2").number] == "waiting"
    assert "recheck_found_gas" in desk.history(ticket_of(desk, "c2").number)


def test_a_joined_incident_is_not_stood_down_by_its_old_name(desk: Desk) -> None:
    first = report(desk, "c1")
    report(desk, "c2", at=None)
    alone = desk.incident("c2")
    say_where(desk, "c2", room="202")
    assert desk.incident("c2").key == first.key != alone.key
    with pytest.raises(NotAllowed, match="joined into"):
        desk.dispatch.tell(StandDown(event_id="s", at=desk.now, incident=alone.key, person="王", reason="误"))


def test_two_of_one_home_are_one_address(desk: Desk) -> None:
    report(desk, "c1")
    report(desk, "c2")
    desk.accept("A", "c1")
    clear(desk, "c1", "A")
    assert set(clearances(desk).values()) == {"cleared"}


def test_only_a_crew_of_it_or_a_person_with_a_reason_clears(desk: Desk) -> None:
    report(desk, "c1")
    report(desk, "c2", room="202")
    with pytest.raises(NotAllowed):
        clear(desk, "c1", "A")
    with pytest.raises(NotAllowed):
        clear(desk, "c1", "")
    clear(desk, "c1", "王调度", recheck="not_done", note="住户已撤离，门锁着，明天复查")
    assert clearances(desk)[ticket_of(desk, "c1").number] == "excused"


def test_a_stand_down_says_of_each_address_that_nobody_checked_it(desk: Desk) -> None:
    first = report(desk, "c1")
    report(desk, "c2", room="202")
    desk.dispatch.tell(StandDown(event_id="s", at=desk.now, incident=first.key, person="王", reason="误报"))
    assert set(clearances(desk).values()) == {"excused"}
    assert "address_not_checked" in desk.history(ticket_of(desk, "c2").number)


def test_a_split_report_has_its_own_incident_and_is_paged_at_once(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.accept("A", "c1")
    report(desk, "c2", room="202")
    split(desk, "c2")
    own = desk.incident("c2")
    assert own.key != first.key and own.tickets == (ticket_of(desk, "c2").number,)
    assert own.reported_at == ticket_of(desk, "c2").opened_at, "its promise counts from its own report"
    assert any(p.state == "ringing" for p in desk.dispatch.pages(own.key))
    assert desk.incident("c1").tickets == (ticket_of(desk, "c1").number,)
    assert joins(desk)[0].state == "split" and joins(desk)[0].ended_by == "王调度"
    say_where(desk, "c2", room="203")
    assert desk.incident("c2").key == own.key, "what a person has split is not joined again"
    for subject in (first.key, own.key, ticket_of(desk, "c2").number):
        assert "report_split" in desk.history(subject)


def test_the_first_report_can_be_split_off_too(desk: Desk) -> None:
    first = report(desk, "c1")
    report(desk, "c2", room="202")
    split(desk, "c1")
    kept = desk.dispatch.incident(first.key)
    assert kept is not None and kept.open and kept.tickets == (ticket_of(desk, "c2").number,)
    assert kept.address == ticket_of(desk, "c2").address
    assert desk.incident("c1").key != first.key


def test_splitting_needs_a_name_a_reason_and_somebody_to_split_from(desk: Desk) -> None:
    report(desk, "c1")
    with pytest.raises(NotAllowed, match="only report"):
        split(desk, "c1")
    report(desk, "c2", room="202")
    for person, reason in (("", "x"), ("王", " ")):
        with pytest.raises(NotAllowed, match="reason"):
            split(desk, "c2", person, reason)


def test_a_corrected_address_far_away_is_another_leak_at_once(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.accept("A", "c1")
    report(desk, "c2", room="202")
    say_where(desk, "c2", AWAY, community="北苑", building="9", room="")
    own = desk.incident("c2")
    assert own.key != first.key and any(p.state == "ringing" for p in desk.dispatch.pages(own.key))


def test_a_drill_never_joins_the_real_thing(desk: Desk) -> None:
    real = report(desk, "c1")
    drill = report(desk, "c2", room="202", drill=True)
    assert drill.key != real.key
    with pytest.raises(NotAllowed, match="drill"):
        join(desk, drill, real)


def test_what_is_made_safe_takes_no_new_report(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.accept("A", "c1")
    desk.crew("A", "made_safe", first.key)
    second = report(desk, "c2", room="202")
    assert second.key != first.key and second.open


def test_a_person_joins_what_nothing_else_shows(desk: Desk) -> None:
    first = report(desk, "c1")
    second = report(desk, "c2", AWAY, community="北苑", building="9")
    assert second.key != first.key
    with pytest.raises(NotAllowed, match="reason"):
        join(desk, second, first, reason="")
    with pytest.raises(UnknownRecord):
        join(desk, second, first.model_copy(update={"incident_id": "I-none"}))
    join(desk, second, first)
    assert desk.incident("c2").key == first.key and joins(desk)[-1].by == "王调度"


def test_another_building_is_proposed_and_a_person_may_refuse(desk: Desk) -> None:
    first = report(desk, "c1")
    second = report(desk, "c2", building="5")
    assert second.key != first.key
    (one,) = joins(desk)
    assert one.state == "proposed" and one.incident == first.key
    desk.dispatch.tell(RefuseJoin(event_id="r", at=desk.now, ticket=one.ticket, incident=one.incident,
                                  person="王调度", reason="两处"))
    say_where(desk, "c2", building="5", room="404")
    assert [join.state for join in joins(desk)] == ["refused"]


def test_an_address_that_nobody_has_confirmed_ends_no_paging(desk: Desk) -> None:
    """Safety rule 3: silence never means that an address is right."""
    first = report(desk, "c1")
    desk.accept("A", "c1")
    second = report(desk, "c2", at=None)
    desk.learn("address", "滨江花园3栋202", at=NEAR_WEST, call_id="c2", confirmed=False,
               parts={"community": "滨江花园", "building": "3", "room": "202"})
    assert desk.incident("c2").key == second.key != first.key
    assert [join.state for join in joins(desk)] == ["proposed"]
    say_where(desk, "c2", room="202")
    assert desk.incident("c2").key == first.key, "he said yes"


def test_a_partners_number_joins_without_any_address(desk: Desk) -> None:
    first = report(desk, "c1")
    desk.learn("partner_ticket", "119-20261123-7", call_id="c1")
    desk.start_call("c2", caller="119")
    desk.learn("partner_ticket", "119-20261123-7", call_id="c2")
    desk.emergency("c2", hazard="leak")
    assert desk.incident("c2").key == first.key


def test_a_community_that_smells_becomes_one_incident(desk: Desk) -> None:
    for number in range(8):
        report(desk, f"c{number}", building=str(number + 1))
    sizes = sorted(len(incident.tickets) for incident in incidents(desk))
    assert sizes[-1] >= 6, "the more report it, the more it weighs"
    every = [ticket for incident in incidents(desk) for ticket in incident.tickets]
    assert len(every) == len(set(every)) == 8, "no report is lost or counted twice"


def test_the_crowd_brings_more_crews_and_the_leaders(desk: Desk) -> None:
    for number in range(6):
        report(desk, f"c{number}", room=str(100 + number))
    (one,) = incidents(desk)
    assert len(one.tickets) == 6 and one.crews_wanted == 3
    assert "notify leaders: crowd_6" in desk.notes.lines


def test_joined_reports_survive_a_crash(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=protocol_rules())
    report(desk, "c1")
    report(desk, "c2", room="202")
    again = desk.crash_and_start(rules=protocol_rules())
    assert len(again.dispatch.open_incidents()) == 1 and len(again.dispatch.engine.state.all(Join)) == 1
    split(again, "c2")
    assert len(again.dispatch.open_incidents()) == 2
    again.stop()


def test_who_stays_behind_without_a_place_does_not_keep_that_of_the_report_split_off(desk: Desk) -> None:
    first, second = report(desk, "c1"), report(desk, "c2", at=None)
    join(desk, second, first)
    desk.accept("A", "c1")
    split(desk, "c1")
    left = desk.incident("c2")
    assert (left.key, left.address, left.located, left.address_confirmed) == (first.key, "", False, False)
    assert desk.incident("c1").located
    assert any(isinstance(order, CrewNotice) and "address" in order.fields for order in desk.notes.orders)
