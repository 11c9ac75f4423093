"""The clocks of a ticket: one for each stage that the service standard promises.

A stage starts with its own trigger. A due time moves only for a listed pause, a place or a calendar
that became known, or a suspected leak, and every move stands in the history with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dispatch.deadlines import EMERGENCY, REPORT, Paused, Stage, promised, running_due, stages, warnings_at
from dispatch.model import Incident, Ticket
from dispatch.ticket_records import Clock
from dispatch.ticket_states import CLOCK, ClockEvent, ClockState
from dispatch.work import Work

REACHABLE_YEARS = range(2, 9998)


def clocks_of(work: Work, number: str) -> list[Clock]:
    """In the order of the standard; those that were turned or dropped before the others."""
    found = work.of_ticket(Clock, number)
    return sorted(found, key=lambda clock: (clock.open, clock.position, clock.key))


def running(work: Work, number: str) -> list[Clock]:
    """Those that have begun and not ended, paused ones too."""
    states = (ClockState.RUNNING, ClockState.PAUSED)
    return [clock for clock in clocks_of(work, number) if clock.state in states]


def key_of(work: Work, ticket: Ticket) -> str:
    """The key of the standard that a ticket falls under; empty: the company promises nothing for it."""
    standard = work.rules.standard
    if standard is None:
        return ""
    kind = work.rules.businesses.kind_of(ticket.business)
    if kind is not None:
        return kind.promised_by(standard, ticket.fields)
    return ticket.business if ticket.business in standard.businesses else ""


def open_clocks(work: Work, ticket: Ticket, *, since: datetime | None = None) -> None:
    """Begin with the promises of the ticket's business, counted from the report."""
    key = key_of(work, ticket)
    standard = work.rules.standard
    if standard is None or not key:
        kind = work.rules.businesses.kind_of(ticket.business)
        if standard is not None and (kind is None or kind.standard):
            work.history(ticket.number, "no_promise", business=ticket.business,
                         why=f"{standard.name} promises no time for it")
        return
    for position, plan in enumerate(promised(standard, key).stages):
        name = f"{ticket.number}/{key}/{plan.stage}"
        if work.get(Clock, name) is not None:
            name = f"{name}-{sum(1 for clock in clocks_of(work, ticket.number)) + 1}"
        clock = work.put(Clock(
            clock_id=name, ticket=ticket.number, business=key, stage=plan.stage, position=position,
            after="" if plan.after == REPORT else plan.after, drill=ticket.drill,
            clause=plan.clause or promised(standard, key).clause,
        ))
        if not clock.after:
            start(work, clock, since or ticket.opened_at, "the report")


def start(work: Work, clock: Clock, at: datetime, why: str) -> None:
    """Its trigger has happened."""
    state = CLOCK.next(clock.state, ClockEvent.START)
    if state is None:
        return
    found = reckoned(work, clock, at)
    clock = clock.model_copy(update={"state": state, "started_at": at, **_taken(found)})
    clock = _with_next(work, clock.model_copy(update={"due_at": clock.promised_at}))
    work.put(clock)
    work.history(clock.ticket, "clock_started", stage=clock.stage, business=clock.business, why=why,
                 due=_iso(clock.due_at), urgency=clock.urgency, clause=clock.clause,
                 reckoning=clock.reckoning, provisional="yes" if clock.provisional else "")


def reckoned(work: Work, clock: Clock, at: datetime) -> Stage | None:
    """The stage as the standard counts it from there; None: a time with which nobody can reckon."""
    standard = work.rules.standard
    if standard is None or clock.business not in standard.businesses or at.year not in REACHABLE_YEARS:
        return None
    reported = at
    distance_km = None
    ticket = work.get(Ticket, clock.ticket)
    if ticket is not None and clock.business == EMERGENCY:
        incident = work.get(Incident, ticket.incident) if ticket.incident else None
        distance_km = incident.distance_km if incident is not None else None
    found = stages(standard, clock.business, reported, work.rules.calendar, distance_km=distance_km,
                   started={clock.stage: at})
    return next((stage for stage in found if stage.stage == clock.stage), None)


def _taken(found: Stage | None) -> dict[str, object]:
    if found is None:
        return {}
    return {
        "promised_at": found.due, "target_minutes": found.target_minutes, "urgency": found.urgency or "",
        "clause": found.clause, "reckoning": found.reckoning, "provisional": found.provisional,
        "assumed": found.assumed,
    }


def reckon_again(work: Work, clock: Clock, why: str) -> None:
    """The distance or the calendar is another one than before."""
    if clock.started_at is None or not clock.open:
        return
    found = reckoned(work, clock, clock.started_at)
    if found is None or (found.due, found.provisional) == (clock.promised_at, clock.provisional):
        return
    fresh = clock.model_copy(update=_taken(found))
    move(work, clock, fresh.model_copy(update={"due_at": due_with_pauses(fresh, work.now)}), why)


def move(work: Work, before: Clock, after: Clock, why: str, author: str = "") -> None:
    """The only way in which a due time that was said changes. It is warned and told anew."""
    if after.due_at != before.due_at:
        later = after.due_at is None or after.due_at > work.now
        forgotten: dict[str, object] = {"warned": (), "overdue_told": ()} if later else {}
        after = after.model_copy(update=forgotten)
        work.history(after.ticket, "due_moved", author=author, stage=after.stage, why=why,
                     before=_iso(before.due_at), after=_iso(after.due_at), reckoning=after.reckoning)
    work.put(_with_next(work, after))


