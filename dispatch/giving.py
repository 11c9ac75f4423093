"""Free crews are given their next ordinary ticket without being asked for (`give_next_job`).

Emergencies go first: while one waits for a crew, nothing ordinary is given out. Nobody is given work
who is off duty, out of service, rung for an emergency, or has work.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.aftermath import FREED
from dispatch.board import Board
from dispatch.crew_states import JOB_OPEN, JobState
from dispatch.crews import Crew
from dispatch.escalation import covered
from dispatch.job_queue import queue_of
from dispatch.jobs import assign, choose, skills_on_duty
from dispatch.model import CallNotes, Incident, Ticket
from dispatch.next_job import Waiting
from dispatch.outbound import NoticeEffect
from dispatch.shift_starts import next_start
from dispatch.states import IncidentState
from dispatch.ticket_records import Visit
from dispatch.units import CrewUnit, DutyChange, Job
from dispatch.work import Work


def follow(work: Work) -> None:
    """After each step: who has become free is looked at next, and somebody for each ticket that now waits."""
    if not work.rules.policy.crews.give_next_job:
        return
    own = {crew.key for crew in work.rules.stations.own_crews}
    for before, unit in work.changes(CrewUnit):
        freed = unit.state in FREED and before is not None and before.state not in FREED
        if freed and unit.crew in own:
            work.put(unit.model_copy(update={"next_job_at": work.now}))
    waiting = _now_waiting(work)
    if waiting:
        board = Board(work.rules, work, work.now)
        _know_all(work)
        for ticket in waiting:
            _wake(work, board, ticket)


def look(work: Work, crew_key: str) -> None:
    """The crew's moment has come: it gets what it should do next, if anything."""
    work.put(work.need(CrewUnit, crew_key).model_copy(update={"next_job_at": None}))
    crew = work.rules.stations.crew(crew_key)
    if crew is None or not work.rules.policy.crews.give_next_job:
        return
    board = Board(work.rules, work, work.now)
    if not _idle(board, crew):
        if not board.emergencies(crew_key) and not board.jobs(crew_key):
            _later(work, crew, next_start(work.rules, (crew,), work.live(DutyChange), work.now))
        return  # whoever has work is looked at when that ends
    if emergency_waits(work):
        _later(work, crew, work.now + timedelta(seconds=work.rules.policy.crews.next_job_again))
        return
    found = next(choose(work, board, crew, lambda one: _may(work, crew, one.ticket)), None)
    if found is None:
        _later(work, crew, next_start(work.rules, (crew,), work.live(DutyChange), work.now))
        return
    assign(work, crew, found.waiting, found.distance_km, "", found.reason)
    _tell(work, crew, found.waiting, found.reason)
    _wake_next(work)


def emergency_waits(work: Work) -> bool:
    """Whether any real emergency, here or on another node, has too few crews."""
    here = [one for one in work.live(Incident) if not one.drill]
    if any(not covered(work, one) or one.waiting_for == "crew" for one in here):
        return True
    if any(page.target_kind == "crew" for one in here for page in work.ringing(one.key)):
        return True
    there = work.elsewhere.live(Incident) if work.elsewhere is not None else []
    return any(
        not one.drill and (one.state == IncidentState.REPORTED or one.waiting_for == "crew") for one in there
    )


def _now_waiting(work: Work) -> list[Ticket]:
    """Tickets that this step has opened or changed and that nobody talks about any more."""
    ended = [notes.call_id for notes in work.changed(CallNotes) if notes.ended_at is not None]
    found = {one.number: one for call_id in ended for one in work.tickets_of_call(call_id)}
    found |= {one.number: one for one in work.changed(Ticket)}
    for job in work.changed(Job):
        ticket = work.get(Ticket, job.ticket)
        if job.state not in JOB_OPEN and ticket is not None:
            found[ticket.number] = ticket
    return [found[number] for number in sorted(found) if _waits(work, found[number])]


