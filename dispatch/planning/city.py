"""A city as planners see it: households, stations, crews, people who answer: the model of config/cities/.

Every figure is an assumption until a company puts its own there. Shares and profiles are relative:
they are brought to a mean of 1, so only their shape counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dispatch.crews import Key, Text
from dispatch.roster import Shift, Weekday, uncovered_hours

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Weight = Annotated[float, Field(ge=0, le=1000)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Spread(Section):
    """A time that differs from case to case: log-normal, by its median and how far it scatters."""

    median: float = Field(gt=0)
    spread: float = Field(0.5, ge=0, le=2)
    """Standard deviation of the logarithm: 0 is always the median, 0.5 has nine of ten below 1.9 medians."""


class Place(Section):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Area(Place):
    """Where people live: densest in the middle, thinning out over `radius_km`."""

    key: Key
    name: Text
    households: int = Field(gt=0)
    radius_km: float = Field(gt=0, le=200)
    """Four of five households lie within it."""


class PlannedStation(Place):
    key: Key
    name: Text


class PlannedCrew(Section):
    """A vehicle with people; only what planning needs of it."""

    key: Key
    station: Key
    duty: Literal["always", "shifts"] = "always"
    shifts: tuple[Shift, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> PlannedCrew:
        if (self.duty == "shifts") != bool(self.shifts):
            raise ValueError("`duty: shifts` needs `shifts`, and `duty: always` has none")
        return self


class Profiles(Section):
    """Shapes over hours, weekdays and months, by name."""

    hours: dict[Name, Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)]]
    """From 00:00 to 23:00."""
    weekdays: dict[Name, Annotated[tuple[Weight, ...], Field(min_length=7, max_length=7)]]
    """Monday to Sunday."""
    months: dict[Name, Annotated[tuple[Weight, ...], Field(min_length=12, max_length=12)]]

    @model_validator(mode="after")
    def _check(self) -> Profiles:
        for kind in (self.hours, self.weekdays, self.months):
            for name, weights in kind.items():
                if not any(weights):
                    raise ValueError(f"`{name}`: at least one value must be above 0")
        return self


class Business(Section):
    """One kind of call."""

    key: Name
    """`emergency`, or a kind of business as tickets have it."""
    name: Text
    calls_per_1000_households: float = Field(ge=0, le=10_000)
    """In a year."""
    hours: Name
    weekdays: Name
    months: Name
    person_share: Share
    """How many of these callers a person answers; the machine serves the others alone."""
    talk_seconds: Spread
    """Of the person, with writing it up afterwards."""


class Demand(Section):
    """Who calls when."""

    businesses: tuple[Business, ...] = Field(min_length=1)
    day_variation: float = Field(0.0, ge=0, le=1)
    """How much whole days differ beyond chance (standard deviation of a factor with mean 1)."""

    @model_validator(mode="after")
    def _check(self) -> Demand:
        keys = [business.key for business in self.businesses]
        if len(set(keys)) < len(keys):
            raise ValueError("`businesses`: a key stands there twice")
        if "emergency" not in keys:
            raise ValueError("`businesses`: the kind `emergency` is missing")
        return self


class EmergencyKind(Section):
    """What a reported emergency turns out to be."""

    hazard: Literal["smell", "leak", "third_party_damage", "fire_explosion", "co", "alarm", "valve", "other"]
    place: Literal["indoor", "outdoor", "unknown"]
    share: Weight
    make_safe_minutes: Spread
    """From the arrival until it is safe."""
    finish_minutes: Spread
    """From then until the crew is free: repair or hand-over, re-check, papers."""


class Emergencies(Section):
    """From the call to the report."""

    kinds: tuple[EmergencyKind, ...] = Field(min_length=1)
    declared_seconds: Spread
    """From picking up until the leak is understood and the incident is open."""
    file_share: Share
    """How many callers' numbers the customer file knows with their place."""
    second_crew_minutes: Spread
    """How long a crew stays that finds another one at work."""
    located_seconds: Spread
    """Otherwise: from then until the address is known."""