def agree(work: Work, number: str, until: datetime, author: str) -> None:
    """Another time was agreed with the customer, where the promise allows for it (S3, S4 §7(4))."""
    standard = work.rules.standard
    for clock in running(work, number):
        business = standard.businesses.get(clock.business) if standard is not None else None
        plans = business.stages if business is not None else ()
        if any(plan.stage == clock.stage and plan.unless_agreed for plan in plans):
            move(work, clock, clock.model_copy(update={
                "promised_at": until, "due_at": until, "target_minutes": None, "urgency": "",
                "reckoning": "agreed with the customer",
            }), "another time was agreed with the customer", author)


def due_with_pauses(clock: Clock, now: datetime) -> datetime | None:
    return None if clock.promised_at is None else running_due(clock.promised_at, pauses(clock), now)


def pauses(clock: Clock) -> list[Paused]:
    return [Paused(one.reason, one.author, one.begun, one.ended) for one in clock.standings]


def end_stages(work: Work, number: str, names: Iterable[str], *, author: str = "", why: str = "") -> None:
    """These stages are done, in time or not; the next begin unless they wait for a step of their own."""
    names = set(names)
    for clock in clocks_of(work, number):
        if clock.stage in names:
            meet(work, clock, author=author, why=why)


def meet(work: Work, clock: Clock, *, author: str = "", why: str = "") -> None:
    state = CLOCK.next(clock.state, ClockEvent.MEET)
    if state is None:
        return
    standings = _closed(clock, work.now)
    clock = clock.model_copy(update={"standings": standings})
    due = due_with_pauses(clock, work.now)
    late = None if due is None else max(0, round((work.now - due).total_seconds()))
    work.put(clock.model_copy(update={
        "state": state, "due_at": due, "ended_at": work.now, "next_at": None, "late_seconds": late,
    }))
    work.history(clock.ticket, "stage_done", author=author, stage=clock.stage, due=_iso(due), why=why,
                 in_time="" if late is None else "yes" if late == 0 else "no", late_seconds=late or "")
    _begin_next(work, clock)


def _begin_next(work: Work, done: Clock) -> None:
    ticket = work.get(Ticket, done.ticket)
    kind = work.rules.businesses.kind_of(ticket.business) if ticket is not None else None
    for clock in clocks_of(work, done.ticket):
        waits_for_it = clock.after == done.stage and clock.business == done.business
        if waits_for_it and clock.open and not (kind and kind.started_by_step(clock.stage)):
            start(work, clock, work.now, f"the end of {done.stage}")


def start_stages(work: Work, number: str, names: Iterable[str], why: str) -> None:
    """The triggers of these stages have happened."""
    names = set(names)
    for clock in clocks_of(work, number):
        if clock.stage in names and clock.state == ClockState.WAITING:
            start(work, clock, work.now, why)


def reopen_stages(work: Work, number: str, names: Iterable[str], *, author: str, why: str) -> None:
    """They were not really done: the promise of then holds, and may be overdue at once."""
    names = set(names)
    for clock in clocks_of(work, number):
        state = CLOCK.next(clock.state, ClockEvent.REOPEN)
        if clock.stage in names and state is not None:
            again = clock.model_copy(update={"state": state, "ended_at": None, "late_seconds": None})
            work.put(_with_next(work, again))
            work.history(number, "stage_reopened", author=author, stage=clock.stage, why=why,
                         due=_iso(again.due_at))


def drop(work: Work, number: str, event: ClockEvent, why: str, *, author: str = "") -> None:
    """They count no more: withdrawn, a stand-down, or another clock in their place."""
    for clock in clocks_of(work, number):
        state = CLOCK.next(clock.state, event)
        if state is not None:
            work.put(clock.model_copy(update={
                "state": state, "ended_at": work.now, "next_at": None,
                "standings": _closed(clock, work.now),
            }))
            work.history(number, f"clock_{state}", author=author, stage=clock.stage, due=_iso(clock.due_at),
                         why=why)


def turn(work: Work, ticket: Ticket, emergency: Ticket) -> None:
    """A suspected leak: the emergency's clock runs in the place of every other (S0/S1 §22(5))."""
    if any(clock.open for clock in clocks_of(work, ticket.number)):
        drop(work, ticket.number, ClockEvent.TURN, f"a suspected leak; the clock of {emergency.number} runs")


def _closed(clock: Clock, now: datetime) -> tuple[object, ...]:
    return tuple(
        one if one.ended is not None else one.model_copy(update={"ended": now}) for one in clock.standings
    )


def _with_next(work: Work, clock: Clock) -> Clock:
    return clock.model_copy(update={"next_at": next_moment(work, clock)})


def next_moment(work: Work, clock: Clock) -> datetime | None:
    """When somebody is to be told something about it."""
    standard = work.rules.standard
    if clock.state != ClockState.RUNNING or clock.due_at is None or standard is None:
        return None
    waiting = [at for percent, at in warning_moments(work, clock) if percent not in clock.warned]
    if waiting:
        return min(*waiting, clock.due_at)
    return None if clock.overdue_told else clock.due_at


def warning_moments(work: Work, clock: Clock) -> list[tuple[int, datetime]]:
    """Percent of the time and moment of each warning, pauses included."""
    standard = work.rules.standard
    if standard is None or clock.started_at is None or clock.promised_at is None:
        return []
    spec = standard.clock_of(clock.business)
    moments = warnings_at(spec, clock.started_at, clock.promised_at)
    return [
        (percent, running_due(at, pauses(clock), work.now))
        for percent, at in zip(spec.warn_at_percent, moments, strict=True)
    ]


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""
