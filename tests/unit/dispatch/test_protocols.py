"""Kinds of incidents: what each advises, asks, needs, and who hears of it and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.api import NotAllowed
from dispatch.commands import UpgradeIncident
from dispatch.incident_types import PLACES, TRIAGE_HAZARDS, IncidentTypes
from dispatch.joined import Telling
from dispatch.model import Incident
from dispatch.protocols import Needs, checklist, judge, match, needs, order, questions
from hotline.flow import load_flows
from hotline.flow.states import Branch
from tests.support.dispatch import CONFIG, NEAR_WEST, NOON, Desk
from tests.support.incidents import TYPES, protocol_rules, report, ticket_of
from tests.unit.dispatch.test_configuration import fault_of

FLOWS = load_flows(CONFIG.parent / "ivr_flows")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=protocol_rules())
    yield made
    made.stop()


def tellings(desk: Desk, to: str = "") -> list[Telling]:
    every = desk.dispatch.engine.state.all(Telling)
    return [one for one in every if to in ("", one.to)]


def notified(desk: Desk) -> list[str]:
    return [line.removeprefix("notify ").partition(":")[0] for line in desk.notes.lines
            if line.startswith("notify ")]


def upgrade(
    desk: Desk, incident: Incident, key: str, person: str = "王调度", reason: str = "现场确认"
) -> None:
    desk.dispatch.tell(UpgradeIncident(event_id=desk.name(), at=desk.now, incident=incident.key,
                                       incident_type=key, person=person, reason=reason))


def advised(hazard: str, place: str) -> str:
    """The state of the flow `advice` that speaks to this caller."""
    states = FLOWS.flows["advice"].states
    state = states[FLOWS.flows["advice"].start]
    at = FLOWS.flows["advice"].start
    while isinstance(state, Branch):
        values = {"hazard": hazard, "place": place}
        case = next((c for c in state.cases if values.get(c.when, "") in listed(c)), None)
        at = case.to if case else state.otherwise
        state = states[at]
    return at


def listed(case: Any) -> list[str]:
    wanted = case.model_dump(by_alias=True)["is"]
    return [wanted] if isinstance(wanted, str) else list(wanted or [])


@pytest.mark.parametrize("hazard", TRIAGE_HAZARDS)
@pytest.mark.parametrize("place", PLACES)
def test_what_the_caller_hears_is_what_the_type_advises(hazard: str, place: str) -> None:
    kind = match(TYPES, hazard, place)
    assert kind is not None and kind.advice == advised(hazard, place)


@pytest.mark.parametrize("hazard", ["supply_failure", "low_pressure", "over_pressure"])
def test_supply_and_pressure_have_their_own_advice(hazard: str) -> None:
    kind = match(TYPES, hazard, "unknown")
    assert kind is not None and kind.advice == advised(hazard, "unknown")


def test_the_advice_differs_by_hazard() -> None:
    """S0/S1 §22(3): a smell indoors, a damaged pipe in the street, fire, CO."""
    pairs = [("smell", "indoor"), ("third_party_damage", "outdoor"), ("fire_explosion", "indoor"),
             ("co", "indoor"), ("alarm", "indoor"), ("valve", "indoor"), ("leak", "outdoor"),
             ("third_party_damage", "indoor"), ("over_pressure", "indoor"), ("supply_failure", "indoor")]
    prompts = {str(FLOWS.flows["advice"].states[advised(*pair)].prompt) for pair in pairs}  # type: ignore[attr-defined]  # all of them say something
    assert len(prompts) == len(pairs)


def test_every_type_has_all_of_a_protocol() -> None:
    advice = set(FLOWS.flows["advice"].states)
    for kind in TYPES.types:
        assert kind.title and kind.checklist and kind.skills and kind.equipment, kind.key
        assert not kind.advice or kind.advice in advice, kind.key
        assert kind.ask or kind.major, kind.key
        if kind.major:
            assert any(tell.to == "leaders" for tell in kind.tell), f"{kind.key}: S4 §5(1)"


def test_needs_of_types_and_crowds(desk: Desk) -> None:
    incident = report(desk, "c", hazard="third_party_damage", place="outdoor")
    found = needs(desk.dispatch.rules, incident)
    assert found.crews == 2 and "welding" in found.skills and "excavator" in found.equipment
    many = incident.model_copy(update={"tickets": tuple("abcdef")})
    assert needs(desk.dispatch.rules, many).crews == 3


def test_without_types_an_incident_needs_one_crew(desk: Desk) -> None:
    incident = report(desk, "c")
    assert needs(protocol_rules(incident_types=IncidentTypes()), incident) == Needs()


def test_questions_leave_out_what_is_known(desk: Desk) -> None:
    incident = report(desk, "c", hazard="co")
    asked = [one.key for one in questions(TYPES, incident, {})]
    assert asked[0] == "people_inside"
    assert [one.key for one in questions(TYPES, incident, {"people_inside": "no"})] == asked[1:]
    assert "告知上下左右的住户" in checklist(TYPES, incident)


def test_a_fire_is_told_to_119_the_leaders_and_the_centre_at_once(desk: Desk) -> None:
    incident = report(desk, "c", hazard="fire_explosion")
    assert incident.incident_type == "fire_indoor"
    assert {"fire", "leaders", "safety_department", "emergency_centre"} <= set(notified(desk))
    assert "ambulance" not in notified(desk), "nobody has said that anybody is hurt"
    assert all(one.sent_at == desk.now and one.due_at is None for one in tellings(desk))
    texts = [o.text for o in desk.notes.orders if getattr(o, "to", "") == "fire"]
    assert texts[0].startswith("广元燃气通报，") and "{" not in texts[0]
    assert "told" in desk.history(incident.key)


def test_a_worse_fact_makes_a_worse_type_and_tells_more_people(desk: Desk) -> None:
    incident = report(desk, "c", hazard="fire_explosion")
    desk.learn("injured", "yes")
    after = desk.incident("c")
    assert after.incident_type == "major_fire" and after.crews_wanted == 3
    assert {"ambulance", "municipal_emergency", "police"} <= set(notified(desk))
    row = next(r for r in _history(desk, incident.key) if r.what == "upgraded")
    assert (row.detail["before"], row.detail["after"], row.detail["why"]) == (
        "fire_indoor", "major_fire", "有人受伤")


def test_words_never_make_it_better(desk: Desk) -> None:
    report(desk, "c", hazard="fire_explosion")
    desk.learn("hazard", "smell")
    after = desk.incident("c")
    assert (after.incident_type, after.hazard) == ("fire_indoor", "fire_explosion")
    assert ticket_of(desk, "c").hazard == "smell", "what he said stands on his ticket"


def test_a_place_that_is_corrected_is_shown(desk: Desk) -> None:
    report(desk, "c", hazard="smell", place="unknown")
    desk.learn("place", "outdoor")
    assert (desk.incident("c").place, desk.incident("c").incident_type) == ("outdoor", "smell_outdoor")


def test_a_later_caller_with_a_worse_hazard_makes_all_of_it_worse(desk: Desk) -> None:
    first = report(desk, "c1", hazard="smell")
    report(desk, "c2", hazard="fire_explosion", room="202")
    after = desk.incident("c1")
    assert after.key == first.key
    assert (after.hazard, after.incident_type) == ("fire_explosion", "fire_indoor")
    assert "hazard_worse" in [row.what for row in _history(desk, first.key)]


def test_a_drill_tells_nobody_outside_and_marks_the_rest(desk: Desk) -> None:
    incident = report(desk, "c", hazard="fire_explosion", drill=True)
    assert {"leaders", "safety_department", "emergency_centre"} == set(notified(desk))
    assert all(o.text.startswith("【演习】") for o in desk.notes.orders if getattr(o, "to", ""))
    row = next(r for r in _history(desk, incident.key) if r.what == "not_told")
    assert "drill" in row.detail["why"]


def test_a_drill_may_name_the_parties_that_take_part(desk: Desk) -> None:
    desk.start_call("c", drill=True)
    desk.learn("drill_tells", "fire")
    desk.emergency("c", hazard="fire_explosion")
    assert "fire" in notified(desk) and "municipal_emergency" not in notified(desk)


def test_the_crew_on_the_scene_tells_the_neighbours(desk: Desk) -> None:
    incident = report(desk, "c", hazard="leak")
    desk.accept("A")
    assert "crew_tells" not in [row.what for row in _history(desk, incident.key)]
    desk.crew("A", "on_scene")
    assert "crew_tells" in [row.what for row in _history(desk, incident.key)]


def test_the_police_hear_when_a_crew_has_it(desk: Desk) -> None:
    report(desk, "c", hazard="third_party_damage", place="outdoor")
    assert "police" not in notified(desk)
    desk.accept("A")
    assert "police" in notified(desk)


def test_a_telling_waits_and_is_dropped_when_it_is_safe_by_then(desk: Desk) -> None:
    incident = _over_pressure(desk)
    (later,) = tellings(desk, "emergency_centre")
    assert later.due_at == desk.now + timedelta(minutes=30)
    desk.accept("A")
    desk.crew("A", "made_safe", incident.key)
    desk.wait(1900, step=60)
    (later,) = tellings(desk, "emergency_centre")
    assert (later.sent_at, later.dropped_why) == (None, "made_safe by then")
    assert "emergency_centre" not in notified(desk)


def test_a_telling_that_waits_is_sent_in_time_also_after_a_crash(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=protocol_rules())
    _over_pressure(desk)
    again = desk.crash_and_start(rules=protocol_rules())
    again.wait(1900, step=60)
    (later,) = tellings(again, "emergency_centre")
    assert later.sent_at is not None
    again.stop()


def test_supply_that_fails_is_written_to_the_authority_at_once(desk: Desk) -> None:
    desk.start_call("c")
    desk.emergency("c", hazard="supply_failure", place="outdoor")
    (letter,) = tellings(desk, "housing_authority")
    assert letter.sent_at is not None and letter.clause == "S0/S1 §24(4)"
    assert letter.letter.startswith("关于突发停气情况的报告")
    assert "不间断抢修" in letter.letter and letter.letter.rstrip().endswith("2026年11月23日")


def test_what_lasts_24_hours_is_major(desk: Desk) -> None:
    desk.start_call("c")
    desk.emergency("c", hazard="supply_failure", place="outdoor")
    desk.learn("address", "利州东路10号", at=NEAR_WEST)
    desk.accept("A")
    desk.wait(24 * 3600 + 120, step=1200)
    assert desk.incident("c").incident_type == "major_supply_failure"
    assert "municipal_emergency" in notified(desk)


def test_a_person_upgrades_with_a_reason_and_never_down(desk: Desk) -> None:
    incident = report(desk, "c", hazard="leak")
    upgrade(desk, incident, "major_leak")
    after = desk.incident("c")
    assert (after.incident_type, after.type_by) == ("major_leak", "王调度")
    for key, person, reason in (("smell_indoor", "王", "x"), ("nothing", "王", "x"), ("major_fire", "", "x"),
                                ("major_fire", "王", "")):
        with pytest.raises(NotAllowed):
            upgrade(desk, incident, key, person, reason)


def test_the_queue_of_incidents_has_the_worst_and_the_crowded_first(desk: Desk) -> None:
    smell = report(desk, "c1", hazard="smell")
    fire = report(desk, "c2", (32.45, 105.86), hazard="fire_explosion", community="北苑", building="9")
    queue = sorted(desk.dispatch.open_incidents(), key=lambda one: order(TYPES, one))
    assert [one.key for one in queue] == [fire.key, smell.key]
    many = smell.model_copy(update={"tickets": ("a", "b")})
    alone = smell.model_copy(update={"incident_id": "I-0"})
    assert order(TYPES, many) < order(TYPES, alone)


FACTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(TRIAGE_HAZARDS), st.sampled_from(PLACES)),
        st.sampled_from([{"injured": "yes"}, {"injured": "no"}, {"trapped": "yes"}, {"unconscious": "yes"}]),
    ), max_size=12,
)


@given(FACTS)
def test_whatever_is_said_in_whatever_order_the_rank_never_falls(facts: list[Any]) -> None:
    incident = Incident(incident_id="I", hazard="smell", place="indoor", reported_at=NOON, band_minutes=15,
                        target_at=NOON, tickets=("t",))
    fields: dict[str, str] = {}
    rank = -1
    for fact in facts:
        if isinstance(fact, tuple):
            incident = incident.model_copy(update={"hazard": fact[0], "place": fact[1]})
        else:
            fields |= fact
        found = judge(TYPES, incident, [(incident.hazard, incident.place)], [fields], NOON).type
        assert found is not None and found.rank >= rank
        rank, incident = found.rank, incident.model_copy(update={"incident_type": found.key})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("to: fire,", "to: fires,"), "no party fires"),
        (("rank: 90", "rank: 100"), "higher `rank`"),
        (("hazards: [co]", "hazards: []"), "none for co"),
        (("- key: co\n", "- key: valve\n"), "twice"),
        (("{title}，地址{address}，已派抢修。", "{tittle}"), "braces"),
        (("reports: 6, crews: 3", "reports: 2, crews: 3"), "rising order"),
        (("to: major_co, fields", "to: major_ko, fields"), "no type major_ko"),
    ],
)
def test_faults_of_the_file_are_named_with_line_and_field(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    assert said in fault_of(CONFIG / "incident_types.yaml", IncidentTypes, change, tmp_path)


def _over_pressure(desk: Desk) -> Incident:
    desk.start_call("c")
    desk.emergency("c", hazard="over_pressure", place="indoor")
    desk.learn("address", "利州东路10号", at=NEAR_WEST)
    return desk.incident("c")


def _history(desk: Desk, subject: str) -> list[Any]:
    desk.dispatch.run()
    return desk.store.history([subject])
