"""Numbers of people over the week, by half hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from dispatch.roster import WEEKDAYS

HALF_HOUR = 1_800
HALF_HOURS = 7 * 48


def _half_hours(clock: str) -> int:
    hours, minutes = clock.split(":")
    return (int(hours) * 60 + int(minutes)) // 30


def weekly(rows: Iterable[tuple[tuple[str, ...], str, str, int]]) -> list[int]:
    """How many are there in each half hour from Monday 00:00 on.

    Rows: weekdays, start, end (the same: a whole day; before the start: on the next day), number.
    """
    table = [0] * HALF_HOURS
    for days, start, end, count in rows:
        first, last = _half_hours(start), _half_hours(end)
        if last <= first:
            last += 48
        for day in days:
            begin = WEEKDAYS.index(day) * 48
            for number in range(first, last):
                table[(begin + number) % HALF_HOURS] += count
    return table


def at(table: list[int], start: date, seconds: float) -> int:
    """How many are there so many seconds after the local midnight of that day."""
    return table[(start.weekday() * 48 + int(seconds // HALF_HOUR)) % HALF_HOURS]
