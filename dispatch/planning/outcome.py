"""What a plan comes to, as figures: for tables, plots and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dispatch.planning.answering import Answering
from dispatch.planning.city import City
from dispatch.planning.demand import HOUR, day_of, hour_of_day
from dispatch.planning.figures import Group, group, groups
from dispatch.planning.records import CrewYear, Emergency, Played

BEYOND = "beyond the bands"


@dataclass(frozen=True, slots=True)
class StationYear:
    key: str
    name: str
    crews: int
    duty_hours: float
    busy_hours: float
    tasks: int

    @property
    def utilisation(self) -> float:
        return self.busy_hours / self.duty_hours if self.duty_hours else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One plan, played."""

    title: str
    days: int
    households: int
    calls: int
    emergencies: Group
    bands: tuple[Group, ...]
    by_station: tuple[Group, ...]
    """By the station of the crew that arrived first."""
    by_hour: tuple[Group, ...]
    by_month: tuple[Group, ...]
    crews: tuple[CrewYear, ...]
    stations: tuple[StationYear, ...]
    pages: int
    escalations: int
    """How often the whole chain had ended and began again."""
    alarms: int
    reinforcements: int
    """Crews that took an emergency besides the first."""
    unfinished: int
    decisions: int
    answering: Answering | None

    def plain(self) -> dict[str, Any]:
        """For JSON: seconds, shares from 0 to 1."""
        told = asdict(self)
        told["crews"] = [asdict(one) | {"utilisation": one.utilisation} for one in self.crews]
        told["stations"] = [asdict(one) | {"utilisation": one.utilisation} for one in self.stations]
        return told


def outcome(
    city: City, played: Played, calls: int, answering: Answering | None
) -> Outcome:
    found = played.emergencies
    station_of = {crew.key: crew.station for crew in played.crews}
    return Outcome(
        title=city.title, days=city.days, households=city.households, calls=calls,
        emergencies=group("all", found), bands=tuple(_by_band(found)),
        by_station=tuple(groups(found, lambda one: station_of.get(one.first_crew, "nobody"))),
        by_hour=tuple(groups(found, lambda one: f"{hour_of_day(one.at):02d}")),
        by_month=tuple(groups(found, lambda one: f"{day_of(city, one.at):%Y-%m}")),
        crews=played.crews, stations=_stations(city, played.crews), pages=sum(one.pages for one in found),
        escalations=sum(one.rounds for one in found), alarms=played.alarms,
        reinforcements=sum(max(0, one.crews - 1) for one in found), unfinished=played.unfinished,
        decisions=played.decisions, answering=answering,
    )


def _by_band(found: Sequence[Emergency]) -> list[Group]:
    def minutes(one: Emergency) -> str:
        return BEYOND if one.beyond_bands else f"{one.target_seconds / 60:g} min"

    names = sorted({one.target_seconds for one in found if not one.beyond_bands})
    return groups(found, minutes, [f"{seconds / 60:g} min" for seconds in names])


def _stations(city: City, crews: Sequence[CrewYear]) -> tuple[StationYear, ...]:
    rows = []
    for station in city.stations:
        mine = [crew for crew in crews if crew.station == station.key]
        rows.append(StationYear(
            key=station.key, name=station.name, crews=len(mine), tasks=sum(crew.tasks for crew in mine),
            duty_hours=sum(crew.duty_hours for crew in mine),
            busy_hours=sum(crew.busy_hours for crew in mine),
        ))
    return tuple(rows)


def busy_share_by_hour(crews: Sequence[CrewYear], days: int) -> list[float]:
    """The mean number of crews at work in each hour of the day."""
    return [sum(crew.busy_by_hour[hour] for crew in crews) / (days * HOUR) for hour in range(24)]
