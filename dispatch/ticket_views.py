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
    visit = agreed_visit(state, number)
    clock = last_clock(state, number)
    parts = []
    if visit is not None and visit.ends_at > now:
        window = window_in_words(visit.begins_at, visit.ends_at, now, rules.timezone)
        parts.append(f"已经约好{window}上门")
    if clock is not None and clock.due_at is not None:
        if clock.state == ClockState.PAUSED:
            parts.append("按您的意愿暂缓办理")
        elif clock.due_at <= now:
            parts.append("已经超过承诺的时间，我们正在督办")
        else:
            words = due_in_words(clock.due_at, now, rules.timezone, provisional=clock.provisional)
            parts.append(f"{words}{_DONE.get(clock.stage, '处理完')}")
    return "，".join(parts)


_DONE = {
    "reply": "答复您", "complete": "处理完", "repair": "修复", "accept": "受理", "permit": "取得许可", "build": "竣工",
    "commission": "验收通气", "build_and_commission": "施工通气", "arrive": "到达", "respond": "到场处理",
    "feedback": "反馈",
}
"""How the end of a stage is said after its time."""


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
