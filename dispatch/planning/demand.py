"""Who calls when, from where and about what, over the whole period: a Poisson process by the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from dispatch.distance import Position
from dispatch.planning.chance import Floats, draws, stream
from dispatch.planning.city import Area, Business, City

DAY = 86_400
HOUR = 3_600
WITHIN_RADIUS = 1.794
"""Standard deviations within which four of five points of a round normal distribution lie."""
KM_PER_DEGREE = 111.2
_DAYS, _CALLS, _KINDS = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Calls:
    """All calls in order of time; the arrays belong together."""

    at: Floats
    """Seconds from the beginning (local midnight of the first day)."""
    business: npt.NDArray[np.int64]
    """Which of `City.demand.businesses`."""
    person: npt.NDArray[np.bool_]
    """Whether a person answers."""
    talk: Floats
    """Seconds of that person."""
    latitude: Floats
    longitude: Floats

    def __len__(self) -> int:
        return len(self.at)

    def place(self, index: int) -> Position:
        return Position(float(self.latitude[index]), float(self.longitude[index]))

    def of(self, business: int) -> npt.NDArray[np.int64]:
        """Indexes of the calls of one kind."""
        found: npt.NDArray[np.int64] = np.flatnonzero(self.business == business)
        return found


def hourly_rates(city: City, business: Business) -> Floats:
    """Expected calls in each hour of the period."""
    yearly = business.calls_per_1000_households * city.households / 1000
    hours = _even(city.profiles.hours[business.hours])
    weekdays = _even(city.profiles.weekdays[business.weekdays])
    months = _even(city.profiles.months[business.months])
    days = [city.start + timedelta(days=number) for number in range(city.days)]
    by_day = np.array([weekdays[day.weekday()] * months[day.month - 1] for day in days])
    rates: Floats = np.outer(by_day, hours).ravel() * yearly / (365 * 24)
    return rates


def _even(weights: Sequence[float]) -> Floats:
    shape = np.array(weights, dtype=float)
    even: Floats = shape / shape.mean()
    return even


def make_calls(city: City, seed: int) -> Calls:
    """The same seed gives the same callers, whatever crews and stations there are."""
    days = _day_factors(city, seed)
    parts = [
        _of_business(city, number, business, days, seed)
        for number, business in enumerate(city.demand.businesses)
    ]
    at = np.concatenate([part.at for part in parts])
    order = np.argsort(at, kind="stable")
    fields = ("business", "person", "talk", "latitude", "longitude")
    joined = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in fields}
    return Calls(at=at[order], **joined)


def _day_factors(city: City, seed: int) -> Floats:
    """Storms, cold, school holidays: whole days that are busier or quieter than chance makes them."""
    variance = city.demand.day_variation**2
    if variance == 0:
        return np.ones(city.days * 24)
    factors = stream(seed, _DAYS).gamma(1 / variance, variance, city.days)
    return np.repeat(factors, 24)


def _of_business(city: City, number: int, business: Business, days: Floats, seed: int) -> Calls:
    chance = stream(seed, _CALLS, number)
    counts = chance.poisson(hourly_rates(city, business) * days)
    hours = np.repeat(np.arange(len(counts)), counts)
    total = len(hours)
    latitude, longitude = _places(city.areas, chance, total)
    return Calls(
        at=(hours + chance.random(total)) * HOUR, business=np.full(total, number),
        person=chance.random(total) < business.person_share,
        talk=draws(chance, business.talk_seconds, total),
        latitude=latitude, longitude=longitude,
    )


def _places(areas: Sequence[Area], chance: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    households = np.array([area.households for area in areas], dtype=float)
    chosen = chance.choice(len(areas), size=count, p=households / households.sum())
    middle = np.array([(area.latitude, area.longitude) for area in areas])[chosen]
    scatter_km = np.array([area.radius_km / WITHIN_RADIUS for area in areas])[chosen]
    north, east = chance.normal(0, 1, (2, count)) * scatter_km / KM_PER_DEGREE
    return middle[:, 0] + north, middle[:, 1] + east / np.cos(np.radians(middle[:, 0]))


def kinds_of_emergencies(city: City, count: int, seed: int) -> list[int]:
    """What each emergency turns out to be: which of `City.emergencies.kinds`."""
    shares = np.array([kind.share for kind in city.emergencies.kinds], dtype=float)
    chosen = stream(seed, _KINDS).choice(len(shares), size=count, p=shares / shares.sum())
    return [int(kind) for kind in chosen]


def hour_of_day(seconds: float) -> int:
    return int(seconds % DAY // HOUR)


def day_of(city: City, seconds: float) -> date:
    return city.start + timedelta(days=int(seconds // DAY))
