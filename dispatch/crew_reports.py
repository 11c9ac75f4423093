"""What crews tell: how far they are, where, that they need help, what is open, that they are out (B9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import slips, welfare
from dispatch.assignments import assignment_of, crew_steps, forecast
from dispatch.board import Board
from dispatch.commands import CrewReport
from dispatch.crew_commands import RoutesKnown
from dispatch.crew_states import JOB_OPEN, JobEvent
from dispatch.escalation import ensure_paged
from dispatch.following import now_of
from dispatch.jobs import end_job, job_steps
from dispatch.model import COVERING, Assignment, Incident, Ticket
from dispatch.outbound import NoticeEffect
from dispatch.policy import travel
from dispatch.recommend import recommend
from dispatch.reinforce import offer
from dispatch.states import ASSIGNMENT, INCIDENT, AssignmentEvent, AssignmentState, IncidentEvent
from dispatch.units import CrewUnit, Job
from dispatch.work import Work

STEPS = {
    "acknowledged": AssignmentEvent.ACKNOWLEDGE, "en_route": AssignmentEvent.EN_ROUTE,
    "on_scene": AssignmentEvent.ON_SCENE, "made_safe": AssignmentEvent.MADE_SAFE,
    "cleared": AssignmentEvent.CLEARED, "finished": AssignmentEvent.CLEARED,
}
JOB_STEPS = {
    "acknowledged": JobEvent.ACKNOWLEDGE, "en_route": JobEvent.EN_ROUTE, "on_scene": JobEvent.ON_SCENE,
    "made_safe": JobEvent.MADE_SAFE, "cleared": JobEvent.FINISH, "finished": JobEvent.FINISH,
}
OF_UNIT = ("returning", "available", "off_duty", "out_of_service", "position")
LONGEST_WAY_HOME = timedelta(hours=4)
BEFORE_SCENE = (AssignmentState.ACKNOWLEDGED, AssignmentState.EN_ROUTE)


def report(work: Work, command: CrewReport) -> None:
    """Everything that a crew, or the dispatcher in its place, can say."""
    if command.latitude is not None and command.longitude is not None:
        _position(work, command)
    if command.status in OF_UNIT:
        _unit_report(work, command)
        return
    job = _job_meant(work, command)
    if job is not None:
        _job_report(work, job, command)
        return
    incident = _incident(work, command.incident)
    if incident is None or not incident.open:
        work.history(command.incident or command.crew, "crew_report_unmatched",
                     author=command.author or command.crew, status=command.status, note=command.note)
        return
    if command.status in STEPS:
        _step(work, incident, command)
    elif command.status == "needs_help":
        _needs_help(work, incident, command)
    elif command.status == "well":
        welfare.well(work, incident.key, command.crew)
    elif command.status == "rechecked":
        _rechecked(work, incident, command)
    else:
        _unsolved(work, incident, command)


def resolve(work: Work, command: CrewReport) -> CrewReport:
    """What the report is about when the crew names nothing.

    The emergency that it has; else the ordinary work that it has begun; else what it was paged or
    given last.
    """
    if command.incident:
        return replace(command, incident=now_of(work, command.incident))
    if command.ticket or command.status in OF_UNIT:
        return command
    mine = [a for a in work.of_crew(Assignment, command.crew) if _open(work, a)]
    taken = [a for a in mine if a.state in COVERING]
    begun = [job for job in work.of_crew(Job, command.crew) if job.acknowledged_at is not None]
    if begun and not taken:
        return replace(command, ticket=max(begun, key=lambda job: (job.assigned_at, job.key)).ticket)
    latest = max(taken or mine, key=lambda a: a.acknowledged_at or a.assigned_at, default=None)
    return replace(command, incident=latest.incident) if latest else command


def _open(work: Work, assignment: Assignment) -> bool:
    incident = work.get(Incident, assignment.incident)
    return incident is not None and incident.open


def _incident(work: Work, named: str) -> Incident | None:
    """The named one; when it was joined to another, that."""
    incident = work.get(Incident, named)
    while incident is not None and incident.joined_into:
        incident = work.get(Incident, incident.joined_into)
    return incident


def _job_meant(work: Work, command: CrewReport) -> Job | None:
    """The ordinary work that the report is about: the named ticket's, or what the crew has in hand."""
    mine = [job for job in work.of_crew(Job, command.crew) if job.state in JOB_OPEN]
    if command.ticket:
        return next((job for job in mine if job.ticket == command.ticket), None)
    if command.incident:
        return None
    return max(mine, key=lambda job: (JOB_OPEN.index(job.state), job.assigned_at), default=None)


