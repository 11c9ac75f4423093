"""Whether an office is open: weekly hours and the Chinese statutory calendar, by a given time."""

from __future__ import annotations

from datetime import datetime, time

import chinese_calendar

from hotline.flow.model import WEEKDAYS, Hours


def is_open(hours: Hours, now: str) -> bool:
    """Whether `now` (ISO 8601, local) is within the hours; closed when `now` is no time."""
    try:
        local = datetime.fromisoformat(now)
    except ValueError:
        return False
    return any(_within(span, local.time()) for span in spans(hours, local))


def spans(hours: Hours, day: datetime) -> tuple[str, ...]:
    """The hours of one day. Years that the calendar does not know yet have plain weeks."""
    weekday = WEEKDAYS[day.weekday()]
    try:
        working = chinese_calendar.is_workday(day.date())
    except NotImplementedError:
        return hours.weekly.get(weekday, ())
    if not working and day.weekday() < 5:
        return hours.holidays
    if working and day.weekday() >= 5:
        return hours.workdays or hours.weekly.get("mon", ())
    if not working and chinese_calendar.is_holiday(day.date()) and _named(day):
        return hours.holidays
    return hours.weekly.get(weekday, ())


def parse_span(span: str) -> tuple[time, time]:
    """`08:30-12:00`. Raises ValueError."""
    begin, _, end = (part.strip() for part in span.partition("-"))
    return time.fromisoformat(begin), time(23, 59, 59) if end == "24:00" else time.fromisoformat(end)


def _named(day: datetime) -> bool:
    """Whether a free weekend day belongs to a statutory holiday."""
    return chinese_calendar.get_holiday_detail(day.date())[1] is not None


def _within(span: str, at: time) -> bool:
    begin, end = parse_span(span)
    return begin <= at < end if begin <= end else at >= begin or at < end