def _waits(work: Work, ticket: Ticket) -> bool:
    """For a crew, and nobody is on the line who may still say where."""
    talks = (work.get(CallNotes, call_id) for call_id in ticket.call_ids)
    return (
        ticket.closed_at is None and not ticket.incident and not ticket.drill
        and ticket.business in work.rules.policy.crews.field_work
        and not any(notes is not None and notes.ended_at is None for notes in talks)
        and not any(job.state in JOB_OPEN for job in work.of_ticket(Job, ticket.number))
    )


def _may(work: Work, crew: Crew, ticket: Ticket) -> bool:
    """Whether the engine may give it to that crew without a person's word.

    Not what was taken back from it, nor what a crew has been at and left (a person judges what is
    open), nor what a certain technician or a later hour was agreed for.
    """
    jobs = work.of_ticket(Job, ticket.number)
    if any(job.state == JobState.DONE or (job.crew == crew.key and job.state == JobState.WITHDRAWN)
           for job in jobs):
        return False
    soon = work.now + timedelta(seconds=work.rules.policy.crews.same_urgency)
    visits = [visit for visit in work.of_ticket(Visit, ticket.number) if visit.ended_at is None]
    return _waits(work, work.get(Ticket, ticket.number) or ticket) and all(
        visit.begins_at <= soon and visit.technician in ("", crew.key) for visit in visits
    )


def _idle(board: Board, crew: Crew) -> bool:
    return bool(
        board.on_duty(crew) and board.state(crew) in FREED
        and not board.emergencies(crew.key) and not board.jobs(crew.key)
    )


def _wake(work: Work, board: Board, ticket: Ticket) -> bool:
    """The nearest idle crew that can do it is looked at; it may get something more urgent."""
    wanted = set(work.rules.policy.crews.field_work[ticket.business])
    able = [
        crew for crew in work.rules.stations.own_crews
        if _idle(board, crew) and not _woken(work, crew) and _may(work, crew, ticket)
        and wanted <= skills_on_duty(board, crew)
    ]
    if not able:
        return False
    here = ticket.latitude, ticket.longitude
    if here[0] is not None and here[1] is not None:
        latitude, longitude = here[0], here[1]
        able.sort(key=lambda crew: board.km_from(crew, latitude, longitude))
    _later(work, able[0], work.now)
    return True


def _wake_next(work: Work) -> None:
    """More waits: another idle crew goes on with it."""
    board = Board(work.rules, work, work.now)
    if not any(_idle(board, crew) and not _woken(work, crew) for crew in work.rules.stations.own_crews):
        return
    look_at = work.rules.policy.crews.look_at
    for one, _ in zip(queue_of(work.state).waiting(work.rules), range(look_at), strict=False):
        if _waits(work, one.ticket) and _wake(work, board, one.ticket):
            return


def _know_all(work: Work) -> None:
    """Also crews of which nothing was ever told are looked at when their shift begins."""
    for crew in work.rules.stations.own_crews:
        if work.get(CrewUnit, crew.key) is None:
            start = next_start(work.rules, (crew,), work.live(DutyChange), work.now)
            if start is not None:
                _later(work, crew, start)


def _woken(work: Work, crew: Crew) -> bool:
    unit = work.get(CrewUnit, crew.key)
    return unit is not None and unit.next_job_at is not None and unit.next_job_at <= work.now


def _later(work: Work, crew: Crew, moment: datetime | None) -> None:
    unit = work.get(CrewUnit, crew.key) or CrewUnit(crew=crew.key, since=work.now)
    work.put(unit.model_copy(update={"next_job_at": moment}))


def _tell(work: Work, crew: Crew, waiting: Waiting, why: str) -> None:
    text = work.rules.policy.crews.texts.job_given.format(
        crew=crew.name, ticket=waiting.ticket.number, address=waiting.ticket.address or "地址不明", why=why,
    )
    work.emit(
        NoticeEffect(to=crew.key, topic="job_given", ticket=waiting.ticket.number, text=text, urgent=True)
    )
