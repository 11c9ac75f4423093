"""What a report is made from: the records of a period, real ones or drills, never both (rule 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from dispatch.model import Assignment, Callback, Incident, Page, Ticket
from dispatch.ticket_records import Clock, Slip, Visit


@dataclass(frozen=True)
class Material:
    """Incidents reported and tickets opened in the period, with all that belongs to them."""

    since: datetime
    until: datetime
    """Not included."""
    now: datetime
    """What is open and due before then is late."""
    drills: bool = False
    incidents: tuple[Incident, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    pages: tuple[Page, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    clocks: tuple[Clock, ...] = ()
    """Of tickets opened in the period."""
    visits: tuple[Visit, ...] = ()
    slips: tuple[Slip, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    """Asked for in the period."""
    repaired_before: frozenset[str] = field(default_factory=frozenset)
    """Tickets of which a later one is the follow-up."""

    @cached_property
    def crews_of(self) -> dict[str, list[Assignment]]:
        """Incident → its assignments, the first at the scene first."""
        found: dict[str, list[Assignment]] = {}
        for assignment in self.assignments:
            found.setdefault(assignment.incident, []).append(assignment)
        for group in found.values():
            group.sort(key=lambda a: (a.on_scene_at is None, a.on_scene_at or a.assigned_at, a.key))
        return found

    @cached_property
    def pages_of(self) -> dict[str, list[Page]]:
        """Incident → its pages, the first first."""
        found: dict[str, list[Page]] = {}
        for page in self.pages:
            found.setdefault(page.incident, []).append(page)
        for group in found.values():
            group.sort(key=lambda p: (p.ordered_at, p.key))
        return found
