"""What if there were one more crew, station or agent: changes of a plan as a command line writes them.

`crews@lizhou=+1` one more crew there, day and night; `crews=+1` where it helps most;
`station=+1` a new station with one crew where it helps most; `station@32.41,105.80=+1` there;
`agents=+2`; `households=*1.1`, `speed=*0.9`, `emergencies=*1.5`.
Several together: `crews@lizhou=+1,agents=+1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dispatch.errors import DispatchError
from dispatch.planning.city import City, PlannedCrew, PlannedStation

What = Literal["crews", "station", "agents", "households", "speed", "emergencies"]
COUNTED: tuple[What, ...] = ("crews", "station", "agents")
SCALED: tuple[What, ...] = ("households", "speed", "emergencies")
_CHANGE = re.compile(r"(?P<what>[a-z]+)(?:@(?P<place>[^=]+))?=(?P<how>[+*-])(?P<amount>\d+(?:\.\d+)?)")
_PLACE = re.compile(r"(?P<latitude>-?\d+(?:\.\d+)?),(?P<longitude>-?\d+(?:\.\d+)?)")


class NoSuchChange(DispatchError):
    """A what-if is written as `crews@lizhou=+1`; see docs/planning.md for all kinds."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a plan."""

    what: What
    place: str = ""
    """Key of a station, or latitude and longitude; empty: everywhere, or where it helps most."""
    amount: float = 1

    @property
    def needs_place(self) -> bool:
        """Whether the best place has to be found first."""
        return self.what in ("crews", "station") and not self.place and self.amount > 0

    def __str__(self) -> str:
        sign = f"*{self.amount:g}" if self.what in SCALED else f"{self.amount:+g}"
        return f"{self.what}{'@' if self.place else ''}{self.place}={sign}"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Changes that are played together."""

    changes: tuple[Change, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.changes))


def parse(text: str) -> WhatIf:
    """Raises NoSuchChange, saying what is wrong."""
    parts = re.split(r",(?=[a-z])", text.strip())
    return WhatIf(tuple(_change(part.strip()) for part in parts))


def _change(text: str) -> Change:
    found = _CHANGE.fullmatch(text)
    if found is None:
        raise NoSuchChange(f"{text!r}: write it as crews@lizhou=+1, agents=+2 or households=*1.1")
    what, place, how = found["what"], found["place"] or "", found["how"]
    kinds = (*COUNTED, *SCALED)
    if what not in kinds:
        raise NoSuchChange(f"{text!r}: {what} cannot be changed; there are {', '.join(kinds)}")
    kind: What = next(one for one in kinds if one == what)
    if (how == "*") != (kind in SCALED):
        raise NoSuchChange(f"{text!r}: {what} is changed with {'*' if kind in SCALED else '+ or -'}")
    amount = float(found["amount"])
    if how != "*" and amount != int(amount):
        raise NoSuchChange(f"{text!r}: {what} are counted in whole numbers")
    if kind in SCALED and (place or not amount):
        raise NoSuchChange(f"{text!r}: {what} holds for the whole city, by a factor above 0")
    if kind == "station" and (how == "-" or (place and not _PLACE.fullmatch(place))):
        raise NoSuchChange(f"{text!r}: a new station is station=+1 or station@LATITUDE,LONGITUDE=+1")
    return Change(kind, place, -amount if how == "-" else amount)


def apply(city: City, what_if: WhatIf) -> City:
    """The plan with the changes; those that need a place have one by now. Raises NoSuchChange."""
    for change in what_if.changes:
        city = _APPLY[change.what](city, change)
    return city


def _checked(city: City, **changes: object) -> City:
    """The plan is checked again: nobody may be on first call at some hour, for instance."""
    try:
        return City.model_validate({**dict(city), **changes})
    except ValueError as error:
        raise NoSuchChange(str(error)) from error


def _crews(city: City, change: Change) -> City:
    here = [crew for crew in city.crews if change.place in ("", crew.station)]
    if not any(station.key == change.place for station in city.stations):
        raise NoSuchChange(f"{change}: there is no station {change.place!r}")
    if change.amount < 0:
        gone = {crew.key for crew in here[int(change.amount):]}
        if len(here) < -change.amount:
            raise NoSuchChange(f"{change}: {change.place} has {len(here)} crews")
        return _checked(city, crews=tuple(crew for crew in city.crews if crew.key not in gone))
    return _checked(city, crews=(*city.crews, *_new_crews(city, change.place, int(change.amount))))


def _new_crews(city: City, station: str, count: int) -> list[PlannedCrew]:
    taken = {crew.key for crew in city.crews}
    names = (f"{station[:24]}-new{number}" for number in range(1, 1000))
    free = [name for name in names if name not in taken][:count]
    return [PlannedCrew(key=name, station=station) for name in free]


def _station(city: City, change: Change) -> City:
    found = _PLACE.fullmatch(change.place)
    if found is None:
        raise NoSuchChange(f"{change}: a station needs a place")
    for number in range(int(change.amount)):
        key = next(f"new{n}" for n in range(1, 1000) if all(s.key != f"new{n}" for s in city.stations))
        station = PlannedStation(
            key=key, name=f"新站{key.removeprefix('new')}", latitude=float(found["latitude"]) + number * 1e-6,
            longitude=float(found["longitude"]),
        )
        city = _checked(
            city, stations=(*city.stations, station), crews=(*city.crews, *_new_crews(city, key, 1))
        )
    return city


def _agents(city: City, change: Change) -> City:
    shifts = tuple(
        shift.model_copy(update={"agents": max(0, shift.agents + int(change.amount))})
        for shift in city.agents.shifts
    )
    return _checked(city, agents=city.agents.model_copy(update={"shifts": shifts}))


def _households(city: City, change: Change) -> City:
    areas = tuple(
        area.model_copy(update={"households": max(1, round(area.households * change.amount))})
        for area in city.areas
    )
    return _checked(city, areas=areas)


def _speed(city: City, change: Change) -> City:
    kmh = tuple(min(120.0, kmh * change.amount) for kmh in city.travel.kmh_by_hour)
    return _checked(city, travel=city.travel.model_copy(update={"kmh_by_hour": kmh}))


def _emergencies(city: City, change: Change) -> City:
    businesses = tuple(
        one.model_copy(update={"calls_per_1000_households": one.calls_per_1000_households * change.amount})
        if one.key == "emergency" else one
        for one in city.demand.businesses
    )
    return _checked(city, demand=city.demand.model_copy(update={"businesses": businesses}))


_APPLY = {
    "crews": _crews, "station": _station, "agents": _agents,
    "households": _households, "speed": _speed, "emergencies": _emergencies,
}
