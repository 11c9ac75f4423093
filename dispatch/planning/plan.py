"""A city's stations and crews as dispatch knows them, with phones that nobody has."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from dispatch.crews import Stations
from dispatch.pins import hash_pin
from dispatch.planning.city import City, PlannedCrew
from dispatch.rules import Rules

PEOPLE = "+86139000000"
"""Numbers that are never dialled: the plan's phones are played."""


@lru_cache(maxsize=1)
def _pin() -> str:
    return hash_pin("0000", b"only for planning")


def stations_of(city: City) -> Stations:
    """Stations and crews of the plan."""
    crews = [_crew(number, crew) for number, crew in enumerate(city.crews)]
    return Stations.model_validate({
        "stations": [station.model_dump() for station in city.stations], "crews": crews,
        "centre_station": city.centre_station,
        "duty_centre": [{"name": "调度值班室", "phone": f"{PEOPLE}01"}],
        "leaders": [{"name": "值班领导", "phone": f"{PEOPLE}02"}],
        "fire": {"name": "消防119", "phone": "119"},
    })


def _crew(number: int, crew: PlannedCrew) -> dict[str, Any]:
    return {
        "key": crew.key, "name": f"{crew.key}班", "station": crew.station, "pin_hash": _pin(),
        "members": [{"name": f"{crew.key}班长", "phone": f"+86138{number:08d}"}], "duty": crew.duty,
        "shifts": [shift.model_dump() for shift in crew.shifts],
    }


def planned(city: City, rules: Rules) -> Rules:
    """The rules that are in force, for the stations and crews of the plan."""
    return replace(rules, stations=stations_of(city))
