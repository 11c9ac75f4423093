"""The roster's file, row by row: dated shifts, days off, leave, absences, swaps, extra duties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dispatch.crews import Stations
from dispatch.roster import Span, TimeOfDay, clock_span

LONGEST_DAYS = 400


class Change(NamedTuple):
    """Somebody is away, is stood in for, or comes besides; in local time without a zone."""

    change: Literal["swap", "leave", "absence", "extra"]
    crew: str
    member: str
    substitute: str
    substitute_crew: str
    start: datetime
    end: datetime
    on_call: int


class RosterRow(BaseModel):
    """One row. Dates are those of the first and the last day on which it begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["shift", "off", "leave", "absence", "swap", "extra"]
    """`shift`: this instead of the crew's weekly pattern; `off`: the crew has none that day."""
    crew: str = Field(min_length=1)
    first: date
    last: date
    start: TimeOfDay = "00:00"
    end: TimeOfDay = "24:00"
    members: tuple[str, ...] = ()
    """Empty in a shift: the whole crew."""
    substitute: str = ""
    substitute_crew: str = ""
    """Empty: of the same crew."""
    on_call: int = Field(1, ge=1, le=3)
    author: str = ""
    approved_by: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _check(self) -> RosterRow:
        if not 0 <= (self.last - self.first).days <= LONGEST_DAYS:
            raise ValueError(f"`last`: 0 to {LONGEST_DAYS} days after `first`")
        if self.start == "24:00":
            raise ValueError("`start` is before 24:00; write 00:00 of the next day")
        if self.kind in ("leave", "absence", "swap", "extra") and len(self.members) != 1:
            raise ValueError(f"`members`: a row of {self.kind} names just one")
        if self.kind == "swap" and not (self.substitute and self.author and self.approved_by):
            raise ValueError("a swap needs `substitute`, `author` and `approved_by`")
        if self.kind == "leave" and not self.approved_by:
            raise ValueError("a leave needs `approved_by`")
        if self.kind != "swap" and (self.substitute or self.substitute_crew):
            raise ValueError("only a swap has a `substitute`")
        return self

    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def spans(self) -> Iterator[tuple[date, Span | None]]:
        """For each day the shift that begins on it; None: off."""
        for day in self.days():
            if self.kind == "off":
                yield day, None
            elif self.kind == "shift":
                yield day, Span(*clock_span(day, self.start, self.end), self.members, self.on_call)

    def changes(self) -> Iterator[Change]:
        """A leave runs through; swaps, absences and extra duties hold on each day from start to end."""
        if self.kind == "leave":
            start, _ = clock_span(self.first, self.start, "24:00")
            _, end = clock_span(self.last, "00:00", self.end)
            yield self._change(start, end)
        elif self.kind in ("absence", "swap", "extra"):
            for day in self.days():
                yield self._change(*clock_span(day, self.start, self.end))

    def _change(self, start: datetime, end: datetime) -> Change:
        assert self.kind != "shift" and self.kind != "off", "those are spans"
        return Change(
            self.kind, self.crew, self.members[0], self.substitute,
            self.substitute_crew or (self.crew if self.substitute else ""), start, end, self.on_call,
        )


class RosterFile(BaseModel):
    """The whole file, as YAML; a CSV file has the same columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[RosterRow, ...] = ()


def row_faults(stations: Stations, rows: Iterable[RosterRow]) -> Iterator[tuple[int, str, str]]:
    """Rows that name somebody who is not there: number from 0, field, what is wrong."""
    for number, row in enumerate(rows):
        crew = stations.crew(row.crew)
        if crew is None:
            yield number, "crew", f"there is no crew {row.crew}"
            continue
        names = {member.name for member in crew.members}
        for name in row.members:
            if name not in names:
                yield number, "members", f"{name} is no member of crew {row.crew}"
        other = stations.crew(row.substitute_crew) if row.substitute_crew else crew
        if other is None:
            yield number, "substitute_crew", f"there is no crew {row.substitute_crew}"
        elif row.substitute and row.substitute not in {member.name for member in other.members}:
            yield number, "substitute", f"{row.substitute} is no member of crew {other.key}"
