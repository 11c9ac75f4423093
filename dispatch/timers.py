"""What is due by the clock: the timers that stand in records. Jumps of the clock do no harm.

A clock that jumps forward makes things due early: more is rung, nothing is lost. One that jumps
back would make them late: no deadline may lie farther ahead than its own period, so it is pulled
back to that and at most one period is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch import (
    acknowledging,
    callbacks,
    clock_notices,
    crew_reports,
    giving,
    incidents,
    judging,
    new_shift,
    outages,
    pages,
    telling,
    visits,
    welfare,
)
from dispatch.escalation import begin_again, covered, ensure_paged, page_next
from dispatch.joined import Telling
from dispatch.model import RINGING, Assignment, Callback, Incident, Page, Put
from dispatch.outage_records import Outage
from dispatch.page_orders import step_of
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.states import AssignmentState, CallbackState
from dispatch.ticket_records import Clock, Visit
from dispatch.units import CrewUnit
from dispatch.work import Work

SLACK = timedelta(seconds=2)
PROMISES_IN_A_TURN = 100
BY_THE_CALENDAR_SECONDS = 10 * 366 * 86400.0
"""Promises and appointments stand in the calendar: a clock that jumps does not move them."""
LONGEST_WAY_HOME_SECONDS = 4 * 3600.0
LONGEST_TELLING_SECONDS = 1000 * 3600.0
"""Tellings and worsenings may wait for days; outages are planned a year ahead."""
LONGEST_OUTAGE_SECONDS = 400 * 86400.0
Waiting = CrewUnit | Telling | Outage | Incident | Page | Assignment | Callback | Clock | Visit


@dataclass(frozen=True, slots=True)
class Timer:
    """A field of a record that waits for its moment."""

    record: Waiting
    field: str
    longest_seconds: float
    fire: Callable[[Work, str], None]

    @property
    def at(self) -> datetime:
        moment = getattr(self.record, self.field)
        assert isinstance(moment, datetime), "only fields that are set are timers"
        return moment

    @property
    def name(self) -> tuple[type[Put], str, str]:
        return type(self.record), self.record.key, self.field

    def latest(self, now: datetime) -> datetime:
        """Farther ahead than this it cannot lie, unless the clock jumped back."""
        return now + timedelta(seconds=self.longest_seconds)

    def too_far(self, now: datetime) -> bool:
        """Only a clock that jumped back can explain it."""
        return self.at > self.latest(now) + SLACK

    def still_waits(self, work: Work) -> bool:
        """Whether nothing else of the same moment has settled it."""
        return work.get(type(self.record), self.record.key) == self.record


def timers_of(state: State, rules: Rules, record: Put) -> Iterator[Timer]:
    """The timers that stand in this record, if any.

    What happens to other records may end them (a closed incident), but never bring new ones: each
    timer begins with a change of its own record. The agenda relies on that.
    """
    source = _SOURCES.get(type(record))
    if source is not None:
        yield from source(state, rules, record)


def in_turn(due: Sequence[Timer]) -> list[Timer]:
    """Emergencies first; of promises that fall due together (midnight, after a stop), some in each turn.

    The rest is due again at once: nobody in danger waits behind ten thousand overdue notices.
    """
    patient = [timer for timer in due if isinstance(timer.record, Clock)]
    return [timer for timer in due if not isinstance(timer.record, Clock)] + patient[:PROMISES_IN_A_TURN]


def timers(state: State, rules: Rules) -> Iterator[Timer]:
    """All that wait."""
    for kind in _SOURCES:
        for record in state.live(kind):
            yield from timers_of(state, rules, record)


def _of_incident(state: State, rules: Rules, incident: Incident) -> Iterator[Timer]:
    times = rules.policy.times
    if not incident.open:
        return
    if incident.next_page_at is not None:
        longest = {
            "person": times.person_takes, "repeat": times.repeat,
            "crew": rules.policy.crews.reinforce_again,
        }.get(incident.waiting_for, times.unlocated)
        yield Timer(incident, "next_page_at", longest, _page_due)
    if incident.news_due_at is not None:
        yield Timer(incident, "news_due_at", times.news, _news_due)
    if incident.next_shift_at is not None:
        yield Timer(incident, "next_shift_at", BY_THE_CALENDAR_SECONDS, new_shift.began)
    if incident.worse_at is not None:
        yield Timer(incident, "worse_at", LONGEST_TELLING_SECONDS, judging.time_has_made_it_worse)


def _of_page(state: State, rules: Rules, page: Page) -> Iterator[Timer]:
    times = rules.policy.times
    if page.state in RINGING and _incident_open(state, page.incident):
        own = step_of(rules, page.level).page_seconds or times.page
        yield Timer(page, "expires_at", max(own, times.decide), _page_expired)
    if page.again_at is not None and _incident_open(state, page.incident):
        yield Timer(page, "again_at", times.again, acknowledging.again)


def _of_assignment(state: State, rules: Rules, assignment: Assignment) -> Iterator[Timer]:
    if _waits_for_start(assignment) and _incident_open(state, assignment.incident):
        yield Timer(assignment, "en_route_by", rules.policy.times.en_route, _not_started)
    if assignment.welfare_at is not None and _incident_open(state, assignment.incident):
        longest = max(rules.policy.times.welfare, rules.policy.times.welfare_answer)
        yield Timer(assignment, "welfare_at", longest, welfare.due)


def _of_unit(state: State, rules: Rules, unit: CrewUnit) -> Iterator[Timer]:
    if unit.returning_until is not None:
        yield Timer(unit, "returning_until", LONGEST_WAY_HOME_SECONDS, crew_reports.crew_back)
    if unit.next_job_at is not None:
        yield Timer(unit, "next_job_at", BY_THE_CALENDAR_SECONDS, giving.look)


def _of_callback(state: State, rules: Rules, callback: Callback) -> Iterator[Timer]:
    rule = rules.callbacks
    if callback.next_at is not None and callback.state in callbacks.OWED:
        within = (callback.due_at - callback.requested_at).total_seconds()
        longest = max(rule.retry_seconds + rule.ring_seconds, within)
        yield Timer(callback, "next_at", longest, _callback_due)


def _of_telling(state: State, rules: Rules, one: Telling) -> Iterator[Timer]:
    if one.due_at is not None and state.get(Incident, one.incident) is not None:
        yield Timer(one, "due_at", LONGEST_TELLING_SECONDS, telling.send)


def _of_outage(state: State, rules: Rules, outage: Outage) -> Iterator[Timer]:
    if outage.report_at is not None and not outage.over:
        yield Timer(outage, "report_at", LONGEST_OUTAGE_SECONDS, outages.report_due)


def _of_clock(state: State, rules: Rules, clock: Clock) -> Iterator[Timer]:
    if clock.open and clock.next_at is not None:
        yield Timer(clock, "next_at", BY_THE_CALENDAR_SECONDS, clock_notices.due)


def _of_visit(state: State, rules: Rules, visit: Visit) -> Iterator[Timer]:
    if visit.ended_at is None and visit.check_at is not None:
        yield Timer(visit, "check_at", BY_THE_CALENDAR_SECONDS, visits.look)


_SOURCES: dict[type[Put], Callable[[State, Rules, Any], Iterator[Timer]]] = {
    Incident: _of_incident, Page: _of_page, Assignment: _of_assignment, Callback: _of_callback,
    CrewUnit: _of_unit, Telling: _of_telling, Outage: _of_outage, Clock: _of_clock, Visit: _of_visit,
}


def _incident_open(state: State, incident_id: str) -> bool:
    incident = state.get(Incident, incident_id)
    return incident is not None and incident.open


def pull_back(work: Work, timer: Timer) -> None:
    """Set it to its longest period from now."""
    latest = timer.latest(work.now)
    work.put(timer.record.model_copy(update={timer.field: latest}))
    work.history(getattr(timer.record, "incident", timer.record.key), "clock_jumped_back",
                 record=timer.record.key, until=latest.isoformat())


def _news_due(work: Work, incident_id: str) -> None:
    incidents.send_news(work, incident_id)


def _waits_for_start(assignment: Assignment) -> bool:
    waits = assignment.state == AssignmentState.ACKNOWLEDGED and not assignment.overdue
    return waits and assignment.en_route_by is not None


def _page_due(work: Work, incident_id: str) -> None:
    """The pause is over, or the wait for a place, or the time of a person who took it."""
    incident = work.need(Incident, incident_id)
    waited_for = incident.waiting_for
    incident = work.put(incident.model_copy(update={"next_page_at": None, "waiting_for": ""}))
    if covered(work, incident):
        return
    if waited_for == "location":
        work.history(incident_id, "place_still_unknown", why="the crew of the centre station is paged")
        page_next(work, incident_id)
        return
    if waited_for == "person":
        work.history(incident_id, "person_without_crew", target=incident.taken_by,
                     why="took it, but no crew is under way")
        begin_again(work, incident_id)
    ensure_paged(work, incident_id)


def _page_expired(work: Work, page_id: str) -> None:
    pages.time_out(work, work.need(Page, page_id))


def _not_started(work: Work, assignment_id: str) -> None:
    """Accepted, but not en route in time: the next crew as well (safety rule 6)."""
    assignment = work.need(Assignment, assignment_id)
    work.put(assignment.model_copy(update={"overdue": True}))
    work.history(assignment.incident, "not_en_route", target=assignment.crew,
                 why="accepted, but not en route in time; the next crew is paged as well")
    ensure_paged(work, assignment.incident)


def _callback_due(work: Work, callback_id: str) -> None:
    callback = work.need(Callback, callback_id)
    if callback.state == CallbackState.CALLING and callbacks.still_talking(work, callback):
        rules = work.rules.callbacks
        again = timedelta(seconds=rules.retry_seconds)
        work.put(callback.model_copy(update={"next_at": work.now + again}))
    elif callback.state == CallbackState.CALLING:
        callbacks.missed(work, callback, "no result came")
    else:
        callbacks.attempt(work, callback)
