"""Ordinary tickets that wait for a crew, in order of urgency: kept at hand, so that nothing is searched."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import datetime

from dispatch.crew_states import JOB_OPEN
from dispatch.model import Put, Ticket
from dispatch.next_job import Waiting
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.ticket_records import Clock
from dispatch.units import Job

Urgency = tuple[int, datetime, datetime, str]


class JobQueue:
    """Watches a state. Derived from the records alone."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._order: list[Urgency] = []
        self._waiting: dict[str, Waiting] = {}
        self._stale = {ticket.number for ticket in state.live(Ticket)}
        state.watchers.append(self._note)

    def _note(self, record: Put) -> None:
        if isinstance(record, Ticket):
            self._stale.add(record.number)
        elif isinstance(record, Clock | Job):
            self._stale.add(record.ticket)

    def waiting(self, rules: Rules) -> Iterator[Waiting]:
        """Those that some crew must drive out for and none has, the most urgent first."""
        self._refresh(rules)
        return (self._waiting[urgency[-1]] for urgency in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def _refresh(self, rules: Rules) -> None:
        stale, self._stale = self._stale, set()
        for number in stale:
            old = self._waiting.pop(number, None)
            if old is not None:
                del self._order[bisect_left(self._order, old.urgency)]
            new = waiting_for_crew(self._state, rules, number)
            if new is not None:
                self._waiting[number] = new
                insort(self._order, new.urgency)


def queue_of(state: State) -> JobQueue:
    """The state's own, made when it is first asked for."""
    found = state.derived.get(JobQueue)
    if not isinstance(found, JobQueue):
        found = state.derived[JobQueue] = JobQueue(state)
    return found


def waiting_for_crew(state: State, rules: Rules, number: str) -> Waiting | None:
    """The ticket as something to be done; None when nobody has to drive out for it, or somebody does."""
    ticket = state.get(Ticket, number)
    if ticket is None or ticket.closed_at is not None or ticket.incident:
        return None
    field_work = rules.policy.crews.field_work
    if ticket.business not in field_work:
        return None
    jobs = (state.get(Job, key) for key in state.of_ticket(Job, number))
    if any(job is not None and job.state in JOB_OPEN for job in jobs):
        return None
    clocks = (state.get(Clock, key) for key in state.of_ticket(Clock, number))
    dues = [clock.due_at for clock in clocks if clock is not None and clock.open and clock.due_at is not None]
    return Waiting(ticket, min(dues, default=None), field_work[ticket.business])
