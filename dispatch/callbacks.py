"""Callers whom we owe a call: every refused or abandoned INVITE, and who asked for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch import phones
from dispatch.assignments import close_ticket
from dispatch.commands import CallbackRequest, CallbackResult, CallCameThrough
from dispatch.errors import UnknownRecord
from dispatch.model import Callback, CallNotes, Ticket
from dispatch.outbound import AlarmEffect, CallBackEffect, NoticeEffect, OutboxItem
from dispatch.states import CALLBACK, CallbackEvent, CallbackState, TicketEvent
from dispatch.tickets import open_ticket
from dispatch.work import Work

LATER = ("asked", "unanswered_question")
"""Reasons that do not call for the phone at once."""
VISIT_LATE = "visit_late"
"""A customer must hear that a technician is late; it settles nothing else that he is owed."""
OWED = (CallbackState.WAITING, CallbackState.CALLING)


def request(work: Work, command: CallbackRequest) -> None:
    """A ticket and a time; a number that is owed a call already is called once, the sooner."""
    notes = work.get(CallNotes, command.call_id)
    number = command.number or (notes.caller if notes else "")
    due = command.at + timedelta(seconds=command.within_seconds)
    same = _owed(work, number)
    if same is not None:
        _sooner(work, same, command, due)
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
        for_a_person(work, callback, "no_number")


def _sooner(work: Work, callback: Callback, command: CallbackRequest, due: datetime) -> None:
    state, next_at = callback.state, callback.next_at
    if state == CallbackState.CALLING and command.call_id == attempt_call_id(callback):
        # It was the calling back itself that broke; who picked up and hung up is left in peace for a while.
        state, next_at = CallbackState.WAITING, _first_attempt(work, command)
    elif state == CallbackState.WAITING and command.reason not in LATER:
        next_at = work.now
    sooner = min(due, callback.due_at)
    work.put(callback.model_copy(update={"state": state, "due_at": sooner, "next_at": next_at}))
    work.history(callback.ticket, "callback_asked_again", call_id=command.call_id, reason=command.reason)


def _first_attempt(work: Work, command: CallbackRequest) -> datetime:
    """At once; who asked for a call later than that is not called before half of the time is over."""
    if command.reason in LATER:
        return command.at + timedelta(seconds=command.within_seconds / 2)
    return work.now


def _owed(work: Work, number: str) -> Callback | None:
    return next(
        (
            c for c in work.live(Callback)
            if c.state in OWED and c.reason != VISIT_LATE and phones.same(c.number, number)
        ),
        None,
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


def attempt_call_id(callback: Callback) -> str:
    """The name of the running attempt's call."""
    return f"{callback.key}-{callback.attempts}"


def still_talking(work: Work, callback: Callback) -> bool:
    """Whether the attempt's call is up; a talk of an hour is not believed."""
    notes = work.get(CallNotes, attempt_call_id(callback))
    return notes is not None and notes.ended_at is None and work.now - notes.started_at < timedelta(hours=1)


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
        for_a_person(work, callback, "callback_failed")
        return
    state = CALLBACK.next(callback.state, CallbackEvent.MISSED)
    if state is None:
        return
    retry = timedelta(seconds=work.rules.callbacks.retry_seconds)
    work.put(callback.model_copy(update={"state": state, "next_at": work.now + retry, "why": why}))
    work.history(callback.ticket, "callback_missed", attempt=callback.attempts, why=why)


def for_a_person(work: Work, callback: Callback, why: str) -> None:
    state = CALLBACK.next(callback.state, CallbackEvent.GIVE_UP)
    if state is None:
        return
    receipt(work, callback)
    work.put(callback.model_copy(update={"state": state, "next_at": None, "why": why}))
    if callback.reason == VISIT_LATE:
        _for_the_desk(work, callback)
    else:
        work.emit(AlarmEffect(incident="", ticket=callback.ticket, why=why))
    work.history(callback.ticket, "callback_for_a_person", why=why, attempts=callback.attempts)


def _for_the_desk(work: Work, callback: Callback) -> None:
    """No alarm in the night for it, but somebody must go on trying."""
    clerk = work.rules.businesses.appointments.clerk
    text = work.rules.businesses.texts.visit_not_told.format(ticket=callback.ticket)
    work.emit(NoticeEffect(to=clerk, topic="visit_not_told", ticket=callback.ticket, text=text, urgent=True))


def caller_came_through(work: Work, command: CallCameThrough) -> None:
    """Somebody whom we owe a call has come through by himself: nothing is left to call back."""
    notes = work.get(CallNotes, command.call_id)
    owed = _owed(work, notes.caller) if notes and notes.caller else None
    if owed is None or owed.reason in LATER or command.call_id in (owed.call_id, attempt_call_id(owed)):
        return
    receipt(work, owed)
    work.history(owed.ticket, "callback_not_needed", call_id=command.call_id, why="the caller came through")
    reached(work, owed)