class ByDayAndNight(Section):
    day: Share
    night: Share


class Phones(Section):
    """How crews and duty people take a page."""

    night: tuple[TimeOfDay, TimeOfDay]
    answer_seconds: Spread
    decide_seconds: Spread
    """From picking up until a key is pressed."""
    unanswered: ByDayAndNight
    declined: Share
    """By a crew that is free; a busy one declines unless it is nearly done."""
    nearly_done_minutes: float = Field(5, ge=0)
    """A crew that will be free so soon takes the next emergency already."""
    people_answer: Share
    """Duty centre and leaders."""


class Travel(Section):
    """On the road."""

    turnout_day_seconds: Spread
    """From accepting until the vehicle rolls and `en route` is reported."""
    turnout_night_seconds: Spread
    kmh_by_hour: Annotated[tuple[Annotated[float, Field(gt=0, le=120)], ...],
                           Field(min_length=24, max_length=24)]
    variation: float = Field(0.2, ge=0, le=1)
    """Standard deviation of the logarithm of a drive's time."""
    road_factor: float | None = Field(None, ge=1, le=5)
    """How much longer roads are than the straight line; unset: as in the dispatch policy."""


class AgentShift(Section):
    """So many people answer calls in these hours."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    start: TimeOfDay
    end: TimeOfDay
    """The same as `start`: a whole day; before it: on the next day."""
    agents: int = Field(ge=0, le=10_000)


class Agents(Section):
    """The people who answer calls, and what the company wants of them."""

    shifts: tuple[AgentShift, ...] = Field(min_length=1)
    machine_seconds: Spread
    """The greeting and the menu before a caller asks for a person."""
    patience_seconds: float = Field(gt=0)
    """Mean time (exponential) after which a waiting caller hangs up; he is called back."""
    answer_within_seconds: float = Field(gt=0)
    wanted_share: float = Field(gt=0, lt=1)


class City(Section):
    """The whole file."""

    title: Text
    about: str = ""
    start: date
    days: int = Field(365, ge=1, le=3660)
    centre_station: Key
    areas: tuple[Area, ...] = Field(min_length=1)
    stations: tuple[PlannedStation, ...] = Field(min_length=1)
    crews: tuple[PlannedCrew, ...] = Field(min_length=1)
    profiles: Profiles
    demand: Demand
    emergencies: Emergencies
    phones: Phones
    travel: Travel
    agents: Agents

    @model_validator(mode="after")
    def _check(self) -> City:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        stations = {station.key for station in self.stations}
        for what, things in (("areas", self.areas), ("stations", self.stations), ("crews", self.crews)):
            keys = [thing.key for thing in things]
            if len(set(keys)) < len(keys):
                yield f"`{what}`: a key stands there twice"
        if self.centre_station not in stations:
            yield f"`centre_station`: there is no station {self.centre_station}"
        for index, crew in enumerate(self.crews):
            if crew.station not in stations:
                yield f"`crews.{index}.station`: there is no station {crew.station}"
        yield from self._profile_faults()
        if not any(crew.duty == "always" for crew in self.crews):
            holes = uncovered_hours([shift for crew in self.crews for shift in crew.shifts])
            if holes:
                yield f"`crews`: nobody is on first call at {', '.join(holes[:4])} ({len(holes)} half hours)"

    def _profile_faults(self) -> Iterator[str]:
        for index, business in enumerate(self.demand.businesses):
            for kind in ("hours", "weekdays", "months"):
                name = getattr(business, kind)
                if name not in getattr(self.profiles, kind):
                    where = f"`demand.businesses.{index}.{kind}`"
                    yield f"{where}: there is no profile {name} in `profiles.{kind}`"

    @property
    def households(self) -> int:
        return sum(area.households for area in self.areas)

    def business(self, key: str) -> Business:
        """Raises LookupError."""
        found = next((business for business in self.demand.businesses if business.key == key), None)
        if found is None:
            raise LookupError(key)
        return found
