"""A crew on scene that says nothing is asked whether all is well; without an answer somebody goes and looks.

Read from the assignment: `welfare_at` is when it is asked next, `welfare_asked` how often it was asked
since it last said something.
"""

from __future__ import annotations

from datetime import timedelta

from dispatch.escalation import page_next, sound_alarm
from dispatch.model import Assignment, Incident
from dispatch.outbound import NoticeEffect, WelfareEffect
from dispatch.states import AssignmentState
from dispatch.units import CrewUnit
from dispatch.work import Work

THERE = (AssignmentState.ON_SCENE, AssignmentState.MADE_SAFE)
ASKS = 2
"""Asked so often without an answer, the crew counts as in need."""
_SAID = ("state", "help_asked", "rechecked_at", "unsolved")
"""What changes in an assignment when its crew says something."""


def watch(work: Work) -> None:
    """After every step of work: who has said something is left alone for the whole time again."""
    moved = {unit.crew for unit in work.changed(CrewUnit) if unit.position_at == work.now}
    for before, after in work.changes(Assignment):
        if before is None or any(getattr(before, name) != getattr(after, name) for name in _SAID):
            _heard(work, after)
    for crew in moved:
        for assignment in work.of_crew(Assignment, crew):
            _heard(work, assignment)


def well(work: Work, incident_id: str, crew: str) -> None:
    """The crew says that all is well."""
    for assignment in work.assignments(incident_id):
        if assignment.crew == crew:
            work.history(incident_id, "welfare_well", author=crew)
            _heard(work, assignment)


def _heard(work: Work, assignment: Assignment) -> None:
    there = assignment.state in THERE
    at = work.now + timedelta(seconds=work.rules.policy.times.welfare) if there else None
    if there or assignment.welfare_at is not None:
        work.put(assignment.model_copy(update={"welfare_at": at, "welfare_asked": 0}))


def due(work: Work, assignment_id: str) -> None:
    """It has been silent for too long: asked by phone, and again; then it counts as in need."""
    assignment = work.need(Assignment, assignment_id)
    times = work.rules.policy.times
    if assignment.welfare_asked >= ASKS:
        _silent(work, assignment)
        return
    asked = assignment.welfare_asked + 1
    until = work.now + timedelta(seconds=times.welfare_answer)
    work.put(assignment.model_copy(update={"welfare_asked": asked, "welfare_at": until}))
    work.emit(WelfareEffect(incident=assignment.incident, crew=assignment.crew, attempt=asked))
    work.history(assignment.incident, "welfare_asked", target=assignment.crew, attempt=asked)


def _silent(work: Work, assignment: Assignment) -> None:
    """Alarm, the next crew and the leaders; and it goes on being asked."""
    incident = work.need(Incident, assignment.incident)
    again = work.now + timedelta(seconds=work.rules.policy.times.welfare)
    work.put(assignment.model_copy(update={"welfare_asked": 0, "welfare_at": again}))
    work.history(incident.key, "welfare_silent", target=assignment.crew,
                 why="on scene and does not answer; dispatcher, leaders and the next crew are called")
    sound_alarm(work, incident.key, "welfare")
    crew = work.rules.stations.crew(assignment.crew)
    name, address = crew.name if crew else assignment.crew, incident.address or "不明"
    text = f"{name}在现场没有应答安全询问，地址{address}。"
    work.emit(NoticeEffect(to="leaders", topic="welfare_silent", incident=incident.key, text=text,
                           urgent=True))
    page_next(work, incident.key, crews_only=True)
