"""What callers are asked about their incident, and what becomes of the answers (B2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dispatch.api import StandDown
from dispatch.facts import _PLAIN, ADDRESS_PARTS
from dispatch.incident_types import NO_ANSWERS, TRIAGE_HAZARDS, IncidentTypes, Question
from dispatch.protocols import meanings, next_question
from hotline.flow import load_flows
from hotline.flow.phrases import yes_or_no
from tests.support.dispatch import CONFIG, Desk
from tests.support.incidents import TYPES, protocol_rules, report, ticket_of

COMMON = load_flows(CONFIG.parent / "ivr_flows").common
QUESTIONS = {question.key: question for kind in TYPES.types for question in kind.ask}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=protocol_rules())
    yield made
    made.stop()


def ask_all(desk: Desk, call_id: str, answers: dict[str, str]) -> list[str]:
    """The keys that this caller is asked."""
    incident, known, asked = desk.incident(call_id), dict[str, str](), list[str]()
    while (question := next_question(TYPES, incident, known, asked)) is not None:
        asked.append(question.key)
        known |= {question.key: answers.get(question.key, "")}
    return asked


def test_no_caller_is_asked_more_than_the_policy_says(desk: Desk) -> None:
    report(desk, "c", hazard="leak")
    assert ask_all(desk, "c", {}) == ["people_inside", "injured", "valve_closed", "leak_where"]
    assert ask_all(desk, "c", {"people_inside": "yes"}) == [
        "people_inside", "trapped", "injured", "valve_closed"]
    none = TYPES.model_copy(update={"ask_at_most": 0})
    assert next_question(none, desk.incident("c"), {}, ()) is None


def test_the_questions_go_on_when_an_answer_has_made_it_worse(desk: Desk) -> None:
    report(desk, "c", hazard="smell", place="outdoor")
    desk.learn("injured", "yes")
    incident = desk.incident("c")
    assert incident.incident_type == "major_leak"
    found = desk.dispatch.incidents.next_question(ticket_of(desk, "c"), ["injured"], {})
    assert found is not None and found.key == "crowd_near"


def test_nothing_is_asked_when_it_is_over(desk: Desk) -> None:
    report(desk, "c")
    ticket = ticket_of(desk, "c")
    assert desk.dispatch.incidents.next_question(ticket, (), {}) is not None
    desk.dispatch.tell(StandDown(event_id=desk.name(), at=desk.now, incident=ticket.incident, person="王",
                                 reason="误报"))
    assert desk.dispatch.incidents.next_question(ticket, (), {}) is None


def news(desk: Desk) -> list[str]:
    return [line for line in desk.notes.lines if line.startswith("tell ")]


@pytest.mark.parametrize(("key", "value", "situation"), [
    ("injured", "yes", ("有人受伤或者不舒服",)), ("people_inside", "no", ("屋里的人都出来了",)),
])
def test_a_crew_on_its_way_hears_an_answer_that_matters(
    desk: Desk, key: str, value: str, situation: tuple[str, ...]
) -> None:
    incident = report(desk, "c")
    desk.accept("A", "c")
    desk.crew("A", "en_route", incident.key)
    desk.wait(120)
    before = len(news(desk))
    desk.learn(key, value)
    desk.wait(120)
    assert len(news(desk)) > before
    facts = desk.dispatch.facts(incident.key)
    assert facts is not None and facts.situation == situation


@pytest.mark.parametrize(("key", "value"), [
    ("smell_strength", "一阵一阵的"), ("injured", "no"), ("injured", "不知道"),
])
def test_it_is_not_phoned_for_what_changes_nothing(desk: Desk, key: str, value: str) -> None:
    incident = report(desk, "c")
    desk.accept("A", "c")
    desk.crew("A", "en_route", incident.key)
    desk.wait(120)
    before = len(news(desk))
    desk.learn(key, value)
    desk.wait(120)
    assert len(news(desk)) == before and ticket_of(desk, "c").fields[key] == value


def test_crews_hear_of_it_from_every_caller(desk: Desk) -> None:
    incident = report(desk, "c1")
    report(desk, "c2", room="202")
    desk.learn("valve_closed", "no", call_id="c1")
    desk.learn("people_inside", "yes", call_id="c2")
    facts = desk.dispatch.facts(incident.key)
    assert facts is not None and set(facts.situation) == {"阀门没有关", "屋里还有人没出来"}
    assert meanings(TYPES, {"injured": "她站不稳"}) == ()
    assert TYPES.answers({"injured": "她站不稳", "else": "x"}) == {QUESTIONS["injured"].text: "她站不稳"}


@pytest.mark.parametrize(("key", "said", "means"), [
    ("people_inside", "我妈没有出来", True), ("people_inside", "都出来了", False),
    ("people_inside", "没有", False), ("people_inside", "没有人在里面", False),
    ("people_inside", "还有一个", True),
    ("people_inside", "有个老人", True), ("people_inside", "里面没有人了", False),
    ("injured", "有点头晕", True), ("injured", "没有人受伤", False), ("injured", "都没事", False),
    ("injured", "她站不稳", None), ("injured", "没有头晕", False), ("injured", "不知道", None),
    ("valve_closed", "关了", True), ("valve_closed", "没关", False), ("valve_closed", "还没有关", False),
    ("valve_closed", "关不上", False), ("trapped", "出不来", True), ("trapped", "能出来", False),
    ("unconscious", "叫不醒", True), ("unconscious", "叫得醒", False), ("smell", "闻不到", False),
    ("smell", "有一股味", True), ("fire_called", "还没打", False), ("fire_called", "打过了", True),
    ("traffic", "没有车", False), ("traffic", "还有车", True), ("still_blowing", "不喷了", False),
    ("still_blowing", "还在喷", True), ("neighbours_too", "只有我家", False),
    ("neighbours_too", "也没有", True),
])
def test_answers_are_understood_as_people_give_them(key: str, said: str, means: bool | None) -> None:
    question = QUESTIONS[key]
    found = yes_or_no(said, (*COMMON.yes, *question.yes), (*COMMON.no, *question.no))
    assert found is means


def types_with(*ask: dict[str, Any]) -> None:
    IncidentTypes.model_validate({"types": [
        {"key": "x", "title": "x", "hazards": list(TRIAGE_HAZARDS), "rank": 1, "ask": list(ask)}]})


@pytest.mark.parametrize(("ask", "fault"), [
    ([{"key": "address", "text": "?"}], "meaning of its own"),
    ([{"key": "address_detail", "text": "?"}], "meaning of its own"),
    ([{"key": "a", "text": "?"}, {"key": "a", "text": "?"}], "asked twice"),
    ([{"key": "a", "text": "?", "only_if": {"b": "yes"}}, {"key": "b", "text": "?"}], "not asked before it"),
    ([{"key": "a", "text": "?", "yes": ["有、没有"]}], "pattern"),
])
def test_a_wrong_question_is_named(ask: list[dict[str, Any]], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        types_with(*ask)


def test_no_question_takes_the_place_of_another_fact() -> None:
    reserved = {*_PLAIN, *ADDRESS_PARTS, "address"}
    assert all(name in NO_ANSWERS or name.startswith("address_") for name in reserved)
    assert isinstance(QUESTIONS["injured"], Question) and QUESTIONS["injured"].means("no") == ""
