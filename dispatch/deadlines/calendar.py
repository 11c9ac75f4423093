"""Working days of the Chinese statutory calendar: the library's years, and the operators' own table.

The State Council announces a year in the November before. Until the library or the table has it,
days are taken by weekends, what is counted from them is provisional, and nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated

import chinese_calendar
from pydantic import Field, model_validator

from dispatch.deadlines.grammar import Section, Text

SATURDAY = 5
LONGEST_HOLIDAY_DAYS = 31
FIXED = ((1, 1), (5, 1), (10, 1))
"""Free by law in every year: a table without them is unfinished."""


class Span(Section):
    """A holiday, first and last day included."""

    name: Text
    first: date
    last: date

    @model_validator(mode="after")
    def _check(self) -> Span:
        if not 0 <= (self.last - self.first).days < LONGEST_HOLIDAY_DAYS:
            raise ValueError(f"`last`: 0 to {LONGEST_HOLIDAY_DAYS - 1} days after `first`")
        return self

    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


class MakeUp(Section):
    """A Saturday or Sunday on which people work."""

    name: Text
    day: date

    @model_validator(mode="after")
    def _check(self) -> MakeUp:
        if self.day.weekday() < SATURDAY:
            raise ValueError("`day`: a make-up day is a Saturday or Sunday; this one is worked anyway")
        return self


class YearTable(Section):
    """One announcement."""

    holidays: tuple[Span, ...] = Field(min_length=1)
    make_up_days: tuple[MakeUp, ...] = ()


class CalendarTable(Section):
    """The whole file."""

    warn_weeks_ahead: int = Field(6, ge=1, le=52)
    """So long before a year without a calendar begins, the alarm is raised."""
    years: dict[Annotated[int, Field(ge=2000, le=2200)], YearTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> CalendarTable:
        for year, table in self.years.items():
            _check_year(year, table)
        return self


@dataclass(frozen=True, slots=True)
class Day:
    """What one day is."""

    working: bool
    name: str
    """Of the holiday, or of the holiday that it makes up for; empty for a plain day."""
    known: bool
    """Whether its year has a calendar."""


class WorkCalendar:
    """Which days are worked. The operators' table wins over the library, year by year."""

    def __init__(self, table: CalendarTable | None = None) -> None:
        self.table = table or CalendarTable()
        self._days: dict[date, Day] = {}
        for own in self.table.years.values():
            for span in own.holidays:
                self._days.update({day: Day(False, span.name, True) for day in span.days()})
            for made_up in own.make_up_days:
                self._days[made_up.day] = Day(True, made_up.name, True)

    def known(self, year: int) -> bool:
        """Whether the library or the table has the year."""
        return year in self.table.years or year in library_years()

    def day(self, day: date) -> Day:
        """What the day is; by weekends where its year has no calendar."""
        own = self._days.get(day)
        if own is not None:
            return own
        if day.year not in self.table.years and day.year in library_years():
            free, name = chinese_calendar.get_holiday_detail(day)
            return Day(not free, name or "", True)
        return Day(day.weekday() < SATURDAY, "", self.known(day.year))


@cache
def library_years() -> frozenset[int]:
    """The years that the installed library has; it grows with its releases."""
    years = {day.year for day in chinese_calendar.holidays}
    return frozenset(range(min(years), max(years) + 1))


def calendar_gaps(calendar: WorkCalendar, now: datetime, weeks: int | None = None) -> tuple[int, ...]:
    """Years without a calendar that are running or begin within `weeks`; unset: as the table says."""
    ahead = timedelta(weeks=calendar.table.warn_weeks_ahead if weeks is None else weeks)
    return tuple(
        year for year in range(now.year, (now + ahead).year + 1) if not calendar.known(year)
    )


def gap_advice(year: int) -> str:
    """What to do about a year without a calendar."""
    return (f"no calendar of {year}: working days are counted by weekends and due times are provisional; "
            f"add {year} to the calendar file as the State Council announces it")


def _check_year(year: int, table: YearTable) -> None:
    free = [day for span in table.holidays for day in span.days()]
    worked = [made_up.day for made_up in table.make_up_days]
    for day in [*free, *worked]:
        # New Year's announcement reaches back into December.
        if day.year != year and not (day.year == year - 1 and day.month == 12):
            raise ValueError(f"`years.{year}`: {day} is not of that year")
    doubled = {day for day in [*free, *worked] if [*free, *worked].count(day) > 1}
    if doubled:
        raise ValueError(f"`years.{year}`: {min(doubled)} stands there twice")
    for month, day_of_month in FIXED:
        day = date(year, month, day_of_month)
        if day not in free:
            raise ValueError(f"`years.{year}`: {day} is free by law; enter the whole announcement")
