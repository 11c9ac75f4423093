"""Who of a crew is on duty by its weekly shifts, in local time; holidays and make-up days have own rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dispatch.deadlines.calendar import SATURDAY, Day, WorkCalendar

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
KindOfDay = Literal[
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "restday", "holiday", "make_up"
]
"""Besides weekdays: by the statutory calendar worked or free; in a holiday; a weekend that is worked."""
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPECIAL = frozenset(("holiday", "make_up"))
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
PLAIN_CALENDAR = WorkCalendar()
"""The library's years."""


class Span(NamedTuple):
    """Some people's duty, in local time without a zone; the end is no part of it."""

    start: datetime
    end: datetime
    members: tuple[str, ...]
    """Names; empty: the whole crew."""
    on_call: int


class Shift(BaseModel):
    """From `start` to `end` on some days or dates; an end before the start is on the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[KindOfDay, ...] = ()
    """Rows for `holiday` or `make_up` hold alone on such a day, if the crew has any."""
    dates: tuple[date, ...] = ()
    """Besides what the days give."""
    start: TimeOfDay
    end: TimeOfDay
    """The same as `start`: a whole day."""
    members: tuple[str, ...] = ()
    """Names; empty: the whole crew."""
    on_call: int = Field(1, ge=1, le=3)
    """1: paged first; 2, 3: second and third call."""

    @model_validator(mode="after")
    def _some_day(self) -> Shift:
        if bool(self.days) == bool(self.dates):
            raise ValueError("give either `days` (weekdays) or `dates`, not both and not neither")
        if self.start == "24:00":
            raise ValueError("`start` is before 24:00; write 00:00 of the next day")
        return self

    def covers(self, local: datetime) -> bool:
        """Whether this local time is within the shift, taken by itself."""
        plain = local.replace(tzinfo=None)
        days = (plain.date(), plain.date() - timedelta(days=1))
        spans = (span for day in days for span in spans_of_day((self,), day, PLAIN_CALENDAR))
        return any(span.start <= plain < span.end for span in spans)

    def span(self, day: date) -> Span:
        """What it is when it begins on that day."""
        return Span(*clock_span(day, self.start, self.end), self.members, self.on_call)


def spans_of_day(shifts: Iterable[Shift], day: date, calendar: WorkCalendar) -> list[Span]:
    """The shifts that begin on that day. Rows for the holiday or make-up day go before the ordinary ones."""
    kinds = kinds_of(day, calendar.day(day))
    every = tuple(shifts)
    own = [shift for shift in every if kinds & SPECIAL & set(shift.days)]
    usual = own or [shift for shift in every if kinds & set(shift.days)]
    return [shift.span(day) for shift in (*usual, *(shift for shift in every if day in shift.dates))]


@lru_cache(maxsize=8192)
def kinds_of(day: date, known: Day) -> frozenset[str]:
    """All that `Shift.days` may call this day."""
    weekend = day.weekday() >= SATURDAY
    kinds = {WEEKDAYS[day.weekday()], "workday" if known.working else "restday"}
    if known.name and not known.working:
        kinds.add("holiday")
    if known.working and weekend:
        kinds.add("make_up")
    return frozenset(kinds)


def clock_span(day: date, start: str, end: str) -> tuple[datetime, datetime]:
    """From one time of day to the other; on the next day where the end is not after the start."""
    midnight = datetime.combine(day, time())
    first, last = _minutes(start), _minutes(end)
    if last <= first:
        last += 24 * 60
    return midnight + timedelta(minutes=first), midnight + timedelta(minutes=last)


@lru_cache(maxsize=1441)
def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def uncovered_hours(shifts: list[Shift]) -> list[str]:
    """Half hours of an ordinary week (`mon 03:30`) in which no weekly shift has anybody on first call."""
    monday = datetime(2024, 1, 1)
    first = [shift for shift in shifts if shift.on_call == 1]
    covered = {name for shift in first for name in _weekly_names(shift)}
    times = [monday + timedelta(minutes=30 * n) for n in range(7 * 48)]
    names = [f"{WEEKDAYS[moment.weekday()]} {moment:%H:%M}" for moment in times]
    return [name for name in names if name not in covered]


def _weekly_names(shift: Shift) -> Iterable[str]:
    usual = set(shift.days)
    if "workday" in usual:
        usual |= set(WEEKDAYS[:SATURDAY])
    if "restday" in usual:
        usual |= set(WEEKDAYS[SATURDAY:])
    for number, name in enumerate(WEEKDAYS):
        if name in usual:
            start, end = clock_span(date(2024, 1, 1 + number), shift.start, shift.end)
            moment = start.replace(minute=start.minute // 30 * 30) if start.minute % 30 else start
            if moment < start:
                moment += timedelta(minutes=30)  # a half hour that is covered in part is not covered
            while moment + timedelta(minutes=30) <= end:
                yield f"{WEEKDAYS[moment.weekday()]} {moment:%H:%M}"
                moment += timedelta(minutes=30)
