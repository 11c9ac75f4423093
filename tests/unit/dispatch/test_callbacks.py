"""Callers whom we owe a call."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.api import (
    Callback,
    CallbackResult,
    CallCameThrough,
    CallOver,
    CallStarted,
    TicketRequest,
    UnknownRecord,
)
from tests.support.dispatch import Desk


def owed(desk: Desk) -> list[Callback]:
    return desk.dispatch.engine.state.all(Callback)


def result(desk: Desk, reached: bool, why: str = "") -> None:
    name = owed(desk)[-1].key
    desk.dispatch.tell(
        CallbackResult(event_id=desk.name(), at=desk.now, callback_id=name, reached=reached, why=why)
    )


def test_a_refused_call_is_a_ticket_and_is_called_at_once(desk: Desk) -> None:
    desk.ask_callback("13911112222")
    desk.wait(1)
    assert desk.notes.lines == ["call back 13911112222 (1)"]
    callback = owed(desk)[0]
    ticket = desk.dispatch.ticket(callback.ticket)
    assert ticket is not None and (ticket.business, ticket.caller) == ("callback", "13911112222")
    result(desk, True)
    assert desk.dispatch.ticket(callback.ticket).state == "closed"  # type: ignore[union-attr]  # it is there
    desk.wait(300)
    assert desk.notes.lines == ["call back 13911112222 (1)"]


def test_who_does_not_answer_is_called_again_and_then_a_person_gets_it(desk: Desk) -> None:
    desk.ask_callback("13911112222")
    for _ in range(3):
        desk.wait(61)
        result(desk, False, "no answer")
    assert desk.notes.lines == [
        "call back 13911112222 (1)", "call back 13911112222 (2)", "call back 13911112222 (3)",
        "alarm callback_failed",
    ]
    callback = owed(desk)[0]
    assert callback.state == "for_a_person"
    assert desk.dispatch.ticket(callback.ticket).closed_at is None  # type: ignore[union-attr]  # it is there


def test_a_worker_that_never_tells_the_result_does_not_stop_the_calling(desk: Desk) -> None:
    desk.ask_callback("13911112222")
    desk.wait(1 + 40 + 60 + 60 + 1)
    assert desk.notes.lines[-1] == "call back 13911112222 (2)"


def test_while_they_talk_nobody_calls_again(desk: Desk) -> None:
    desk.ask_callback("13911112222")
    desk.wait(1)
    call_id = desk.notes.orders[-1].call_id
    desk.dispatch.tell(
        CallStarted(event_id=desk.name(call_id), at=desk.now, call_id=call_id, caller="13911112222")
    )
    desk.wait(1200, step=10)
    assert len(desk.notes.lines) == 1
    desk.dispatch.tell(CallOver(event_id=desk.name(call_id), at=desk.now, call_id=call_id))
    result(desk, True)
    assert owed(desk)[0].state == "done"


def test_who_tries_three_times_is_called_once(desk: Desk) -> None:
    for call in ("r1", "r2", "r3"):
        desk.ask_callback("13911112222", "abandoned", call_id=call)
    desk.ask_callback("+86 139 1111 2222", call_id="r4")
    desk.wait(2)
    assert desk.notes.lines == ["call back 13911112222 (1)"]
    assert len(owed(desk)) == 1


def test_who_asked_for_a_call_later_is_called_within_the_time(desk: Desk) -> None:
    desk.ask_callback("13911112222", "asked", within=1800)
    desk.wait(890, step=10)
    assert desk.notes.lines == []
    desk.wait(20)
    assert desk.notes.lines == ["call back 13911112222 (1)"]


def test_a_withheld_number_goes_to_a_person(desk: Desk) -> None:
    desk.ask_callback("")
    desk.wait(1)
    assert desk.notes.lines == ["alarm no_number"]


def test_two_withheld_numbers_are_two_tickets(desk: Desk) -> None:
    desk.ask_callback("", call_id="r1")
    desk.ask_callback("", call_id="r2")
    assert len({callback.ticket for callback in owed(desk)}) == 2


def test_who_comes_through_by_himself_is_not_called(desk: Desk) -> None:
    desk.notes.broken = True
    desk.ask_callback("13911112222")
    desk.start_call("c2", "13911112222")
    desk.dispatch.tell(CallCameThrough(event_id=desk.name("c2"), at=desk.now, call_id="c2"))
    desk.notes.broken = False
    desk.wait(120)
    assert desk.notes.lines == []
    assert owed(desk)[0].state == "done"


def test_the_caller_of_a_dead_worker_keeps_the_ticket(desk: Desk) -> None:
    desk.start_call()
    desk.dispatch.tell(
        TicketRequest(event_id=desk.name(), at=desk.now, call_id="c", business="repair")
    )
    desk.ask_callback("13900001111", "worker_died", within=10, call_id="c")
    desk.wait(1)
    assert desk.notes.lines == ["call back 13900001111 (1)"]
    assert owed(desk)[0].ticket == desk.dispatch.tickets_of_call("c")[0].number
    result(desk, True)
    assert desk.dispatch.tickets_of_call("c")[0].closed_at is None, "the repair is not done by talking"


def test_a_call_back_that_breaks_is_tried_again_at_once(desk: Desk) -> None:
    desk.ask_callback("13911112222")
    desk.wait(1)
    call_id = desk.notes.orders[-1].call_id
    desk.ask_callback("13911112222", "worker_died", within=10, call_id=call_id)
    desk.wait(1)
    assert desk.notes.lines[-1] == "call back 13911112222 (2)"


def test_an_unknown_call_back_is_an_error(desk: Desk) -> None:
    with pytest.raises(UnknownRecord):
        desk.dispatch.tell(
            CallbackResult(event_id=desk.name(), at=desk.now, callback_id="C-404", reached=True)
        )


def test_a_call_back_survives_a_crash(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.notes.broken = True
    desk.ask_callback("13911112222")
    desk.wait(1)
    again = desk.crash_and_start()
    again.wait(1)
    assert again.notes.lines == ["call back 13911112222 (1)"]
    again.stop()
