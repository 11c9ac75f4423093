"""Several cities: each plays for itself, or all under one dispatch whose nearest crew crosses borders."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dispatch.crews import Key, Text
from dispatch.planning.city import Area, City, Place, PlannedCrew, PlannedStation


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(Section):
    """One city of a province: a file as it is, or one that is like another, elsewhere and of another size."""

    key: Key
    title: Text
    file: Annotated[str, Field(min_length=1)]
    """Beside the province's file."""
    centre: Place | None = None
    """Where the middle of the file's centre station comes to lie; unset: where it is."""
    households: int | None = Field(None, gt=0)
    """Unset: as many as there."""
    crews_per_station: int = Field(0, ge=0, le=50)
    """So many more crews at each station than there, day and night."""
    agents_factor: float = Field(1, gt=0, le=100)


class Province(Section):
    """The whole file."""

    title: Text
    about: str = ""
    mutual_aid: bool = False
    """One dispatch for all: the nearest crew goes, whatever city it is of."""
    cities: tuple[Region, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Province:
        keys = [region.key for region in self.cities]
        if len(set(keys)) < len(keys):
            raise ValueError("`cities`: a key stands there twice")
        return self


def cities_of(province: Province, files: Mapping[str, City]) -> list[City]:
    """The plan of each city; `files`: each named file, read."""
    return [placed(region, files[region.file]) for region in province.cities]


def placed(region: Region, city: City) -> City:
    """The file's city at its place and of its size, with keys that are its own in the province."""
    move = _mover(region, city)
    grow = (region.households or city.households) / city.households
    prefix = region.key
    crews = [*city.crews, *(
        PlannedCrew(key=f"{station.key}-{number}", station=station.key)
        for station in city.stations for number in range(1, region.crews_per_station + 1)
    )]
    return City.model_validate({
        **dict(city), "title": region.title, "centre_station": _own(prefix, city.centre_station),
        "areas": [_area(area, prefix, move, grow) for area in city.areas],
        "stations": [_station(station, prefix, move) for station in city.stations],
        "crews": [_crew(crew, prefix) for crew in crews],
        "agents": _agents(city, region.agents_factor),
    })


def merged(title: str, cities: Sequence[City]) -> City:
    """All under one dispatch: the first city's profiles, times and demand hold for all."""
    first = cities[0]
    return City.model_validate({
        **dict(first), "title": title,
        "areas": [area for city in cities for area in city.areas],
        "stations": [station for city in cities for station in city.stations],
        "crews": [crew for city in cities for crew in city.crews],
        "agents": first.agents.model_copy(
            update={"shifts": tuple(shift for city in cities for shift in city.agents.shifts)}
        ),
    })


def _own(prefix: str, key: str) -> str:
    return f"{prefix}-{key}"[:32]


class _Move:
    """Carries places along, so that distances stay as they are."""

    def __init__(self, start: Place, end: Place) -> None:
        self._start, self._end = start, end
        self._stretch = math.cos(math.radians(start.latitude)) / math.cos(math.radians(end.latitude))

    def __call__(self, place: Place) -> dict[str, float]:
        east = (place.longitude - self._start.longitude) * self._stretch
        return {"latitude": round(self._end.latitude + place.latitude - self._start.latitude, 6),
                "longitude": round(self._end.longitude + east, 6)}


def _mover(region: Region, city: City) -> _Move:
    start = next(station for station in city.stations if station.key == city.centre_station)
    return _Move(start, region.centre or start)


def _area(area: Area, prefix: str, move: _Move, grow: float) -> Area:
    own = {"key": _own(prefix, area.key), "households": max(1, round(area.households * grow))}
    return area.model_copy(update=own | move(area))


def _station(station: PlannedStation, prefix: str, move: _Move) -> PlannedStation:
    return station.model_copy(update={"key": _own(prefix, station.key)} | move(station))


def _crew(crew: PlannedCrew, prefix: str) -> PlannedCrew:
    own = {"key": _own(prefix, crew.key), "station": _own(prefix, crew.station)}
    return crew.model_copy(update=own)


def _agents(city: City, factor: float) -> object:
    shifts = tuple(
        shift.model_copy(update={"agents": max(1, round(shift.agents * factor))})
        for shift in city.agents.shifts
    )
    return city.agents.model_copy(update={"shifts": shifts})