def _job_report(work: Work, job: Job, command: CrewReport) -> None:
    if command.status in JOB_STEPS:
        job_steps(work, job, JOB_STEPS[command.status], command.note, command.author)
        return
    if command.status == "unsolved":
        work.put(job.model_copy(update={"unsolved": (*job.unsolved, command.note)}))
        _on_the_list(work, job.ticket, command)
    author = command.author or command.crew
    work.history(job.ticket, f"job_{command.status}", author=author, note=command.note)
    if command.status == "needs_help":
        _notice(work, "needs_help", "", job.ticket, crew=_name(work, command.crew), address="",
                note=command.note)


def _step(work: Work, incident: Incident, command: CrewReport) -> None:
    event = STEPS[command.status]
    mine = assignment_of(work, incident, command.crew)
    if event == AssignmentEvent.CLEARED and mine.state in COVERING and mine.rechecked_at is None:
        work.history(incident.key, "cleared_without_recheck", author=command.crew,
                     why="no leak re-check was reported (S0 §22(6))")
    if not crew_steps(work, incident.key, command.crew, event, command.note):
        return
    if event == AssignmentEvent.CLEARED:
        intervals(work, work.need(Assignment, mine.key))


def intervals(work: Work, assignment: Assignment) -> None:
    """Turnout, travel, on scene, in all: into the history when it is over."""
    found = seconds_of(assignment)
    work.history(assignment.incident, "crew_intervals", target=assignment.crew,
                 **{name: str(value) for name, value in found.items()})


def seconds_of(assignment: Assignment) -> dict[str, int]:
    """What of an assignment has been measured, in seconds: turnout, travel, on_scene, total."""
    one = assignment
    pairs = {
        "turnout": (one.acknowledged_at, one.en_route_at), "travel": (one.en_route_at, one.on_scene_at),
        "on_scene": (one.on_scene_at, one.cleared_at), "total": (one.assigned_at, one.cleared_at),
    }
    return {
        name: max(0, round((end - start).total_seconds()))
        for name, (start, end) in pairs.items() if start is not None and end is not None
    }


def _needs_help(work: Work, incident: Incident, command: CrewReport) -> None:
    """One more crew at once, and the dispatcher hears it and why: one call, not an alarm besides."""
    mine = assignment_of(work, incident, command.crew)
    work.put(mine.model_copy(update={"help_asked": mine.help_asked + 1}))
    there = sum(1 for a in work.assignments(incident.key) if a.state in COVERING and not a.overdue)
    work.put(
        work.need(Incident, incident.key).model_copy(
            update={"crews_wanted": max(incident.crews_wanted, there + 1)}
        )
    )
    work.history(incident.key, "help_needed", author=command.author or command.crew, note=command.note)
    _notice(work, "needs_help", incident.key, "", crew=_name(work, command.crew),
            address=incident.address or "地址不明", note=command.note or "没有说明原因")


def _rechecked(work: Work, incident: Incident, command: CrewReport) -> None:
    """The leak re-check after the repair (S0 §22(6), S3)."""
    mine = assignment_of(work, incident, command.crew)
    leaks = command.note.startswith("gas_found")
    work.put(mine.model_copy(update={"rechecked_at": None if leaks else work.now}))
    work.history(incident.key, "leak_rechecked", author=command.author or command.crew, note=command.note,
                 result="gas_found" if leaks else "no_gas")
    if leaks:
        _not_safe_again(work, incident, mine.key)
        _notice(work, "leak_again", incident.key, "", crew=_name(work, command.crew),
                address=incident.address, note=command.note)


def _not_safe_again(work: Work, incident: Incident, assignment_id: str) -> None:
    """What was made safe is not: who leaves now is replaced, until it is made safe once more."""
    mine = work.need(Assignment, assignment_id)
    state = ASSIGNMENT.next(mine.state, AssignmentEvent.GAS_AGAIN)
    if state is not None:
        work.put(mine.model_copy(update={"state": state, "made_safe_at": None}))
    again = INCIDENT.next(incident.state, IncidentEvent.GAS_AGAIN)
    if again is not None:
        work.put(incident.model_copy(update={"state": again, "made_safe_at": None}))
        work.history(incident.key, "not_safe_again", author=mine.crew, why="the check has found gas")


def _unsolved(work: Work, incident: Incident, command: CrewReport) -> None:
    """An open point for the next step (遗留问题, S3)."""
    mine = assignment_of(work, incident, command.crew)
    work.put(mine.model_copy(update={"unsolved": (*mine.unsolved, command.note)}))
    for number in incident.tickets[:1]:
        work.history(number, "unsolved_point", author=command.author or command.crew, note=command.note)
        _on_the_list(work, number, command)
    work.history(incident.key, "unsolved_point", author=command.author or command.crew, note=command.note)
    _notice(work, "unsolved", incident.key, "", crew=_name(work, command.crew), address=incident.address,
            note=command.note)


