"""All figures of a period together, measured against the aims of the service standard (E4: S2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from pydantic import BaseModel, ConfigDict, Field

from dispatch.crews import Stations
from dispatch.reporting import arrivals, crews, promises
from dispatch.reporting.material import Material
from dispatch.reporting.table import Table


class Aim(BaseModel):
    """A share that is to be reached, where it stands, and whose demand it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    table: str
    column: str = "share"
    at_least: float = Field(ge=0, le=1)
    clause: str = ""


class Aims(BaseModel):
    """The file config/report.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    aims: tuple[Aim, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """An aim and what became of it; `value` None: nothing to judge by."""

    aim: Aim
    value: float | None

    @property
    def reached(self) -> bool | None:
        return None if self.value is None else self.value >= self.aim.at_least


@dataclass(frozen=True, slots=True)
class Report:
    material: Material
    tables: tuple[Table, ...]
    judged: tuple[Judged, ...]

    def table(self, key: str) -> Table:
        """Raises KeyError."""
        for table in self.tables:
            if table.key == key:
                return table
        raise KeyError(key)


def make_report(
    material: Material, stations: Stations, zone: tzinfo, titles: Mapping[str, str], aims: Aims
) -> Report:
    """`titles`: business → as staff calls it."""
    tables = (
        arrivals.by_band(material), arrivals.by_station(material, stations),
        arrivals.by_crew(material, stations), arrivals.by_hour(material, zone),
        crews.intervals(material, stations), crews.pages(material, stations), crews.escalation(material),
        promises.on_time(material, titles), promises.first_time_fix(material, titles),
        promises.callbacks(material), promises.tickets(material, titles),
    )  # fmt: skip
    report = Report(material, tables, ())
    return Report(material, tables, tuple(Judged(aim, _value(report, aim)) for aim in aims.aims))


def _value(report: Report, aim: Aim) -> float | None:
    """Of the last row, which is the total."""
    values = report.table(aim.table).values(aim.column)
    value = values[-1] if values else None
    return float(value) if isinstance(value, int | float) else None


