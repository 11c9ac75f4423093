"""What callers are told of a crew on its way and of outages: the truth of the moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch.api import FactReport, OutageAnnounced
from hotline.agents.presence import Presence
from hotline.events import CrewReported
from hotline.service.actions import Actions
from hotline.service.book import CallBook, CallNote
from hotline.service.customers import Customer, NoCustomers
from hotline.service.information import Information
from hotline.service.translate import translate
from hotline.service.whereabouts import with_parts
from hotline.triage import Gazetteer
from tests.support.dispatch import CONFIG, NOON, Desk
from tests.support.incidents import protocol_rules, report

NORTH = (32.4600, 105.8420)
"""Some minutes from the station."""
HOME = Customer("+8613900000001", "客户", "利州区滨江路88号滨江花园3栋2单元301室", 32.46, 105.842, False)


class OneCustomer(NoCustomers):
    def by_number(self, number: str) -> Customer | None:
        return HOME if number == HOME.number else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=protocol_rules())
    yield made
    made.stop()


def actions(desk: Desk) -> Actions:
    return Actions(
        desk.dispatch, OneCustomer, Information, Presence(()), CallBook(), lambda: desk.now,
        ZoneInfo("Asia/Shanghai"),
    )


def status(desk: Desk, call_id: str) -> dict[str, str]:
    outcome, values = actions(desk).answer(call_id, "incident_status", {})
    assert outcome == "open"
    return values


def test_the_first_caller_hears_the_target_until_a_crew_has_a_forecast(desk: Desk) -> None:
    report(desk, "c1", NORTH)
    assert status(desk, "c1") == {
        "target_minutes": "15", "forecast_minutes": "", "crew_state": "", "reported_before": ""}
    desk.accept("A", "c1")
    desk.crew("A", "en_route", desk.incident("c1").key)
    found = status(desk, "c1")
    assert found["crew_state"] == "acknowledged" and 1 < int(found["forecast_minutes"]) < 15


def test_a_later_caller_hears_that_it_was_reported_before(desk: Desk) -> None:
    report(desk, "c1", NORTH)
    report(desk, "c2", NORTH, room="202")
    assert status(desk, "c2")["reported_before"] == "yes"
    assert status(desk, "c1")["reported_before"] == ""


def asked(desk: Desk, **given: str) -> tuple[str, dict[str, str]]:
    return actions(desk).answer("c1", "incident_question", given)


def test_the_protocols_questions_come_one_by_one(desk: Desk) -> None:
    report(desk, "c1", NORTH)
    kind, values = asked(desk)
    assert (kind, values["question"]) == ("yes_no", "people_inside") and "没出来" in values["question_yes"]
    _, values = asked(desk, asked=",people_inside", question="people_inside", answer="yes")
    assert values["question"] == "trapped", "only because somebody is inside"
    _, values = asked(desk, asked=",people_inside", question="people_inside", answer="")
    assert values["question"] == "injured"
    assert asked(desk, asked=",a,b,c,d") == ("none", {}), "enough is asked"


def test_who_reports_no_danger_is_asked_nothing(desk: Desk) -> None:
    assert asked(desk) == ("none", {})


def test_what_is_past_is_not_promised(desk: Desk) -> None:
    report(desk, "c1", NORTH)
    desk.accept("A", "c1")
    desk.crew("A", "en_route", desk.incident("c1").key)
    desk.now += timedelta(hours=1)
    found = status(desk, "c1")
    assert (found["target_minutes"], found["forecast_minutes"]) == ("", "")


def announce(desk: Desk, cause: str = "planned", begins_in: float = 72) -> None:
    starts = NOON + timedelta(hours=begins_in)
    desk.dispatch.tell(OutageAnnounced(
        event_id=desk.name(), at=desk.now, cause=cause, area="滨江路一带", places=("滨江路",), reason="检修",  # type: ignore[arg-type]  # one of two words
        starts_at=starts, expected_at=starts + timedelta(hours=5), person="王", excuse="测试"))


def test_an_outage_announced_at_the_desk_is_told_to_who_lives_there(desk: Desk) -> None:
    announce(desk)
    outcome, values = actions(desk).answer("c", "outage_at", {"address": "", "number": HOME.number})
    assert outcome == "planned" and values["area"] == "滨江路一带" and values["running"] == ""
    assert values["started"].endswith("+08:00")
    assert actions(desk).outage_news(HOME.number) == values
    assert actions(desk).outage_news("+8613900009999") is None


def test_one_that_runs_is_said_to_run(desk: Desk) -> None:
    announce(desk, "unplanned", -1)
    outcome, values = actions(desk).answer("c", "outage_at", {"address": "滨江路5号", "number": ""})
    assert (outcome, values["running"]) == ("unplanned", "yes")


def fact(value: str, *, confirmed: bool = True) -> FactReport:
    return FactReport(event_id="e", at=NOON, call_id="c", field="address", value=value, confirmed=confirmed)


def test_a_confirmed_address_gets_its_parts_and_the_files_position() -> None:
    gazetteer = Gazetteer.load(CONFIG / "gazetteer.csv")
    found = with_parts(fact(HOME.address), HOME, gazetteer)
    assert isinstance(found, FactReport)
    assert (found.parts["community"], found.parts["building"]) == ("滨江花园", "3")
    assert (found.latitude, found.longitude) == (HOME.latitude, HOME.longitude)
    other = with_parts(fact("利州区滨江路5号"), HOME, gazetteer)
    assert isinstance(other, FactReport) and other.parts["number"] == "5" and other.latitude is None


def test_nothing_is_concluded_from_an_address_that_nobody_confirmed() -> None:
    guess = fact(HOME.address, confirmed=False)
    assert with_parts(guess, HOME, Gazetteer.load(CONFIG / "gazetteer.csv")) is guess


def test_a_crew_clears_address_by_address_by_phone(desk: Desk) -> None:
    first = report(desk, "c1", NORTH)
    report(desk, "c2", NORTH, room="202")
    desk.accept("A", "c1")
    for left in ("2", "1"):
        outcome, values = actions(desk).answer("x", "addresses_waiting", {"incident": first.key})
        assert outcome == "some" and values["waiting"] == left
        said = CrewReported(event_id=desk.name(), call_id="x", at=desk.now, crew="A",
                            status="address_checked", incident=values["check_ticket"], note="no_gas")
        for command in translate(said, CallNote("x"), NoCustomers().by_number):
            desk.dispatch.tell(command)
    assert actions(desk).answer("x", "addresses_waiting", {"incident": first.key}) == ("none", {})
    assert {one.recheck for one in desk.dispatch.incidents.clearances(first.key)} == {"no_gas"}


def test_one_report_has_no_addresses_to_go_through(desk: Desk) -> None:
    first = report(desk, "c1", NORTH)
    assert actions(desk).answer("x", "addresses_waiting", {"incident": first.key}) == ("none", {})
