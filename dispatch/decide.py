"""One pure step: state, what was told or is due, and the time → a unit of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dispatch import callbacks, incidents, pages, tickets
from dispatch.assignments import crew_steps
from dispatch.commands import (
    AnyCommand,
    CallbackRequest,
    CallbackResult,
    CallCameThrough,
    CallOver,
    CallStarted,
    CrewReport,
    EmergencyReport,
    FactReport,
    PageReport,
    Receipt,
    StandDown,
    TicketClosed,
    TicketRequest,
    TicketTaken,
)
from dispatch.model import COVERING, HELD, Assignment, CallNotes, Incident, Unit
from dispatch.outbound import OutboxItem
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.states import AssignmentEvent
from dispatch.timers import Timer, pull_back
from dispatch.work import Work


def unit_name(event_id: str) -> str:
    """The unit of something that came from outside; telling it twice makes the same name."""
    return f"e:{event_id}"


def decide(state: State, rules: Rules, command: AnyCommand, now: datetime) -> Unit:
    """What the command changes. Raises UnknownRecord, NotAllowed; then nothing is changed."""
    work = Work(state, rules, now, unit_name(command.event_id))
    if isinstance(command, CrewReport):
        meant = crew_incident(state, command.crew, command.incident)
        command = replace(command, incident=meant.key if meant else command.incident)
    _HANDLERS[type(command)](work, command)
    return work.unit()


def decide_timer(state: State, rules: Rules, timer: Timer, now: datetime, unit_id: str) -> Unit | None:
    """What the timer does; None when something else of the same moment has settled it."""
    work = Work(state, rules, now, unit_id)
    if not timer.still_waits(work):
        return None
    timer.fire(work, timer.record.key)
    return work.unit()


def decide_pull_back(state: State, rules: Rules, timer: Timer, now: datetime, unit_id: str) -> Unit:
    work = Work(state, rules, now, unit_id)
    pull_back(work, timer)
    return work.unit()


def crew_incident(state: State, crew: str, named: str) -> Incident | None:
    """Which incident a crew's report means: the named one, or the one it took or was paged for last."""
    if named:
        return state.get(Incident, named)
    mine = [a for a in state.live(Assignment) if a.crew == crew and _open(state, a)]
    taken = [a for a in mine if a.state in COVERING] or [a for a in mine if a.state in HELD]
    latest = max(taken, key=lambda a: a.acknowledged_at or a.assigned_at, default=None)
    return state.get(Incident, latest.incident) if latest else None


def _open(state: State, assignment: Assignment) -> bool:
    incident = state.get(Incident, assignment.incident)
    return incident is not None and incident.open


def _call_started(work: Work, command: CallStarted) -> None:
    known = work.get(CallNotes, command.call_id)
    if known is None:
        work.put(
            CallNotes(
                call_id=command.call_id, caller=command.caller, drill=command.drill, started_at=command.at
            )
        )
    elif not known.caller:
        work.put(known.model_copy(update={"caller": command.caller, "drill": command.drill}))


def _crew_report(work: Work, command: CrewReport) -> None:
    incident = work.get(Incident, command.incident)
    if incident is None or not incident.open:
        work.history(command.incident or command.crew, "crew_report_unmatched", author=command.crew,
                     status=command.status, note=command.note)
        return
    crew_steps(work, incident.key, command.crew, AssignmentEvent(command.status), command.note)


def _receipt(work: Work, command: Receipt) -> None:
    item = work.get(OutboxItem, command.effect_id)
    if item is not None:
        work.put(item.model_copy(update={"receipted_at": work.now}))


_HANDLERS: dict[type, Callable[..., None]] = {
    CallStarted: _call_started,
    CallCameThrough: callbacks.caller_came_through,
    CallOver: lambda work, command: incidents.call_over(work, command.call_id),
    EmergencyReport: incidents.report_emergency,
    FactReport: incidents.learn,
    TicketRequest: tickets.request_ticket,
    TicketTaken: tickets.take,
    TicketClosed: tickets.close,
    CallbackRequest: callbacks.request,
    CallbackResult: callbacks.result,
    PageReport: pages.page_report,
    CrewReport: _crew_report,
    StandDown: incidents.stand_down,
    Receipt: _receipt,
}
