"""One pure step: state, what was told or is due, and the time → a unit of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from dispatch import (
    aftermath,
    callbacks,
    clearing,
    crew_reports,
    duty_changes,
    giving,
    incidents,
    jobs,
    joining,
    judging,
    link_steps,
    new_shift,
    notices,
    outages,
    pages,
    settle,
    slips,
    splitting,
    ticket_work,
    tickets,
    visits,
    watching,
    welfare,
)
from dispatch.commands import (
    AddressCleared,
    AnyCommand,
    CallbackRequest,
    CallbackResult,
    CallCameThrough,
    CallOver,
    CallStarted,
    CrewReport,
    EmergencyReport,
    FactReport,
    JoinIncidents,
    OutageAnnounced,
    OutageChanged,
    OutageOver,
    PageReport,
    Receipt,
    RefuseJoin,
    SplitReport,
    StandDown,
    TicketClosed,
    TicketRequest,
    TicketTaken,
    UpgradeIncident,
)
from dispatch.crew_commands import DutyChanged, DutyChangeWithdrawn, JobGiven, JobWithdrawn, RoutesKnown
from dispatch.model import COVERING, HELD, Assignment, CallNotes, Incident, Unit
from dispatch.outbound import OutboxItem
from dispatch.paging_commands import IssueLink, LinkStep, NoticeReport, RaiseNotice
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.timers import Timer, pull_back
from dispatch.work import Work

FOLLOWS: tuple[Callable[[Work], None], ...] = (
    watching.watch, welfare.watch, settle.settle, aftermath.settle, new_shift.watch, giving.follow,
)
"""What follows from any step, in this order: types and whom to tell, tickets' clocks, then the crews."""


def unit_name(event_id: str) -> str:
    """The unit of something that came from outside; telling it twice makes the same name."""
    return f"e:{event_id}"


def decide(state: State, rules: Rules, command: AnyCommand, now: datetime) -> Unit:
    """What the command changes. Raises UnknownRecord, NotAllowed; then nothing is changed."""
    work = Work(state, rules, now, unit_name(command.event_id))
    _HANDLERS[type(command)](work, command)
    return _settled(work)


def decide_timer(state: State, rules: Rules, timer: Timer, now: datetime, unit_id: str) -> Unit | None:
    """What the timer does; None when something else of the same moment has settled it."""
    work = Work(state, rules, now, unit_id)
    if not timer.still_waits(work):
        return None
    timer.fire(work, timer.record.key)
    return _settled(work)


def _settled(work: Work) -> Unit:
    """With what follows for the crews. A fault there must not lose the step itself: nobody waits for it."""
    for follow in FOLLOWS:
        work.besides(partial(follow, work), None)
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
    crew_reports.report(work, crew_reports.resolve(work, command))


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
    NoticeReport: notices.notice_report,
    RaiseNotice: notices.raise_notice,
    IssueLink: link_steps.issue,
    LinkStep: link_steps.step,
    JoinIncidents: joining.join_by_person,
    SplitReport: splitting.split_by_person,
    RefuseJoin: joining.refuse,
    AddressCleared: clearing.cleared,
    UpgradeIncident: judging.upgrade,
    OutageAnnounced: outages.announce,
    OutageChanged: outages.change,
    OutageOver: outages.over,
    JobGiven: jobs.give,
    JobWithdrawn: jobs.withdraw,
    DutyChanged: duty_changes.change_duty,
    DutyChangeWithdrawn: duty_changes.withdraw_change,
    RoutesKnown: crew_reports.routes_known,
    Receipt: _receipt,
    **ticket_work.HANDLERS, **visits.HANDLERS, **slips.HANDLERS,
}
