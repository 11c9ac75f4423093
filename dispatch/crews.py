"""Stations, crews and who is phoned when no crew takes it: the model of config/stations.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dispatch import phones
from dispatch.distance import Position
from dispatch.pins import looks_hashed, pin_matches
from dispatch.roster import Shift, uncovered_hours

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Phone = Annotated[str, Field(pattern=r"^(sips?:[^\s@]+@\S+|\+?[0-9]{2,15})$")]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""Of a skill or a piece of equipment, as incident types and businesses ask for it."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Station(Section):
    """Where crews wait."""

    key: Key
    name: Text
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    company: str = ""
    """Of a neighbouring company that helps out; empty: our own."""
    lends: str = ""
    """What a neighbour lends, by the agreement, in words."""
    equipment: tuple[Name, ...] = ()
    """What lies there for every crew of the station to take along."""

    @property
    def position(self) -> Position:
        return Position(self.latitude, self.longitude)


class Contact(Section):
    """Somebody with a phone."""

    name: Text
    phone: Phone
    """SIP URI, or a number that goes over the default trunk."""
    channels: dict[Key, str] = Field(default_factory=dict)
    """Address by channel of config/paging.yaml: a number, a mailbox, whom a robot mentions (or empty)."""

    def address(self, channel: str) -> str | None:
        """Where a channel reaches this person; None: not at all."""
        return self.phone if channel == "phone" else self.channels.get(channel)


class Certificate(Section):
    """What somebody may do, and until when."""

    skill: Name
    number: str = ""
    until: date | None = None
    """The last day on which it holds; None: for good."""

    def holds(self, day: date) -> bool:
        return self.until is None or day <= self.until


class Member(Contact):
    """Somebody of a crew."""

    skills: tuple[Certificate, ...] = ()
    """Names alone, or certificates with number and last day."""

    @field_validator("skills", mode="before")
    @classmethod
    def _names(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple):
            return given
        return [{"skill": one} if isinstance(one, str) else one for one in given]

    def can(self, skill: str, day: date) -> bool:
        return any(one.skill == skill and one.holds(day) for one in self.skills)


class Vehicle(Section):
    """What a crew drives."""

    plate: Text
    kind: Text
    equipment: tuple[Name, ...] = ()


class CoverRule(Section):
    """Something that must be there at every hour of the year."""

    title: Text
    station: Key | None = None
    """Of this station's crews; unset: of any of ours."""
    skills: tuple[Name, ...] = ()
    """What the people on duty together must be able to do."""
    on_call: int = Field(3, ge=1, le=3)
    """Up to which on-call level people count."""


class Crew(Section):
    """People and a vehicle that go out together."""

    key: Key
    """Also what the crew presses to say who it is, when its number is not known: digits are best."""
    name: Text
    station: Key
    pin_hash: str
    """Made by `hotline crews hash-pin`."""
    members: tuple[Member, ...] = Field(min_length=1)
    vehicles: tuple[Vehicle, ...] = ()
    equipment: tuple[Name, ...] = ()
    """What the crew carries, whatever it drives."""
    duty: Literal["always", "shifts", "roster"] = "shifts"
    """`always`: everybody, day and night; `shifts`: as stands here; `roster`: by the roster's file alone."""
    shifts: tuple[Shift, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Crew:
        if not looks_hashed(self.pin_hash):
            raise ValueError("`pin_hash` is not a hash; make one with `hotline crews hash-pin`")
        names = [member.name for member in self.members]
        if len(set(names)) < len(names):
            raise ValueError("`members`: two have the same name")
        if (self.duty == "shifts") != bool(self.shifts):
            raise ValueError("`duty: shifts` needs `shifts`, and `always` and `roster` have none")
        for index, shift in enumerate(self.shifts):
            for name in set(shift.members) - set(names):
                raise ValueError(f"`shifts.{index}.members`: {name} is no member of this crew")
        return self

    def on_duty(self, local: datetime) -> list[tuple[Member, int]]:
        """Members on duty with their on-call level, first call first, in the order of the file.

        By the crew's own shifts alone; `dispatch.duty` knows the roster.
        """
        if self.duty == "always":
            return [(member, 1) for member in self.members]
        levels: dict[str, int] = {}
        for shift in self.shifts:
            if shift.covers(local):
                for name in shift.members or tuple(member.name for member in self.members):
                    levels[name] = min(levels.get(name, 9), shift.on_call)
        found = [(member, levels[member.name]) for member in self.members if member.name in levels]
        return sorted(found, key=lambda pair: pair[1])

    def can(self, skill: str, members: Iterable[Member], day: date) -> bool:
        """Whether one of these members may do it on that day."""
        return any(member.can(skill, day) for member in members)

    def has(self, equipment: str) -> bool:
        return equipment in self.equipment or any(equipment in v.equipment for v in self.vehicles)

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
    coverage: tuple[CoverRule, ...] = (CoverRule(title="一线值班", on_call=1),)
    """What every hour of the year must have."""

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
        for index, rule in enumerate(self.coverage):
            if rule.station is not None and rule.station not in stations:
                yield f"`coverage.{index}.station`: there is no station {rule.station}"
        if self.centre_station in {station.key for station in self.stations if station.company}:
            yield "`centre_station`: is a neighbour's"
        ours = self.own_crews
        if not ours:
            yield "`crews`: none is of a station of our own"
        elif not any(crew.duty in ("always", "roster") for crew in ours):
            holes = uncovered_hours([shift for crew in ours for shift in crew.shifts])
            if holes:
                yield f"`crews`: nobody is on first call at {', '.join(holes[:4])} ({len(holes)} half hours)"

    def station(self, key: str) -> Station | None:
        return self._stations_by_key.get(key)

    def crew(self, key: str) -> Crew | None:
        return self._crews_by_key.get(key)

    @property
    def own_crews(self) -> tuple[Crew, ...]:
        """Those that are not a neighbour's."""
        return tuple(crew for crew in self.crews if crew.station not in self._neighbours)

    def lent(self, crew: Crew) -> bool:
        """Whether it is a neighbour's, who helps out."""
        return crew.station in self._neighbours

    def has(self, crew: Crew, equipment: str) -> bool:
        """Whether the crew has it, or can take it along from its station."""
        return equipment in self._equipment.get(crew.key, ())

    @cached_property
    def _neighbours(self) -> frozenset[str]:
        return frozenset(station.key for station in self.stations if station.company)

    @cached_property
    def _equipment(self) -> dict[str, frozenset[str]]:
        """By crew: all that it has or can take along."""
        at = {station.key: station.equipment for station in self.stations}
        return {
            crew.key: frozenset((
                *crew.equipment, *at.get(crew.station, ()),
                *(piece for vehicle in crew.vehicles for piece in vehicle.equipment),
            ))
            for crew in self.crews
        }

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
