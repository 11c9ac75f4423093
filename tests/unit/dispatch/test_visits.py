"""Appointments: who is late is found out, the customer is told, a second one may not fail (C11, C12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.api import CallbackResult, NotAllowed, TicketClosed
from dispatch.ticket_commands import Advanced, CustomerAnswered, VisitBooked, VisitReport
from dispatch.ticket_records import Visit
from tests.support.ticket_desk import TicketDesk, local


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TicketDesk]:
    made = TicketDesk(tmp_path)
    made.at("2026-11-23T08:00")
    yield made
    made.stop()


def booked(desk: TicketDesk, number: str = "", **fields: Any) -> str:
    """From nine to eleven, today."""
    number = number or desk.open("repair").number
    desk.do(VisitBooked, **{
        "number": number, "begins_at": local("2026-11-23T09:00"), "ends_at": local("2026-11-23T11:00"),
        "author": "王芳", "technician": "101",
    } | fields)
    return number


def report(desk: TicketDesk, number: str, news: str, **fields: Any) -> None:
    desk.do(VisitReport, number=number, news=news, author="王强", **fields)


def call_of(desk: TicketDesk) -> Any:
    """The order of the call to the customer."""
    orders = reversed(desk.notes.orders)
    return next(order for order in orders if getattr(order, "reason", "") == "visit_late")


def answer(desk: TicketDesk, number: str, word: str) -> None:
    desk.do(CustomerAnswered, visit="", call_id=call_of(desk).call_id, answer=word)
    desk.do(CallbackResult, callback_id=call_of(desk).callback_id, reached=True)
    desk.dispatch.run()


def test_an_appointment_that_is_kept(desk: TicketDesk) -> None:
    number = booked(desk)
    assert desk.ticket(number).phase == "appointed"
    desk.at("2026-11-23T10:00")
    report(desk, number, "en_route")
    assert desk.ticket(number).phase == "en_route"
    desk.at("2026-11-23T10:59")
    report(desk, number, "arrived")
    assert (desk.visit(number).state, desk.ticket(number).phase) == ("arrived", "on_site")
    assert desk.rows(number, "visit_arrived")[0]["in_time"] == "yes"
    desk.at("2026-11-23T23:00")
    assert not any("call back" in line for line in desk.notes.lines)


@pytest.mark.parametrize(("at", "step", "state"), [
    ("2026-11-23T08:30", "finish", "cancelled"), ("2026-11-23T10:00", "finish", "arrived"),
    ("2026-11-23T10:00", "depart", "en_route"), ("2026-11-23T10:00", "arrive", "arrived"),
])
def test_a_step_that_the_desk_takes_holds_for_the_appointment(
    desk: TicketDesk, at: str, step: str, state: str
) -> None:
    """No customer is phoned about the delay of somebody who is there, or whose work is done."""
    number = booked(desk)
    desk.at(at)
    desk.do(Advanced, number=number, step=step, author="王芳")
    assert desk.visit(number).state == state
    desk.at("2026-11-23T10:59")
    assert not desk.rows(number, "visit_late")


@pytest.mark.parametrize(
    "fields",
    [{"ends_at": local("2026-11-23T09:00")}, {"ends_at": local("2026-11-24T09:01")},
     {"begins_at": local("2026-11-22T07:00"), "ends_at": local("2026-11-22T08:00")}, {"author": ""}],
)
def test_a_window_must_be_one(desk: TicketDesk, fields: Any) -> None:
    with pytest.raises(NotAllowed):
        booked(desk, **fields)


def test_who_does_not_start_in_time_is_late_before_the_customer_asks(desk: TicketDesk) -> None:
    number = booked(desk)
    desk.at("2026-11-23T10:39")
    assert desk.visit(number).state == "booked"
    desk.at("2026-11-23T10:40")
    visit = desk.visit(number)
    assert (visit.state, visit.late_reason) == ("late", "not on the way in time")
    order = call_of(desk)
    assert order.number == "13900001111"
    assert order.facts["window"] == "今天上午9点到11点" and order.facts["expected"] == "今天上午11点30分以前"
    assert order.facts["next_window"] == "明天上午9点到11点" and order.facts["visit"] == visit.key


def test_the_customer_agrees_to_wait(desk: TicketDesk) -> None:
    number = booked(desk)
    report(desk, number, "late", minutes=60, reason="上一户没修完")
    answer(desk, number, "wait")
    visit = desk.visit(number)
    assert (visit.state, visit.ends_at) == ("booked", local("2026-11-23T12:00"))
    assert (visit.consents[0].answer, visit.consents[0].by) == ("wait", "key")
    assert visit.told_in_time is False, "08:00 is less than two hours before 09:00"
    assert [row["answer"] for row in desk.rows(number, "customer_answered")] == ["wait"]
    desk.at("2026-11-23T11:40")
    assert desk.visit(number).state == "late", "the new time is watched too"


def test_what_cannot_be_kept_and_is_told_two_hours_before_is_in_time(desk: TicketDesk) -> None:
    number = booked(desk, begins_at=local("2026-11-23T10:00"), ends_at=local("2026-11-23T11:00"))
    report(desk, number, "cannot_keep", reason="抢险")
    assert call_of(desk).facts["expected"] == ""
    answer(desk, number, "new_time")
    first, second = desk.dispatch.engine.state.get(Visit, f"{number}/V1"), desk.visit(number)
    assert first is not None and (first.state, first.told_in_time) == ("moved", True)
    assert (second.ordinal, second.begins_at) == (2, local("2026-11-24T10:00"))
    assert desk.ticket(number).phase == "appointed"


def test_another_technician_or_a_person_is_the_desks_to_find(desk: TicketDesk) -> None:
    number = booked(desk)
    report(desk, number, "late", reason="堵车")
    answer(desk, number, "other_technician")
    assert desk.visit(number).technician == ""
    assert ("service_centre", "visit_other_technician") in desk.notices()
    answer(desk, number, "person")
    assert ("service_centre", "visit_wants_person") in desk.notices()
    answer(desk, number, "cancel")
    assert desk.visit(number).state == "cancelled"
    answer(desk, number, "wait")
    assert desk.rows(number, "customer_answer_late")


def test_who_does_not_pick_up_is_called_again_and_then_a_person_has_it(desk: TicketDesk) -> None:
    number = booked(desk)
    report(desk, number, "late", reason="堵车")
    for _ in range(3):
        desk.do(CallbackResult, callback_id=call_of(desk).callback_id, reached=False, why="no answer")
        desk.now += timedelta(seconds=61)
        desk.dispatch.run()
    assert sum("call back 13900001111" in line for line in desk.notes.lines) == 3
    assert ("service_centre", "visit_not_told") in desk.notices()
    assert "alarm" not in "".join(desk.notes.lines), "no alarm in the night for it"


def test_who_picks_up_and_chooses_nothing_is_the_desks(desk: TicketDesk) -> None:
    number = booked(desk)
    report(desk, number, "late", reason="堵车")
    desk.do(CallbackResult, callback_id=call_of(desk).callback_id, reached=True)
    desk.dispatch.run()
    assert ("service_centre", "visit_no_answer") in desk.notices()


def test_a_refused_caller_is_called_back_with_his_own_words(desk: TicketDesk) -> None:
    number = booked(desk)
    report(desk, number, "late", reason="堵车")
    desk.ask_callback("13900001111", reason="refused")
    desk.dispatch.run()
    reasons = [order.reason for order in desk.notes.orders if hasattr(order, "callback_id")]
    assert sorted(reasons) == ["refused", "visit_late"]
    assert number


def test_a_second_appointment_may_not_fail(desk: TicketDesk) -> None:
    number = booked(desk)
    with pytest.raises(NotAllowed, match="consent"):
        booked(desk, number, begins_at=local("2026-11-23T14:00"), ends_at=local("2026-11-23T15:00"))
    booked(desk, number, begins_at=local("2026-11-23T14:00"), ends_at=local("2026-11-23T15:00"), consent=True,
           reason="客户下午在家")
    desk.at("2026-11-23T14:40")
    assert ("leaders", "visit_second_late") in desk.notices()
    desk.at("2026-11-23T16:30")
    assert desk.visit(number).state == "missed"
    assert ("leaders", "visit_second_missed") in desk.notices()
    report(desk, number, "arrived")
    assert desk.visit(number).state == "arrived", "late, but he came"


@pytest.mark.parametrize("standard", ["aode", "kunlun"])
def test_another_time_agreed_with_the_customer_is_the_promise(tmp_path: Path, standard: str) -> None:
    """S3, S4 §7(4): 除和客户另有约定."""
    desk = TicketDesk(tmp_path, standard=standard)
    desk.at("2026-11-23T08:00")
    number = booked(desk)
    assert desk.due(number, "arrive") == "11-23 11:00"
    assert desk.rows(number, "due_moved")[0]["why"] == "another time was agreed with the customer"
    report(desk, number, "arrived")
    assert desk.clocks(number)["arrive"].late_seconds == 0
    desk.stop()


def test_a_closed_ticket_has_no_visit(desk: TicketDesk) -> None:
    number = booked(desk)
    report(desk, number, "late", reason="堵车")
    desk.do(TicketClosed, number=number, person="王芳", reason="客户自己修好了", outcome="withdrawn")
    assert desk.visit(number).state == "cancelled"
    calls = len(desk.notes.lines)
    desk.at("2026-11-23T20:00")
    assert len(desk.notes.lines) == calls
