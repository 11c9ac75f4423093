"""What is kept of a play: one row for each emergency, and what the crews did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dispatch.model import Assignment, Incident, Page, Ticket
from dispatch.state import State


@dataclass(frozen=True, slots=True)
class Emergency:
    """One incident from the report to the close; seconds count from the report."""

    case: int
    """Of the incident's first report."""
    at: float
    """Of the report, seconds from the beginning."""
    latitude: float
    longitude: float
    hazard: str
    distance_km: float | None
    target_seconds: float
    beyond_bands: bool
    first_page: float | None
    accepted: float | None
    en_route: float | None
    on_scene: float | None
    made_safe: float | None
    closed: float | None
    """None: still open when the play ended."""
    first_crew: str
    """Who arrived first."""
    pages: int
    crews: int
    """How many took it."""
    rounds: int
    """How often the chain ended and began again."""

    @property
    def in_target(self) -> bool:
        return self.on_scene is not None and self.on_scene <= self.target_seconds


@dataclass(frozen=True, slots=True)
class CrewYear:
    """One crew over the whole period."""

    key: str
    name: str
    station: str
    duty_hours: float
    busy_hours: float
    tasks: int
    driven_km: float
    busy_by_hour: tuple[float, ...]
    """Seconds by the hour of the day."""

    @property
    def utilisation(self) -> float:
        return self.busy_hours / self.duty_hours if self.duty_hours else 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """The outcome of one play."""

    emergencies: tuple[Emergency, ...]
    crews: tuple[CrewYear, ...]
    alarms: int
    decisions: int
    """Commands and timers that the engine decided."""
    unfinished: int
    """Emergencies still open at the end."""


def emergency_of(state: State, incident: Incident, case: int, begin: datetime) -> Emergency:
    """From the engine's own records."""
    def since(moment: datetime | None) -> float | None:
        return None if moment is None else (moment - incident.reported_at).total_seconds()

    assignments = [found for key in state.of_incident(Assignment, incident.key)
                   if (found := state.get(Assignment, key)) is not None]
    arrived = [(one.on_scene_at, one.crew) for one in assignments if one.on_scene_at is not None]
    return Emergency(
        case=case, at=(incident.reported_at - begin).total_seconds(), latitude=incident.latitude or 0.0,
        longitude=incident.longitude or 0.0, hazard=incident.hazard, distance_km=incident.distance_km,
        target_seconds=(incident.target_at - incident.reported_at).total_seconds(),
        beyond_bands=incident.beyond_bands, first_page=since(incident.first_page_at),
        accepted=since(incident.accepted_at), en_route=since(incident.en_route_at),
        on_scene=since(incident.on_scene_at), made_safe=since(incident.made_safe_at),
        closed=since(incident.closed_at), first_crew=min(arrived)[1] if arrived else "",
        pages=len(state.of_incident(Page, incident.key)),
        crews=sum(1 for one in assignments if one.acknowledged_at is not None), rounds=incident.round,
    )


def case_number(state: State, incident: Incident) -> int:
    """Which emergency the incident's first report is. Raises LookupError."""
    ticket = state.get(Ticket, incident.tickets[0]) if incident.tickets else None
    if ticket is None or not ticket.call_ids:
        raise LookupError(incident.key)
    return int(ticket.call_ids[0].removeprefix("c"))


def by_case(emergencies: Mapping[str, Emergency]) -> tuple[Emergency, ...]:
    return tuple(sorted(emergencies.values(), key=lambda one: one.at))
