"""Ordinary work of crews: given out by urgency and nearness, taken back, and put off by an emergency."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch import visits
from dispatch.board import Board
from dispatch.crew_commands import JobGiven, JobWithdrawn
from dispatch.crew_states import JOB, JOB_OPEN, JobEvent, JobState, UnitState
from dispatch.crews import Crew
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.job_queue import queue_of
from dispatch.model import Assignment, Incident, Ticket
from dispatch.next_job import Chosen, Waiting, next_jobs
from dispatch.outbound import NoticeEffect
from dispatch.state import State
from dispatch.ticket_records import Clock
from dispatch.units import Job
from dispatch.work import Work


def give(work: Work, command: JobGiven) -> None:
    """A crew gets its next ticket, or a certain one. Raises NotAllowed, UnknownRecord."""
    crew = work.rules.stations.crew(command.crew)
    if crew is None:
        raise UnknownRecord(command.crew)
    board = Board(work.rules, work, work.now)
    if board.standing(crew) in (UnitState.OUT_OF_SERVICE, UnitState.OFF_DUTY) or not board.on_duty(crew):
        raise NotAllowed(f"crew {crew.key} is not on duty; choose another, or report it available")
    if board.taken(crew.key, drills=False):
        raise NotAllowed(f"crew {crew.key} has an emergency; ordinary work waits")
    if command.ticket:
        _give_ticket(work, board, crew, command)
        return
    found = next(choose(work, board, crew), None)
    if found is None:
        work.history(f"crew:{crew.key}", "no_next_job", author=command.person,
                     why="nothing waits that this crew can do")
        return
    assign(work, crew, found.waiting, found.distance_km, command.person, found.reason)


def choose(
    work: Work, board: Board, crew: Crew, may: Callable[[Waiting], bool] = lambda _: True
) -> Iterator[Chosen]:
    """What the crew would do next, in order, with reasons; of those that it `may` be given."""
    policy, roads = work.rules.policy.crews, work.rules.road_distance()
    return next_jobs(
        filter(may, queue_of(work.state).waiting(work.rules)), skills_on_duty(board, crew),
        board.position(crew)[0], roads, work.now, window=timedelta(seconds=policy.same_urgency),
        look_at=policy.look_at, zone=_zone(work),
    )


def withdraw(work: Work, command: JobWithdrawn) -> None:
    """The work is taken back and its ticket waits again. Raises NotAllowed, UnknownRecord."""
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("work is taken back only by a named person, with a reason")
    mine = [job for job in work.of_crew(Job, command.crew) if job.ticket == command.ticket]
    if not mine:
        raise UnknownRecord(f"{command.crew} {command.ticket}")
    end_job(work, mine[0], JobEvent.WITHDRAW, command.reason, author=command.person)


def job_steps(work: Work, job: Job, event: JobEvent, note: str = "", author: str = "") -> bool:
    """The crew tells how far it is. False: it changed nothing."""
    state = JOB.next(job.state, event)
    if state is None:
        work.history(job.ticket, "job_report_ignored", author=author or job.crew, status=event,
                     why=JOB.ignored[job.state, event])
        return False
    if event == JobEvent.FINISH:
        end_job(work, job, event, note or "finished", author=author or job.crew)
        return True
    changes: dict[str, object] = {"state": state, f"{state.value}_at": work.now}
    if job.acknowledged_at is None:
        changes["acknowledged_at"] = work.now
    work.put(job.model_copy(update=changes))
    work.history(job.ticket, f"job_{state}", author=author or job.crew, note=note)
    return True


def end_job(
    work: Work, job: Job, event: JobEvent, reason: str, *, author: str = "", incident: str = ""
) -> None:
    """Done, taken back, or put off by an emergency; its times go into the history."""
    state = JOB.next(job.state, event)
    if state is None:
        return
    work.put(
        job.model_copy(
            update={"state": state, "ended_at": work.now, "end_reason": reason, "preempted_by": incident}
        )
    )
    seconds: dict[str, Any] = {
        name: round((end - start).total_seconds())
        for name, start, end in (
            ("turnout_seconds", job.assigned_at, job.en_route_at),
            ("travel_seconds", job.en_route_at, job.on_scene_at),
            ("on_scene_seconds", job.on_scene_at, work.now), ("total_seconds", job.assigned_at, work.now),
        )
        if start is not None and end is not None
    }
    work.history(job.ticket, f"job_{state}", author=author, target=job.crew, reason=reason, incident=incident,
                 **seconds)


def preempt(work: Work, assignment: Assignment) -> None:
    """The crew has taken an emergency: its ordinary work waits again, and its customer is told.

    A drill takes no crew away from its work (safety rule 10).
    """
    if assignment.drill:
        return
    for job in work.of_crew(Job, assignment.crew):
        if job.state not in JOB_OPEN or job.drill:
            continue
        end_job(work, job, JobEvent.PREEMPT, "an emergency goes first", incident=assignment.incident)
        crew = work.rules.stations.crew(assignment.crew)
        text = work.rules.policy.crews.texts.preempted.format(
            crew=crew.name if crew else assignment.crew, ticket=job.ticket
        )
        work.emit(
            NoticeEffect(to="duty_centre", topic="job_preempted", ticket=job.ticket, text=text, urgent=True)
        )
        visit = visits.open_visit(work, job.ticket)
        if visit is not None:
            visits.run_late(work, visit, None, "抢修人员临时去处理险情", "", cannot_keep=True)


def ticket_over(work: Work, ticket: Ticket) -> None:
    """A closed ticket needs nobody any more, and one that became an emergency goes another way."""
    for job in work.of_ticket(Job, ticket.number):
        if job.state in JOB_OPEN:
            why = "became an emergency" if ticket.incident else ticket.close_reason or "closed"
            finished = job.state in ("on_scene", "made_safe") and not ticket.incident
            end_job(work, job, JobEvent.FINISH if finished else JobEvent.WITHDRAW, why)


def work_in_hand(state: State, crew: str) -> str:
    """The ordinary ticket on whose scene the crew is; empty: none."""
    jobs = (state.get(Job, key) for key in sorted(state.of_crew(Job, crew)))
    return next((job.ticket for job in jobs if job is not None and job.state == JobState.ON_SCENE), "")


def _give_ticket(work: Work, board: Board, crew: Crew, command: JobGiven) -> None:
    ticket = work.get(Ticket, command.ticket)
    if ticket is None or ticket.closed_at is not None:
        raise UnknownRecord(command.ticket)
    if ticket.incident and (incident := work.get(Incident, ticket.incident)) is not None and incident.open:
        raise NotAllowed(f"{ticket.number} is an emergency; it is paged, not given out")
    if any(job.state in JOB_OPEN for job in work.of_ticket(Job, ticket.number)):
        raise NotAllowed(f"another crew has {ticket.number}; take it back first")
    clocks = [clock for clock in work.of_ticket(Clock, ticket.number) if clock.open and clock.due_at]
    due = min((clock.due_at for clock in clocks if clock.due_at), default=None)
    km = None
    if ticket.latitude is not None and ticket.longitude is not None:
        km = board.km_from(crew, ticket.latitude, ticket.longitude)
    assign(work, crew, Waiting(ticket, due), km, command.person, command.reason or "指定")


def assign(
    work: Work, crew: Crew, waiting: Waiting, km: float | None, person: str, why: str
) -> None:
    """`person`: who gave it out; empty: the engine."""
    ticket = waiting.ticket
    number = len(work.of_ticket(Job, ticket.number)) + 1
    job = work.put(
        Job(
            job_id=f"{ticket.number}-J{number}", ticket=ticket.number, crew=crew.key, drill=ticket.drill,
            assigned_at=work.now, assigned_by=person, why=why, due_at=waiting.due_at, distance_km=km,
        )
    )
    work.history(ticket.number, "job_assigned", author=person, target=crew.key, job=job.key, why=why)


def skills_on_duty(board: Board, crew: Crew) -> frozenset[str]:
    """What those of the crew who are there may do today."""
    day = board.local.date()
    members = [member for member, _ in board.on_duty(crew)]
    return frozenset(one.skill for member in members for one in member.skills if one.holds(day))


def _zone(work: Work) -> ZoneInfo | None:
    zone = work.rules.timezone
    return zone if isinstance(zone, ZoneInfo) else None
