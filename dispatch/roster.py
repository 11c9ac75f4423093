"""Who of a crew is on duty, by the shifts of the roster, in local time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Shift(BaseModel):
    """From `start` to `end` on some weekdays or dates; an end before the start is on the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Weekday, ...] = ()
    dates: tuple[date, ...] = ()
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
        """Whether this local time is within the shift."""
        clock = local.hour * 60 + local.minute
        start, end = _minutes(self.start), _minutes(self.end)
        if start < end:
            return start <= clock < end and self._on(local.date())
        before = local.date() - timedelta(days=1)
        return (clock >= start and self._on(local.date())) or (clock < end and self._on(before))

    def _on(self, day: date) -> bool:
        return day in self.dates or WEEKDAYS[day.weekday()] in self.days


@lru_cache(maxsize=1441)
def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def uncovered_hours(shifts: list[Shift]) -> list[str]:
    """Half hours of the week (`mon 03:30`) in which no weekly shift has anybody on first call."""
    monday = datetime(2024, 1, 1)
    times = [monday + timedelta(minutes=30 * n) for n in range(7 * 48)]
    weekly = [shift for shift in shifts if shift.days and shift.on_call == 1]
    return [
        f"{WEEKDAYS[time.weekday()]} {time:%H:%M}"
        for time in times
        if not any(shift.covers(time) for shift in weekly)
    ]
