"""What is true of each emergency, whoever comes: drawn once, so that what-ifs play the same emergencies."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.distance import Position
from dispatch.planning.chance import case, draw
from dispatch.planning.city import City
from dispatch.planning.demand import Calls, kinds_of_emergencies


@dataclass(slots=True)
class Case:
    """One emergency."""

    number: int
    at: float
    """When the caller is picked up, seconds from the beginning."""
    declared_at: float
    located_at: float | None
    """When the address is known; None: the customer file knows it."""
    hazard: str
    place: str
    position: Position
    make_safe_seconds: float
    finish_seconds: float
    second_crew_seconds: float
    talk_seconds: float

    @property
    def call_id(self) -> str:
        return f"c{self.number}"


def make_cases(city: City, calls: Calls, seed: int) -> list[Case]:
    """All emergencies of the period, in order."""
    emergency = [business.key for business in city.demand.businesses].index("emergency")
    indexes = calls.of(emergency).tolist()
    kinds = kinds_of_emergencies(city, len(indexes), seed)
    return [_case(city, calls, index, kind, seed) for index, kind in zip(indexes, kinds, strict=True)]


def _case(city: City, calls: Calls, index: int, kind_number: int, seed: int) -> Case:
    chance = case(seed, "case", index)
    rules, kind = city.emergencies, city.emergencies.kinds[kind_number]
    at = float(calls.at[index])
    declared_at = at + draw(chance, rules.declared_seconds)
    known = chance.random() < rules.file_share
    located_at = declared_at + draw(chance, rules.located_seconds)
    return Case(
        number=index, at=at, declared_at=declared_at, located_at=None if known else located_at,
        hazard=kind.hazard, place=kind.place, position=calls.place(index),
        make_safe_seconds=60 * draw(chance, kind.make_safe_minutes),
        finish_seconds=60 * draw(chance, kind.finish_minutes),
        second_crew_seconds=60 * draw(chance, rules.second_crew_minutes),
        talk_seconds=float(calls.talk[index]),
    )
