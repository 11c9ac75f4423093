"""Which days a report is about, as a person names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hotline.errors import HotlineError


class PeriodError(HotlineError):
    """Name a month (2026-11), half-year (2026-H1), year (2026), day, or days (2026-11-01..2026-11-07)."""


@dataclass(frozen=True, slots=True)
class Period:
    first: date
    last: date
    """Included."""

    @property
    def title(self) -> str:
        """As it stands above a report: 2026年11月."""
        first, last = self.first, self.last
        after = last + timedelta(days=1)
        if (first.month, first.day, after.month, after.day, after.year - first.year) == (1, 1, 1, 1, 1):
            return f"{first.year}年"
        if (first.month, first.day, after.month, after.day) == (1, 1, 7, 1) and first.year == after.year:
            return f"{first.year}年上半年"
        if (first.month, first.day, last.month, last.day) == (7, 1, 12, 31) and first.year == last.year:
            return f"{first.year}年下半年"
        if first.day == 1 and after.day == 1 and (after - first).days <= 31:
            return f"{first.year}年{first.month}月"
        return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d}至{last:%Y-%m-%d}"

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From the first day's beginning to the last day's end, local time."""
        midnight = time()
        return (
            datetime.combine(self.first, midnight, zone),
            datetime.combine(self.last + timedelta(days=1), midnight, zone),
        )


def parse(text: str, today: date) -> Period:
    """Empty: the last whole month. Raises PeriodError."""
    if not text:
        last = today.replace(day=1) - timedelta(days=1)
        return Period(last.replace(day=1), last)
    try:
        return _parse(text)
    except ValueError as error:
        raise PeriodError(f"{text!r} is no period: {error}") from error


def _parse(text: str) -> Period:
    if found := re.fullmatch(r"(\d{4})", text):
        year = int(found[1])
        return Period(date(year, 1, 1), date(year, 12, 31))
    if found := re.fullmatch(r"(\d{4})-[Hh]([12])", text):
        year, half = int(found[1]), int(found[2])
        return Period(date(year, 6 * half - 5, 1), date(year, 6, 30) if half == 1 else date(year, 12, 31))
    if found := re.fullmatch(r"(\d{4})-(\d{2})", text):
        first = date(int(found[1]), int(found[2]), 1)
        after = (first + timedelta(days=31)).replace(day=1)
        return Period(first, after - timedelta(days=1))
    start, _, end = text.partition("..")
    first, last = date.fromisoformat(start), date.fromisoformat(end or start)
    if last < first:
        raise ValueError("it ends before it begins")
    return Period(first, last)
