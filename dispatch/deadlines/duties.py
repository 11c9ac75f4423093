"""Duties without a report: what comes round, and what must be told ahead (C8, C10, C11, E1, E3, E5, F2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from dispatch.deadlines.grammar import Notice, Periodic

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def next_due(duty: Periodic, last_done: date) -> date:
    """The last day on which the next one is in time, evenly spread: twice a year is every six months.

    The 31st of a shorter month is its last day.
    """
    if duty.unit == "week":
        return last_done + timedelta(days=7 * duty.every // duty.times)
    months = MONTHS[duty.unit] * duty.every
    if months % duty.times == 0:
        return _months_later(last_done, months // duty.times)
    span = _months_later(last_done, months) - last_done
    return last_done + span // duty.times


def tell_by(notice: Notice, begins: datetime) -> datetime:
    """The last moment at which it may still be told; its beginning where the standard has no figure."""
    return begins - timedelta(hours=notice.hours_before or 0)


def end_by(notice: Notice, begins: datetime) -> datetime | None:
    """When it must be over; None where the standard has no figure."""
    if notice.lasts_at_most_hours is None:
        return None
    return begins + timedelta(hours=notice.lasts_at_most_hours)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(following - timedelta(days=1), date(year, month + 1, 1) + timedelta(days=day.day - 1))
