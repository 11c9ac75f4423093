"""Callers whom we owe a call: every refused or abandoned INVITE, and who asked for it."""

from __future__ import annotations

from datetime import timedelta

from dispatch import phones
from dispatch.assignments import close_ticket
from dispatch.commands import CallbackRequest, CallbackResult
from dispatch.errors import UnknownRecord
from dispatch.model import AlarmEffect, Callback, CallBackEffect, CallNotes, OutboxItem, Ticket
from dispatch.states import CALLBACK, CallbackEvent, CallbackState, TicketEvent
from dispatch.tickets import open_ticket
from dispatch.work import Work

OWED = (CallbackState.WAITING, CallbackState.CALLING)


def request(work: Work, command: CallbackRequest) -> None:
    """A ticket and a time; a number that is owed a call already is called once, the sooner."""
    notes = work.get(CallNotes, command.call_id)
    number = command.number or (notes.caller if notes else "")
    due = command.at + timedelta(seconds=command.within_seconds)
    same = _owed(work, number)
    if same is not None:
        sooner = min(due, same.due_at)
        waiting = same.state == CallbackState.WAITING and same.attempts == 0
        next_at = min(work.now, sooner) if waiting and command.reason != "asked" else same.next_at
        work.put(same.model_copy(update={"due_at": sooner, "next_at": next_at}))
        work.history(same.ticket, "callback_asked_again", call_id=command.call_id, reason=command.reason)
        return
    ticket = _ticket(work, command, number)
    callback = work.put(
        Callback(
            callback_id=f"C-{ticket}-{_running(work, ticket)}", call_id=command.call_id, number=number,
            reason=command.reason, ticket=ticket, requested_at=command.at, due_at=due,
            next_at=_first_attempt(work, command), drill=command.drill,
        )
    )
    work.history(ticket, "callback_requested", call_id=command.call_id, reason=command.reason,
                 due=due.isoformat())
    if not number:
        _for_a_person(work, callback, "no_number")


def _first_attempt(work: Work, command: CallbackRequest) -> object:
    """At once; who asked for a call later than that is not called before half of the time is over."""
    if command.reason in ("asked", "unanswered_question"):
        return command.at + timedelta(seconds=command.within_seconds / 2)
    return work.now


def _owed(work: Work, number: str) -> Callback | None:
    return next(
        (c for c in work.all(Callback) if c.state in OWED and phones.same(c.number, number)), None
    )


def _ticket(work: Work, command: CallbackRequest, number: str) -> str:
    """The call's open ticket, or a new one."""
    existing = [t for t in work.tickets_of_call(command.call_id) if t.closed_at is None]
    if existing:
        return existing[0].number
    ticket = open_ticket(
        work, call_id=command.call_id, business="callback", label="", at=command.at, caller=number,
        fields={"reason": command.reason}, drill=command.drill, owner="",
    )
    return ticket.number


def _running(work: Work, ticket: str) -> int:
    return 1 + sum(1 for callback in work.all(Callback) if callback.ticket == ticket)


def attempt(work: Work, callback: Callback) -> None:
    """It is time: call."""
    state = CALLBACK.next(callback.state, CallbackEvent.CALL)
    if state is None:
        return
    rules = work.rules.callbacks
    called = work.put(
        callback.model_copy(
            update={
                "state": state, "attempts": callback.attempts + 1,
                "next_at": work.now + timedelta(seconds=rules.ring_seconds + rules.retry_seconds),
            }
        )
    )
    work.emit(CallBackEffect(callback_id=callback.key, attempt=called.attempts))
    work.history(callback.ticket, "callback_called", attempt=called.attempts)


def result(work: Work, command: CallbackResult) -> None:
    """Reached, or not; raises UnknownRecord."""
    callback = work.get(Callback, command.callback_id)
    if callback is None:
        raise UnknownRecord(command.callback_id)
    receipt(work, callback)
    if command.reached:
        reached(work, callback)
    else:
        missed(work, callback, command.why)


def receipt(work: Work, callback: Callback) -> None:
    for item in work.all(OutboxItem):
        if isinstance(item.effect, CallBackEffect) and item.effect.callback_id == callback.key:
            work.put(item.model_copy(update={"receipted_at": work.now}))


def reached(work: Work, callback: Callback) -> None:
    """The caller talked to us again; a ticket that was only about calling back is done."""
    state = CALLBACK.next(callback.state, CallbackEvent.REACHED)
    if state is None:
        return
    work.put(callback.model_copy(update={"state": state, "done_at": work.now, "next_at": None}))
    work.history(callback.ticket, "callback_reached", attempt=callback.attempts)
    ticket = work.get(Ticket, callback.ticket)
    if ticket is not None and ticket.business == "callback" and callback.reason != "unanswered_question":
        close_ticket(work, ticket, TicketEvent.CLOSE, "", "the caller was reached")


def missed(work: Work, callback: Callback, why: str) -> None:
    """Again after a while; after the last attempt a person gets it, it is never dropped."""
    if callback.attempts >= work.rules.callbacks.attempts:
        _for_a_person(work, callback, "callback_failed")
        return
    state = CALLBACK.next(callback.state, CallbackEvent.MISSED)
    if state is None:
        return
    retry = timedelta(seconds=work.rules.callbacks.retry_seconds)
    work.put(callback.model_copy(update={"state": state, "next_at": work.now + retry, "why": why}))
    work.history(callback.ticket, "callback_missed", attempt=callback.attempts, why=why)


def _for_a_person(work: Work, callback: Callback, why: str) -> None:
    state = CALLBACK.next(callback.state, CallbackEvent.GIVE_UP)
    if state is None:
        return
    receipt(work, callback)
    work.put(callback.model_copy(update={"state": state, "next_at": None, "why": why}))
    work.emit(AlarmEffect(incident="", ticket=callback.ticket, why=why))
    work.history(callback.ticket, "callback_for_a_person", why=why, attempts=callback.attempts)


def caller_is_back(work: Work, number: str, call_id: str) -> None:
    """Somebody whom we owe a call has come through by himself: nothing is left to call back."""
    owed = _owed(work, number) if number else None
    if owed is not None and owed.reason in ("refused", "abandoned") and owed.call_id != call_id:
        receipt(work, owed)
        work.history(owed.ticket, "callback_not_needed", call_id=call_id, why="the caller came through")
        reached(work, owed)
