"""How far it is by road; a routing service plugs in behind `RoadDistance`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import structlog
from geopy.distance import geodesic

log = structlog.get_logger()
EQUATOR_KM, ECCENTRICITY_SQUARED = 6378.137, 0.00669437999014
"""WGS-84."""
NEAR_RADIANS = math.radians(1)
MIDDLE_RADIANS = math.radians(60)


class Position(NamedTuple):
    """WGS-84, degrees."""

    latitude: float
    longitude: float


class RoadDistance(Protocol):
    def km(self, start: Position, end: Position) -> float:
        """Kilometres by road, at once. May raise; the straight line then counts."""
        ...


class RoadTime(Protocol):
    """A routing service that knows how long it takes, too."""

    def seconds(self, start: Position, end: Position) -> float:
        """Driving time, at once. May raise; distance by the usual speed then counts."""
        ...


class RouteNotKnownError(Exception):
    """The routing service has not answered yet, or cannot: nothing to be logged, the line counts."""


@dataclass(frozen=True, slots=True)
class GeodesicRoads:
    """The straight line over the earth's ellipsoid, times how much longer roads are."""

    road_factor: float

    def km(self, start: Position, end: Position) -> float:
        return line_km(start, end) * self.road_factor


@lru_cache(maxsize=65_536)
def line_km(start: Position, end: Position) -> float:
    """The straight line over the ellipsoid; kept, because one incident asks for the same ones again.

    Within a region by the ellipsoid's radii at the middle latitude (right to 1 in 100,000, in 1 µs),
    beyond that by the geodesic (a hundred times slower).
    """
    middle = math.radians((start.latitude + end.latitude) / 2)
    north = math.radians(end.latitude - start.latitude)
    east = math.radians(end.longitude - start.longitude)
    if abs(north) > NEAR_RADIANS or abs(east) > NEAR_RADIANS or abs(middle) > MIDDLE_RADIANS:
        return float(geodesic(start, end).km)
    flat = 1 - ECCENTRICITY_SQUARED * math.sin(middle) ** 2
    meridian_km = EQUATOR_KM * (1 - ECCENTRICITY_SQUARED) / flat**1.5
    across_km = EQUATOR_KM / math.sqrt(flat)
    return math.hypot(meridian_km * north, across_km * math.cos(middle) * east)


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
        except RouteNotKnownError:
            pass
        except Exception as error:
            # Whatever a plugged-in service raises, the crew goes.
            log.warning("road_distance_failed", error=type(error).__name__)
        return self.fallback.km(start, end)
