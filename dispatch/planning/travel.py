"""How long a drive takes, by the hour of the day."""

from __future__ import annotations

import random

from dispatch.distance import GeodesicRoads, Position, RoadDistance
from dispatch.planning.chance import draw
from dispatch.planning.city import City
from dispatch.planning.demand import HOUR, hour_of_day


class Roads:
    """One city's roads."""

    def __init__(self, city: City, roads: RoadDistance) -> None:
        self._travel = city.travel
        self._night = city.phones.night
        factor = city.travel.road_factor
        self._roads = GeodesicRoads(factor) if factor is not None else roads

    def km(self, start: Position, end: Position) -> float:
        return self._roads.km(start, end)

    def drive_seconds(self, chance: random.Random, start: Position, end: Position, at: float) -> float:
        """By the speed of the hour in which it begins; no drive is exactly like another."""
        kmh = self._travel.kmh_by_hour[hour_of_day(at)]
        luck = chance.lognormvariate(0, self._travel.variation)
        return self.km(start, end) / kmh * HOUR * luck

    def turnout_seconds(self, chance: random.Random, at: float) -> float:
        travel = self._travel
        night = self.is_night(at)
        return draw(chance, travel.turnout_night_seconds if night else travel.turnout_day_seconds)

    def is_night(self, at: float) -> bool:
        start, end = (int(clock[:2]) + int(clock[3:]) / 60 for clock in self._night)
        hour = at / HOUR % 24
        return start <= hour < end if start < end else hour >= start or hour < end
