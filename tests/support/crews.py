"""What tests of crews say to dispatch, and what they look at."""

from __future__ import annotations

from typing import Any

from dispatch.commands import CrewReport, TicketRequest
from dispatch.crew_commands import (
    JobGiven,
)
from dispatch.model import Assignment
from dispatch.units import CrewUnit, Job
from tests.support.dispatch import Desk

EAST, FAR = (32.4302, 105.8736), (32.4148, 105.7739)


def say(desk: Desk, crew: str, status: Any, at: tuple[float, float] | None = None, **fields: str) -> None:
    latitude, longitude = at or (None, None)
    desk.dispatch.tell(
        CrewReport(event_id=desk.name(crew), at=desk.now, crew=crew, status=status, latitude=latitude,
                   longitude=longitude, **fields)
    )


def unit(desk: Desk, crew: str) -> CrewUnit:
    found = desk.dispatch.engine.state.get(CrewUnit, crew)
    assert found is not None
    return found


def assignment(desk: Desk, crew: str, call_id: str = "c") -> Assignment:
    found = {a.crew: a for a in desk.dispatch.assignments(desk.incident(call_id).key)}
    return found[crew]


def repair(desk: Desk, call_id: str = "r", business: str = "indoor_repair",
           at: tuple[float, float] | None = None) -> str:
    desk.dispatch.tell(
        TicketRequest(event_id=desk.name(call_id), at=desk.now, call_id=call_id, business=business,
                      caller="13911110000")
    )
    if at is not None:
        desk.learn("address", "某处", at=at, call_id=call_id)
    return desk.dispatch.tickets_of_call(call_id)[0].number


def job(desk: Desk, crew: str) -> Job:
    jobs = [one for one in desk.dispatch.engine.state.all(Job) if one.crew == crew]
    return max(jobs, key=lambda one: (one.assigned_at, one.key))


def give(desk: Desk, crew: str, ticket: str = "") -> None:
    desk.dispatch.tell(
        JobGiven(event_id=desk.name(crew), at=desk.now, crew=crew, ticket=ticket, person="调度")
    )


def lines(desk: Desk, what: str) -> list[str]:
    return [line for line in desk.notes.lines if line.startswith(what)]
