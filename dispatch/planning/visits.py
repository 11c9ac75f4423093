"""Ordinary visits: tickets that technicians work off in the order in which dispatch gives them out."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.planning.figures import Share, Times


@dataclass(frozen=True, slots=True)
class VisitGroup:
    """Visits of one kind of business."""

    business: str
    name: str
    visits: int
    done: int
    on_time: Share
    """Of those that the service standard promises a time for."""
    wait: Times
    """From the report until somebody is there."""
    total: Times
    """Until it is done."""


@dataclass(frozen=True, slots=True)
class TechnicianYear:
    """The technicians of one station."""

    station: str
    technicians: int
    duty_hours: float
    busy_hours: float
    visits: int

    @property
    def utilisation(self) -> float:
        return self.busy_hours / self.duty_hours if self.duty_hours else 0.0


@dataclass(frozen=True, slots=True)
class VisitYear:
    """All of them."""

    businesses: tuple[VisitGroup, ...]
    stations: tuple[TechnicianYear, ...]
    still_open: int
    decisions: int