def _on_the_list(work: Work, number: str, command: CrewReport) -> None:
    ticket = work.get(Ticket, number)
    if ticket is not None:
        slips.crew_found(work, ticket, command.crew, command.note, command.author or command.crew)


# ---- the crew as a unit
def unit_of(work: Work, crew: str) -> CrewUnit:
    return work.get(CrewUnit, crew) or CrewUnit(crew=crew, since=work.now)


def _position(work: Work, command: CrewReport) -> None:
    """Where the crew is; its forecasts are made anew with it."""
    work.put(
        unit_of(work, command.crew).model_copy(
            update={
                "latitude": command.latitude, "longitude": command.longitude, "position_at": work.now,
                "position_from": "reported",
            }
        )
    )
    for assignment in work.of_crew(Assignment, command.crew):
        if assignment.state in BEFORE_SCENE:
            forecast(work, assignment.key)


def _unit_report(work: Work, command: CrewReport) -> None:
    author = command.author or command.crew
    if command.status == "position":
        return
    unit = unit_of(work, command.crew)
    if command.status == "out_of_service":
        _out(work, command, unit, author)
        return
    has_it = [a for a in work.of_crew(Assignment, command.crew) if a.state in COVERING and not a.drill]
    if has_it and command.status in ("off_duty", "returning", "available"):
        work.history(has_it[0].incident, "crew_report_ignored", author=author, status=command.status,
                     why="it has an emergency; it must clear it first")
        return
    changes: dict[str, object] = {"reason": command.note, "author": author}
    if command.status == "available":
        changes |= {"out_at": None, "off_duty_at": None, "returning_until": None}
    elif command.status == "off_duty":
        changes |= {"off_duty_at": work.now, "returning_until": None}
    else:
        changes |= {"returning_until": back_at(work, command.crew)}
    work.put(unit.model_copy(update=changes))


def _out(work: Work, command: CrewReport, unit: CrewUnit, author: str) -> None:
    """A broken vehicle, no crew: with reason and author. On the way to an emergency: the next as well."""
    reason = command.note or "没有说明原因"
    work.put(unit.model_copy(update={
        "out_at": work.now, "returning_until": None, "reason": reason, "author": author,
    }))
    name = _name(work, command.crew)
    _notice(work, "out_of_service", "", "", crew=name, reason=reason, author=author)
    for assignment in work.of_crew(Assignment, command.crew):
        if assignment.state in BEFORE_SCENE:
            incident = work.need(Incident, assignment.incident)
            work.put(work.need(Assignment, assignment.key).model_copy(update={"overdue": True}))
            work.history(incident.key, "broken_on_the_way", author=author, target=command.crew, why=reason)
            _notice(work, "broken_on_the_way", incident.key, "", crew=name, address=incident.address,
                    reason=reason)
            if incident.open:
                ensure_paged(work, incident.key)
    for job in work.of_crew(Job, command.crew):
        if job.state not in ("on_scene", "made_safe"):
            end_job(work, job, JobEvent.WITHDRAW, f"out of service: {reason}", author=author)


def routes_known(work: Work, command: RoutesKnown) -> None:
    """The routing service has answered: forecasts are made anew, and a late one brings the next crew."""
    for assignment in work.assignments(command.incident):
        if assignment.state in BEFORE_SCENE:
            forecast(work, assignment.key)
    incident = work.get(Incident, command.incident)
    if incident is None or not incident.open:
        return
    found = recommend(Board(work.rules, work, work.now), incident, set())
    nearest = next((one for one in found if one.free and one.own), None)
    if nearest is not None:
        offer(work, nearest.crew.key)


def crew_back(work: Work, crew: str) -> None:
    """A returning crew should be at its station by now."""
    unit = work.need(CrewUnit, crew)
    work.put(unit.model_copy(update={"returning_until": None}))


def back_at(work: Work, crew_key: str) -> datetime:
    """When a crew that drives home from here should be there."""
    crew = work.rules.stations.crew(crew_key)
    if crew is None:
        return work.now
    board = Board(work.rules, work, work.now)
    home = work.rules.stations.position_of(crew)
    drive = travel(work.rules.policy, board.km_from(crew, *home))
    return work.now + min(max(drive, timedelta(minutes=1)), LONGEST_WAY_HOME)


def _name(work: Work, crew_key: str) -> str:
    crew = work.rules.stations.crew(crew_key)
    return crew.name if crew else crew_key


def _notice(work: Work, topic: str, incident: str, ticket: str, **values: str) -> None:
    """The dispatcher is told, in the policy's words."""
    text: str = getattr(work.rules.policy.crews.texts, topic)
    work.emit(
        NoticeEffect(to="duty_centre", topic=topic, incident=incident, ticket=ticket,
                     text=text.format(**values), urgent=True)
    )
