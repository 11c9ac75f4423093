"""The last look at a unit of work: whatever opened, closed or moved a ticket, its clocks follow.

So nobody who opens a ticket or moves an incident has to think of clocks, and none is forgotten.
"""

from __future__ import annotations

from dispatch import clocks, escalating, phases, visits
from dispatch.callbacks import VISIT_LATE
from dispatch.deadlines import EMERGENCY
from dispatch.model import Callback, Incident, Ticket
from dispatch.states import IncidentState, TicketState
from dispatch.ticket_records import Clock
from dispatch.ticket_states import ClockEvent
from dispatch.units import Job
from dispatch.work import Work

_OF_INCIDENT = {
    IncidentState.TAKEN: ("incident_taken",),
    IncidentState.EN_ROUTE: ("incident_en_route",),
    IncidentState.ON_SCENE: ("incident_on_scene",),
    IncidentState.MADE_SAFE: ("incident_on_scene", "incident_made_safe"),
}


def settle(work: Work) -> None:
    """Everything that follows for tickets' clocks from what this work has changed."""
    for ticket in work.changed(Ticket):
        before = work.before(Ticket, ticket.key)
        if before is None:
            _opened(work, ticket)
        elif before.state == TicketState.OPEN and ticket.state == TicketState.IN_HAND:
            phases.happened(work, ticket.number, "taken")
    for incident in work.changed(Incident):
        _follow_incident(work, incident, work.before(Incident, incident.key))
    for job in work.changed(Job):
        _follow_job(work, job, work.before(Job, job.key))
    for callback in work.changed(Callback):
        called = work.before(Callback, callback.key)
        if callback.reason == VISIT_LATE and callback.done_at and called and not called.done_at:
            visits.picked_up(work, callback)
    for ticket in work.changed(Ticket):
        was = work.before(Ticket, ticket.key)
        if ticket.closed_at is not None and (was is None or was.closed_at is None):
            _closed(work, ticket)
        elif was is not None and was.phase != ticket.phase:
            _follow_phase(work, ticket)


def _opened(work: Work, ticket: Ticket) -> None:
    kind = phases.kind_of(work, ticket)
    changes: dict[str, object] = {}
    if kind is not None and not ticket.phase:
        changes["phase"] = kind.first
    if kind is not None and kind.priority is not None and not ticket.incident:
        changes["priority"] = kind.priority
    if changes:
        ticket = work.put(ticket.model_copy(update=changes))
    if not work.of_ticket(Clock, ticket.number):
        clocks.open_clocks(work, ticket)
    _turn_same_call(work, ticket)
    escalating.opened(work, ticket.number)
    if ticket.state == TicketState.IN_HAND:
        phases.happened(work, ticket.number, "taken")


def _turn_same_call(work: Work, fresh: Ticket) -> None:
    """A leak in a call makes what else was said in it part of the emergency, unless it is another matter."""
    same = [t for call_id in fresh.call_ids for t in work.tickets_of_call(call_id) if t.closed_at is None]
    emergency = next((ticket for ticket in same if ticket.business == EMERGENCY), None)
    if emergency is None:
        return
    for ticket in same if emergency.key == fresh.key else [fresh]:
        kind = phases.kind_of(work, ticket)
        if ticket.business != EMERGENCY and (kind is None or not kind.keeps_clock_on_leak):
            clocks.turn(work, ticket, emergency)


def _follow_phase(work: Work, ticket: Ticket) -> None:
    kind = phases.kind_of(work, ticket)
    for step in kind.steps if kind is not None else ():
        if step.to == ticket.phase and step.when:
            visits.follow(work, ticket, step.when)


def _closed(work: Work, ticket: Ticket) -> None:
    """Closed as done, its last stages are done; stood down, they count no more."""
    if ticket.state == TicketState.STOOD_DOWN:
        clocks.drop(work, ticket.number, ClockEvent.DROP, ticket.close_reason)
    for clock in clocks.running(work, ticket.number):
        clocks.meet(work, clock, why=ticket.close_reason)
    clocks.drop(work, ticket.number, ClockEvent.DROP, "the ticket is closed")
    visits.over(work, ticket)
    kind = phases.kind_of(work, ticket)
    stand = kind.stand(ticket.phase) if kind is not None else None
    if kind is not None and (stand is None or not stand.final):
        final = next(each.state for each in kind.states if each.final)
        work.put(work.need(Ticket, ticket.number).model_copy(update={"phase": final}))


def _follow_incident(work: Work, incident: Incident, before: Incident | None) -> None:
    joined = set(incident.tickets) - set(before.tickets if before is not None else ())
    for number in incident.tickets:
        ticket = work.get(Ticket, number)
        if ticket is None or ticket.closed_at is not None:
            continue
        moved = before is None or before.distance_km != incident.distance_km or number in joined
        if moved and incident.distance_km is not None:
            for clock in clocks.running(work, number):
                if clock.business == EMERGENCY:
                    clocks.reckon_again(work, clock, "the place and with it the distance is known")
        if before is None or before.state != incident.state or number in joined:
            for trigger in _OF_INCIDENT.get(incident.state, ()):
                phases.happened(work, number, trigger)
        if incident.on_scene_at is not None:
            _arrived(work, number)


def _arrived(work: Work, number: str) -> None:
    """Also where nobody wrote down how far an emergency is: a crew is there."""
    for clock in clocks.running(work, number):
        if clock.business == EMERGENCY:
            clocks.meet(work, clock, why="a crew is on scene")


def _follow_job(work: Work, job: Job, before: Job | None) -> None:
    """A crew's ordinary work on the ticket."""
    for field, trigger in (("en_route_at", "technician_en_route"), ("on_scene_at", "technician_arrived")):
        if getattr(job, field) is not None and (before is None or getattr(before, field) is None):
            phases.happened(work, job.ticket, trigger)
