"""What follows from every step for the crews, whatever the step was.

Crews' states follow their work; ordinary work gives way to an emergency that was taken; an emergency
that wants more crews gets them; it is said at once when nobody can be in time; who becomes free
nearer is offered. Nobody is released by any of it (safety rule 6).
"""

from __future__ import annotations

from dispatch import reinforce
from dispatch.board import Board
from dispatch.crew_reports import back_at
from dispatch.crew_states import UNIT, UnitEvent, UnitState
from dispatch.jobs import preempt, ticket_over
from dispatch.model import COVERING, Assignment, Incident, Page, Ticket
from dispatch.units import CrewUnit, Job
from dispatch.work import Work

FREED = (UnitState.AVAILABLE, UnitState.RETURNING)
AWAY = (UnitState.EN_ROUTE, UnitState.ON_SCENE, UnitState.MADE_SAFE)
_SAID = (UnitState.OFF_DUTY, UnitState.OUT_OF_SERVICE)
"""With reason and author."""


def settle(work: Work) -> None:
    """Called once, when a command or timer has done its own."""
    _give_way(work)
    for ticket in work.changed(Ticket):
        if ticket.closed_at is not None or ticket.incident:
            ticket_over(work, ticket)
    moved = _follow(work)
    incidents = _touched(work)
    for incident_id in incidents:
        reinforce.what_if(work, incident_id)
        reinforce.as_many_as_wanted(work, incident_id)
    for crew in moved:
        reinforce.offer(work, crew)
    if incidents or moved:
        _follow(work)


def _give_way(work: Work) -> None:
    """Ordinary work of crews that have just taken an emergency."""
    for assignment in work.changed(Assignment):
        before = work.before(Assignment, assignment.key)
        if assignment.state in COVERING and (before is None or before.state not in COVERING):
            preempt(work, assignment)


def _touched(work: Work) -> list[str]:
    """Open incidents that this step has changed."""
    keys = {incident.key for incident in work.changed(Incident)}
    keys |= {assignment.incident for assignment in work.changed(Assignment)}
    keys |= {page.incident for page in work.changed(Page)}
    found = (work.get(Incident, key) for key in sorted(keys))
    return [incident.key for incident in found if incident is not None and incident.open]


def _follow(work: Work) -> list[str]:
    """Crews' states after their work. Returns those that have become free, or are somewhere else."""
    crews = {assignment.crew for assignment in work.changed(Assignment)}
    crews |= {job.crew for job in work.changed(Job)} | {unit.crew for unit in work.changed(CrewUnit)}
    crews |= {a.crew for incident in work.changed(Incident) if not incident.open
              for a in work.assignments(incident.key)}
    if not crews:
        return []
    board = Board(work.rules, work, work.now)
    return [crew for crew in sorted(crews) if _follow_one(work, board, crew)]


def _follow_one(work: Work, board: Board, key: str) -> bool:
    crew = work.rules.stations.crew(key)
    if crew is None:
        return False
    known = work.get(CrewUnit, key)
    unit = known or CrewUnit(crew=key, since=work.now)
    unit = unit.model_copy(update=_at_the_scene(work, key))
    target = board.state(crew)
    if unit.off_duty_at is not None and board.standing(crew) == UnitState.AVAILABLE:
        unit = unit.model_copy(update={"off_duty_at": None})  # its next shift has begun
    if unit.state in AWAY and target == UnitState.AVAILABLE:
        # It leaves a scene: on its way home it is free for an emergency.
        unit = work.put(unit.model_copy(update={"returning_until": back_at(work, key)}))
        target = UnitState.RETURNING
    state = UNIT.next(unit.state, UnitEvent(target.value))
    if state is not None:
        was = unit.state
        unit = unit.model_copy(update={"state": state, "since": work.now})
        work.history(f"crew:{key}", "crew_state", author=unit.author if state in _SAID else "", was=was,
                     state=state, reason=unit.reason if state in _SAID else "")
    if unit != known and (state is not None or known is not None):
        work.put(unit)
    before = work.before(CrewUnit, key)
    freed = unit.state in FREED and (before is None or before.state not in FREED) and before is not None
    moved = before is None or unit.position_at != before.position_at
    return unit.state in FREED and (freed or (moved and unit.position_at is not None))


def _at_the_scene(work: Work, crew: str) -> dict[str, object]:
    """Who has just arrived, or leaves, is where the incident is."""
    for assignment in work.changed(Assignment):
        if assignment.crew != crew or assignment.on_scene_at is None:
            continue
        incident = work.get(Incident, assignment.incident)
        here = assignment.on_scene_at == work.now or assignment.cleared_at == work.now
        unit = work.get(CrewUnit, crew)
        told = unit is not None and unit.position_at == work.now
        if here and incident is not None and incident.located and not told:
            return {"latitude": incident.latitude, "longitude": incident.longitude,
                    "position_at": work.now, "position_from": "scene"}
    return {}
