"""A clock on each ticket and stage: due, warned, overdue, paused, turned; every move on record (C1-C9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch import timers
from dispatch.api import NotAllowed, TicketClosed, TicketTaken
from dispatch.deadlines import CalendarTable, WorkCalendar
from dispatch.ticket_commands import (
    Advanced,
    ClockPaused,
    ClockResumed,
    LeakSuspected,
    TicketEdited,
)
from tests.support.dispatch import NEAR_WEST
from tests.support.standards import NAMES, standard
from tests.support.ticket_desk import SHIPPED, TicketDesk, local


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TicketDesk]:
    made = TicketDesk(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def other(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[TicketDesk]:
    made = TicketDesk(tmp_path, standard=request.param)
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("reported", "due"),
    [("2026-11-23T17:59:59", "11-24 00:00"), ("2026-11-23T18:00", "11-25 00:00"),
     ("2026-11-23T00:00", "11-24 00:00")],
)
def test_a_repair_has_its_clock_at_once(desk: TicketDesk, reported: str, due: str) -> None:
    desk.at(reported)
    ticket = desk.open("repair")
    assert desk.due(ticket.number) == due
    clock = desk.clocks(ticket.number)["complete"]
    assert (clock.business, clock.clause, clock.state) == ("indoor_repair", "S1 §10, S0 §10 row 4", "running")
    assert ticket.phase == "received"
    [row] = desk.rows(ticket.number, "clock_started")
    assert row["why"] == "the report" and row["reckoning"].startswith("reported")


@pytest.mark.parametrize("other", ["kunlun"], indirect=True)
def test_what_the_company_promises_differently_falls_under_its_own_promise(other: TicketDesk) -> None:
    clock = other.clocks(other.open("repair").number)["arrive"]
    assert (clock.business, clock.urgency, clock.due_at) == ("equipment_fault", "at_once", None)
    assert other.open("transfer_ownership").number and other.store is not None
    other.dispatch.run()
    [row] = other.rows("GS-20261123-0002", "no_promise")
    assert "kunlun promises no time" in row["why"]


def test_the_owner_is_warned_and_the_heads_hear_what_is_overdue(desk: TicketDesk) -> None:
    desk.at("2026-11-23T12:00")
    number = desk.open("outdoor_repair").number
    desk.do(TicketTaken, number=number, person="王芳")
    desk.at("2026-11-23T23:59")
    assert desk.notices() == []
    desk.at("2026-11-24T00:00")
    assert desk.notices() == [("王芳", "ticket_warning")]
    desk.at("2026-11-24T07:12")
    desk.at("2026-11-24T11:59")
    assert desk.notices() == [("王芳", "ticket_warning")] * 2
    desk.at("2026-11-24T12:00")
    assert desk.notices()[2:] == [("王芳", "ticket_overdue"), ("department_head", "ticket_overdue")]
    desk.at("2026-11-30T12:00")
    assert len(desk.notices()) == 4, "each once"
    assert "11月24日12:00" in desk.notes.orders[-1].text and "outdoor" not in desk.notes.orders[-1].text
    desk.do(TicketClosed, number=number, person="王芳", reason="已修好", outcome="withdrawn")


def test_after_a_stop_only_one_warning_comes_or_the_truth(desk: TicketDesk) -> None:
    desk.at("2026-11-23T12:00")
    desk.open("outdoor_repair")
    desk.at("2026-11-24T08:00")
    assert desk.notices() == [("service_centre", "ticket_warning")], "nobody owns it yet"
    late = desk.open("outdoor_repair").number
    desk.at("2026-11-26T08:00")
    assert [topic for _, topic in desk.notices()[1:]] == ["ticket_overdue"] * 4
    assert "2 warnings" in desk.rows(late, "overdue")[0]["why"]


def test_a_stage_starts_when_its_own_trigger_happens(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    number = desk.open("new_install", connection="connection_small_indoor").number
    assert {s: c.state for s, c in desk.clocks(number).items()} == {
        "accept": "running", "build_and_commission": "waiting"}
    assert desk.due(number, "accept") == "11-25 00:00"
    desk.at("2026-11-24T15:00")
    desk.do(Advanced, number=number, step="accept", author="王芳")
    assert {s: c.state for s, c in desk.clocks(number).items()} == {
        "accept": "met", "build_and_commission": "waiting"}, "waits for the customer's commission"
    desk.at("2026-11-30T09:00")
    with pytest.raises(NotAllowed, match="contract"):
        desk.do(Advanced, number=number, step="sign", author="王芳")
    desk.do(Advanced, number=number, step="sign", author="王芳", fields={"contract": "W-1"})
    assert desk.due(number, "build_and_commission") == "12-03 00:00"
    desk.at("2026-12-03T00:00:01")
    desk.do(Advanced, number=number, step="commission", author="王芳")
    done = desk.clocks(number)["build_and_commission"]
    assert (done.state, done.late_seconds) == ("met", 1)
    desk.do(Advanced, number=number, step="close", author="王芳")
    assert desk.ticket(number).state == "closed"


def test_a_road_dig_goes_by_permit(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    number = desk.open("new_install", connection="connection_road_over_200m").number
    desk.do(Advanced, number=number, step="accept", author="王芳")
    assert desk.due(number, "permit") == "11-25 00:00"
    desk.do(Advanced, number=number, step="permit", author="王芳")
    assert desk.clocks(number)["build_and_commission"].state == "waiting"


def test_the_kind_of_connection_may_be_known_later(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    number = desk.open("new_install").number
    assert "commission" in desk.clocks(number), "a single home until somebody says otherwise"
    change = {"connection": "connection_buried_regulator"}
    desk.do(TicketEdited, number=number, changes=change, author="王芳", reason="现场核实")
    open_ones = {c.stage for c in desk.clocks(number).values() if c.open}
    assert open_ones == {"accept", "build_and_commission"}
    assert {row["why"] for row in desk.rows(number, "clock_dropped")} == {
        "connection is connection_buried_regulator"}


@pytest.mark.parametrize("reason", ["roads_not_clear", "tired", ""])
def test_only_listed_reasons_pause(desk: TicketDesk, reason: str) -> None:
    number = desk.open("repair").number
    with pytest.raises(NotAllowed, match="customers_wish"):
        desk.do(ClockPaused, number=number, reason=reason, author="王芳")


def test_a_pause_moves_the_due_time_by_as_long_as_it_stood(desk: TicketDesk) -> None:
    desk.at("2026-11-23T12:00")
    number = desk.open("outdoor_repair").number
    with pytest.raises(NotAllowed, match="say whose"):
        desk.do(ClockPaused, number=number, reason="customers_wish", author=" ")
    desk.do(ClockPaused, number=number, reason="customers_wish", author="王芳", note="周三在家")
    desk.at("2026-11-25T13:30")
    assert desk.notices() == [], "it stands still"
    assert desk.due(number) == "11-24 12:00"
    desk.do(ClockResumed, number=number, author="王芳")
    assert desk.due(number) == "11-26 13:30"
    [moved] = desk.rows(number, "due_moved")
    assert (moved["why"], moved["author"]) == ("stood still: customers_wish", "王芳")
    assert desk.rows(number, "clock_resumed")[0]["stood_minutes"] == "2970.0"
    with pytest.raises(NotAllowed, match="stands still"):
        desk.do(ClockResumed, number=number, author="王芳")
    desk.at("2026-11-26T01:30")
    assert [topic for _, topic in desk.notices()] == ["ticket_warning"]
    desk.at("2026-11-27T01:30")
    with pytest.raises(NotAllowed, match="overdue already"):
        desk.do(ClockPaused, number=number, reason="customers_wish", author="王芳")


def test_a_clock_that_ends_while_it_stands_counts_the_pause(desk: TicketDesk) -> None:
    desk.at("2026-11-23T12:00")
    number = desk.open("outdoor_repair").number
    desk.do(ClockPaused, number=number, reason="customers_wish", author="王芳")
    desk.at("2026-11-25T12:00")
    desk.do(Advanced, number=number, step="finish", author="王芳")
    done = desk.clocks(number)["complete"]
    assert (done.late_seconds, done.standings[0].ended) == (0, desk.now)


def test_a_leak_turns_the_clocks_of_the_call_into_the_emergencys(desk: TicketDesk) -> None:
    repair = desk.open("repair", "c").number
    complaint = desk.open("complaint", "c").number
    incident = desk.located("c")
    assert desk.clocks(repair)["complete"].state == "turned"
    assert desk.clocks(complaint)["complete"].state == "running", "a matter of its own"
    emergency = incident.tickets[0]
    assert desk.rows(repair, "clock_turned")[0]["why"] == f"a suspected leak; the clock of {emergency} runs"
    assert desk.clocks(emergency)["arrive"].due_at == incident.target_at
    late = desk.open("repair", "c").number
    assert desk.clocks(late)["complete"].state == "turned"


def test_a_suspicion_on_an_ordinary_ticket_pages_at_once(desk: TicketDesk) -> None:
    desk.learn("address", "利州东路10号", at=NEAR_WEST, call_id="c")
    number = desk.open("repair", "c").number
    desk.do(LeakSuspected, number=number, author="王芳", words="师傅说有气味")
    ticket = desk.ticket(number)
    emergency = desk.ticket(ticket.relations[0].to)
    assert (emergency.address, emergency.address_confirmed, emergency.caller) == (
        "利州东路10号", True, "13900001111")
    assert desk.clocks(number)["complete"].state == "turned" and ticket.priority == 0
    assert desk.clocks(emergency.number)["arrive"].target_minutes == 15
    assert any(line.startswith("ring A") for line in desk.notes.lines), "the nearest crew's phone"
    with pytest.raises(NotAllowed, match="already"):
        desk.do(LeakSuspected, number=emergency.number, author="王芳")


def test_the_emergencys_clock_follows_the_place_and_ends_on_arrival(desk: TicketDesk) -> None:
    desk.emergency("c")
    number = desk.incident("c").tickets[0]
    clock = desk.clocks(number)["arrive"]
    assert clock.assumed and clock.due_at == desk.now + timedelta(minutes=15)
    desk.learn("address", "远处", at=(32.4355, 105.70), call_id="c")
    moved = desk.clocks(number)["arrive"]
    assert not moved.assumed and moved.due_at == desk.incident("c").target_at
    assert moved.due_at > clock.due_at
    assert desk.rows(number, "due_moved")[0]["why"] == "the place and with it the distance is known"
    desk.accept("D")
    assert desk.ticket(number).phase == "assigned"
    desk.now += timedelta(minutes=10)
    desk.crew("D", "on_scene")
    assert desk.clocks(number)["arrive"].state == "met" and desk.ticket(number).phase == "on_scene"


def test_a_missing_year_is_provisional_and_never_in_the_way(desk: TicketDesk) -> None:
    desk.at("2026-12-30T10:00")
    number = desk.open("transfer_ownership").number
    clock = desk.clocks(number)["complete"]
    assert clock.provisional and desk.due(number) == "01-05 00:00"
    table: dict[str, Any] = {"years": {2027: {"holidays": [
        {"name": "元旦", "first": "2027-01-01", "last": "2027-01-03"},
        {"name": "劳动节", "first": "2027-05-01", "last": "2027-05-05"},
        {"name": "国庆节", "first": "2027-10-01", "last": "2027-10-07"},
    ]}}}
    desk.dispatch.replace_calendar(WorkCalendar(CalendarTable.model_validate(table)))
    desk.dispatch.run()
    assert desk.due(number) == "01-06 00:00" and not desk.clocks(number)["complete"].provisional
    [row] = desk.rows(number, "due_moved")
    assert row["why"] == "the calendar of that year is known now"


def test_a_reopened_repair_has_its_old_promise(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    number = desk.open("repair").number
    desk.do(TicketTaken, number=number, person="王芳")
    desk.do(Advanced, number=number, step="finish", author="王芳")
    assert desk.clocks(number)["complete"].late_seconds == 0
    desk.at("2026-11-25T09:00")
    desk.do(Advanced, number=number, step="reopen", author="王芳", note="客户说又坏了")
    assert desk.clocks(number)["complete"].state == "running"
    desk.dispatch.run()
    assert ("department_head", "ticket_overdue") in desk.notices()


def test_closing_meets_or_drops(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    first, second = desk.open("repair").number, desk.open("repair").number
    with pytest.raises(NotAllowed, match="cause"):
        desk.do(TicketClosed, number=first, person="王芳", reason="修好")
    desk.do(TicketEdited, number=first, changes={"cause": "电池"}, author="王芳", reason="补录")
    desk.do(TicketClosed, number=first, person="王芳", reason="修好")
    desk.do(TicketClosed, number=second, person="王芳", reason="客户不修了", outcome="withdrawn")
    assert desk.clocks(first)["complete"].state == "met"
    assert desk.clocks(second)["complete"].state == "dropped"
    assert desk.ticket(first).phase == desk.ticket(second).phase == "closed"


@pytest.mark.parametrize("name", NAMES)
def test_every_promise_of_every_standard_has_a_kind_of_business(name: str) -> None:
    """What a company promises for something that people report can be a ticket with that clock."""
    kinds = SHIPPED.kinds.values()
    known = {key for kind in kinds for key in kind.standard}
    known |= {key for kind in kinds if kind.chosen_by for key in kind.fields[kind.chosen_by].choices}
    assert set(standard(name).businesses) - known <= {"technician_contact"}


def test_another_kind_of_business_has_another_promise_of_its_own(tmp_path: Path) -> None:
    for name, due in (("aode", {"repair": "11-23 16:00"}),
                      ("kunlun", {"respond": "11-23 18:00", "repair": "11-24 12:00"})):
        desk = TicketDesk(tmp_path / name, standard=name)
        desk.at("2026-11-23T12:00")
        number = desk.open("network_fault_ordinary").number
        assert {stage: desk.due(number, stage) for stage in desk.clocks(number)} == due
        desk.stop()


def test_an_overdue_complaint_goes_to_the_head_and_the_service_centre(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    number = desk.open("complaint").number
    desk.do(TicketTaken, number=number, person="王芳")
    desk.at("2026-12-01T00:00")
    told = [to for to, topic in desk.notices() if topic == "ticket_overdue"]
    assert told == ["王芳", "department_head", "service_centre"]


def test_no_emergency_waits_behind_promises_that_fall_due_together(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    many = timers.PROMISES_IN_A_TURN + 20
    for _ in range(many):
        desk.open("outdoor_repair")
    desk.emergency("c")
    desk.at("2026-11-23T23:00")
    assert any(line.startswith("ring") for line in desk.notes.lines)
    warned = sum(topic == "ticket_warning" for _, topic in desk.notices())
    assert warned < many
    assert desk.dispatch.run() is not None
    assert sum(topic == "ticket_warning" for _, topic in desk.notices()) == many


def test_clocks_survive_a_crash(desk: TicketDesk) -> None:
    desk.at("2026-11-23T12:00")
    number = desk.open("outdoor_repair").number
    desk.do(ClockPaused, number=number, reason="customers_wish", author="王芳")
    before = desk.clocks(number)
    desk.crash()
    assert desk.clocks(number) == before
    assert before["complete"].started_at == local("2026-11-23T12:00")
