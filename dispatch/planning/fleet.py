"""Crews on the road: they take what is paged, drive, make safe, finish and drive home."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from dispatch.crews import Crew
from dispatch.distance import Position
from dispatch.planning.demand import hour_of_day


@dataclass(slots=True)
class Task:
    """What a crew has taken."""

    incident: str
    case: int
    taken_at: float
    rolled_at: float | None = None
    arrived_at: float | None = None
    over: bool = False


@dataclass(slots=True)
class Drive:
    """On the way home."""

    start: Position
    end: Position
    began: float
    ends: float

    def position(self, at: float) -> Position:
        share = min(1.0, max(0.0, (at - self.began) / max(1e-9, self.ends - self.began)))
        return Position(
            self.start.latitude + share * (self.end.latitude - self.start.latitude),
            self.start.longitude + share * (self.end.longitude - self.start.longitude),
        )


@dataclass(slots=True)
class Vehicle:
    """One crew with its vehicle."""

    crew: Crew
    home: Position
    tasks: deque[Task] = field(default_factory=deque)
    """The first is the one at hand."""
    drive: Drive | None = None
    last_place: Position | None = None
    free_at: float = 0.0
    """When it is expected to be done, as far as it knows."""
    busy_seconds: float = 0.0
    """Paged work, from taking it until it is cleared."""
    busy_by_hour: list[float] = field(default_factory=lambda: [0.0] * 24)
    cleared: int = 0
    driven_km: float = 0.0

    @property
    def busy(self) -> bool:
        return bool(self.tasks)

    def position(self, at: float) -> Position:
        """Where it is when it is not at work."""
        if self.drive is not None:
            return self.drive.position(at)
        return self.last_place or self.home

    def count_busy(self, start: float, end: float) -> None:
        self.busy_seconds += end - start
        while start < end:
            stop = min(end, (start // 3600 + 1) * 3600)
            self.busy_by_hour[hour_of_day(start)] += stop - start
            start = stop
