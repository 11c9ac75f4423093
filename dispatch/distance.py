"""How far it is by road; a routing service plugs in behind `RoadDistance`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import structlog
from geopy.distance import geodesic

log = structlog.get_logger()


class Position(NamedTuple):
    """WGS-84, degrees."""

    latitude: float
    longitude: float


class RoadDistance(Protocol):
    def km(self, start: Position, end: Position) -> float:
        """Kilometres by road. May raise; the straight line then counts."""
        ...


@dataclass(frozen=True, slots=True)
class GeodesicRoads:
    """The straight line over the earth's ellipsoid, times how much longer roads are."""

    road_factor: float

    def km(self, start: Position, end: Position) -> float:
        return line_km(start, end) * self.road_factor


@lru_cache(maxsize=65_536)
def line_km(start: Position, end: Position) -> float:
    """The straight line over the ellipsoid; kept, because one incident asks for the same ones again."""
    return float(geodesic(start, end).km)


@dataclass(frozen=True, slots=True)
class SafeRoads:
    """Asks a routing service and falls back to the straight line: no fault there delays a page."""

    first: RoadDistance
    fallback: GeodesicRoads

    def km(self, start: Position, end: Position) -> float:
        try:
            distance = self.first.km(start, end)
            if distance >= 0:
                return distance
            log.warning("road_distance_negative")
        except Exception as error:
            # Whatever a plugged-in service raises, the crew goes.
            log.warning("road_distance_failed", error=type(error).__name__)
        return self.fallback.km(start, end)
