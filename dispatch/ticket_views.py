"""What is looked up about tickets: the promise in words, how far it is, whose recording is missing."""

from __future__ import annotations

from datetime import datetime

from dispatch.due_words import due_in_words, window_in_words
from dispatch.model import Ticket
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.ticket_records import Attachment, Clock, Visit
from dispatch.ticket_states import ClockState


def next_clock(state: State, number: str) -> Clock | None:
    """The promise that is due first; None: nothing is promised with a figure, or it is done."""
    found = (state.get(Clock, key) for key in state.of_ticket(Clock, number))
    begun = [c for c in found if c is not None and c.open and c.due_at is not None]
    return min(begun, key=lambda clock: (clock.due_at or clock.started_at, clock.position), default=None)


def last_clock(state: State, number: str) -> Clock | None:
    """The running promise that brings the matter to its end: what a customer wants to hear."""
    found = (state.get(Clock, key) for key in state.of_ticket(Clock, number))
    begun = [c for c in found if c is not None and c.open and c.due_at is not None]
    return max(begun, key=lambda clock: (clock.due_at or clock.started_at, clock.position), default=None)


def promise_in_words(state: State, rules: Rules, number: str, now: datetime) -> str:
    """What a caller may hear: `明天之内处理完`, the agreed visit before it; empty: nothing to be said.

    A promise that is broken is not said again as one: he hears that it is being pressed.
    """
    visit, clock, texts = agreed_visit(state, number), last_clock(state, number), rules.businesses.texts
    ticket = state.get(Ticket, number)
    kind = rules.businesses.kind_of(ticket.business) if ticket is not None else None
    parts = []
    if visit is not None and visit.ends_at > now:
        window = window_in_words(visit.begins_at, visit.ends_at, now, rules.timezone)
        parts.append(texts.caller_visit.format(window=window))
    if clock is not None and clock.due_at is not None and clock.state == ClockState.PAUSED:
        parts.append(texts.caller_paused)
    elif clock is not None and clock.due_at is not None and clock.due_at <= now:
        parts.append(texts.caller_overdue)
    elif clock is not None and clock.due_at is not None:
        words = due_in_words(clock.due_at, now, rules.timezone, provisional=clock.provisional)
        stage = kind.stage_title(clock.stage) if kind is not None else ""
        parts.append(texts.caller_due.format(due=words, stage=stage))
    return "，".join(parts)


def agreed_visit(state: State, number: str) -> Visit | None:
    """The appointment that stands."""
    found = (state.get(Visit, key) for key in state.of_ticket(Visit, number))
    waiting = [visit for visit in found if visit is not None and visit.ended_at is None]
    return max(waiting, key=lambda visit: visit.ordinal, default=None)


def phase_title(rules: Rules, ticket: Ticket) -> str:
    """How far it is, as the caller hears it; empty: its kind of business has no states."""
    kind = rules.businesses.kind_of(ticket.business)
    stand = kind.stand(ticket.phase) if kind is not None else None
    return stand.title if stand is not None else ""


def calls_without_recording(state: State) -> list[str]:
    """Calls of open tickets to which no recording has been filed."""
    found: set[str] = set()
    for ticket in state.live(Ticket):
        filed = (state.get(Attachment, key) for key in state.of_ticket(Attachment, ticket.number))
        known = {one.call_id for one in filed if one is not None and one.what == "recording"}
        found.update(call_id for call_id in ticket.call_ids if call_id not in known)
    return sorted(found)
