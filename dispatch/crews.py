"""Stations, crews and who is phoned when no crew takes it: the model of config/stations.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dispatch import phones
from dispatch.distance import Position
from dispatch.pins import looks_hashed, pin_matches
from dispatch.roster import Shift, uncovered_hours

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Phone = Annotated[str, Field(pattern=r"^(sips?:[^\s@]+@\S+|\+?[0-9]{2,15})$")]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Station(Section):
    """Where crews wait."""

    key: Key
    name: Text
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)

    @property
    def position(self) -> Position:
        return Position(self.latitude, self.longitude)


class Contact(Section):
    """Somebody with a phone."""

    name: Text
    phone: Phone
    """SIP URI, or a number that goes over the default trunk."""


class Crew(Section):
    """People and a vehicle that go out together."""

    key: Key
    """Also what the crew presses to say who it is, when its number is not known: digits are best."""
    name: Text
    station: Key
    pin_hash: str
    """Made by `hotline crews hash-pin`."""
    members: tuple[Contact, ...] = Field(min_length=1)
    duty: Literal["always", "shifts"] = "shifts"
    """`always`: everybody, day and night; `shifts`: as the roster says."""
    shifts: tuple[Shift, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Crew:
        if not looks_hashed(self.pin_hash):
            raise ValueError("`pin_hash` is not a hash; make one with `hotline crews hash-pin`")
        names = [member.name for member in self.members]
        if len(set(names)) < len(names):
            raise ValueError("`members`: two have the same name")
        if (self.duty == "shifts") != bool(self.shifts):
            raise ValueError("`duty: shifts` needs `shifts`, and `duty: always` has none")
        for index, shift in enumerate(self.shifts):
            for name in set(shift.members) - set(names):
                raise ValueError(f"`shifts.{index}.members`: {name} is no member of this crew")
        return self

    def on_duty(self, local: datetime) -> list[tuple[Contact, int]]:
        """Members on duty with their on-call level, first call first, in the order of the file."""
        if self.duty == "always":
            return [(member, 1) for member in self.members]
        levels: dict[str, int] = {}
        for shift in self.shifts:
            if shift.covers(local):
                for name in shift.members or tuple(member.name for member in self.members):
                    levels[name] = min(levels.get(name, 9), shift.on_call)
        found = [(member, levels[member.name]) for member in self.members if member.name in levels]
        return sorted(found, key=lambda pair: pair[1])

    def pin_matches(self, pin: str) -> bool:
        return pin_matches(pin, self.pin_hash)


class Stations(Section):
    """The whole file. Every fault names its field."""

    stations: tuple[Station, ...] = Field(min_length=1)
    crews: tuple[Crew, ...] = Field(min_length=1)
    centre_station: Key
    """Whose crews go first to a place that nobody knows yet."""
    duty_centre: tuple[Contact, ...] = Field(min_length=1)
    leaders: tuple[Contact, ...] = Field(min_length=1)
    fire: Contact
    """119, as it is dialled from here."""
    alarm_places: tuple[Contact, ...] = ()
    """Phones that are rung when the chain ends, besides the duty centre."""

    @model_validator(mode="after")
    def _check(self) -> Stations:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        stations = [station.key for station in self.stations]
        yield from _twice("stations", stations)
        yield from _twice("crews", [crew.key for crew in self.crews])
        if self.centre_station not in stations:
            yield f"`centre_station`: there is no station {self.centre_station}"
        for index, crew in enumerate(self.crews):
            if crew.station not in stations:
                yield f"`crews.{index}.station`: there is no station {crew.station}"
        if not any(crew.duty == "always" for crew in self.crews):
            holes = uncovered_hours([shift for crew in self.crews for shift in crew.shifts])
            if holes:
                yield f"`crews`: nobody is on first call at {', '.join(holes[:4])} ({len(holes)} half hours)"

    def station(self, key: str) -> Station | None:
        return self._stations_by_key.get(key)

    def crew(self, key: str) -> Crew | None:
        return self._crews_by_key.get(key)

    @cached_property
    def _stations_by_key(self) -> dict[str, Station]:
        return {station.key: station for station in self.stations}

    @cached_property
    def _crews_by_key(self) -> dict[str, Crew]:
        return {crew.key: crew for crew in self.crews}

    @cached_property
    def _last_duty(self) -> dict[datetime, list[Crew]]:
        """Who is on duty in the minute that was last asked for: shifts change on the minute."""
        return {}

    def crew_of_phone(self, phone: str) -> Crew | None:
        """Whose phone is calling; None for strangers and withheld numbers."""
        for crew in self.crews:
            if any(phones.same(member.phone, phone) for member in crew.members):
                return crew
        return None

    def position_of(self, crew: Crew) -> Position:
        """Where the crew is taken to be: its station."""
        station = self.station(crew.station)
        assert station is not None, "checked when the file was read"
        return station.position

    def crews_on_duty(self, now: datetime, timezone: tzinfo) -> list[Crew]:
        local = now.astimezone(timezone).replace(second=0, microsecond=0)
        if local not in self._last_duty:
            self._last_duty.clear()
            self._last_duty[local] = [crew for crew in self.crews if crew.on_duty(local)]
        return list(self._last_duty[local])


def _twice(what: str, keys: list[str]) -> Iterator[str]:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"`{what}`: the key {key} stands there twice"
