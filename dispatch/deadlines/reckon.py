"""Counting: from the moment that starts a stage to the moment at which it is due, in figures and words.

A day ends at 24:00, which is written as 00:00 of the next. All times here are Beijing time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import groupby

from dispatch.deadlines.calendar import Day, WorkCalendar, gap_advice
from dispatch.deadlines.grammar import (
    CalendarDays,
    DayOfReport,
    DistanceBands,
    Elapsed,
    Promise,
    Unfigured,
    WorkingDays,
)
from dispatch.deadlines.words import span_in_words

MIDNIGHT = time(0)
ONE_DAY = timedelta(days=1)
STEP_MINUTES = Decimal("0.1")
"""Beyond the last band a target is rounded up to this: a whole number of seconds."""


@dataclass(frozen=True, slots=True)
class Start:
    """What starts a stage."""

    at: datetime
    """Beijing time."""
    what: str
    """`the report`, `the end of accept`."""
    is_report: bool
    distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What came out of the counting."""

    due: datetime | None
    words: str
    target_minutes: float | None = None
    urgency: str | None = None
    provisional: bool = False
    assumed: bool = False
    notices: tuple[str, ...] = ()
    """What an operator should hear about it."""


def reckon(promise: Promise, start: Start, calendar: WorkCalendar) -> Reckoned:
    """When a stage is due that starts then."""
    match promise:
        case Elapsed():
            return _elapsed(promise, start)
        case WorkingDays():
            return _working_days(promise, start, calendar)
        case CalendarDays():
            return _calendar_days(promise, start)
        case DayOfReport():
            return _day_of_report(promise, start)
        case DistanceBands():
            return _distance_bands(promise, start)
        case Unfigured():
            return unfigured(promise, start.what)


def unfigured(promise: Unfigured, after: str) -> Reckoned:
    """A promise without a figure: nothing falls due."""
    if promise.kind == "at_once":
        words = f"at once after {after}: promised without a figure, so before everything that has one"
    else:
        words = f"as the contract says after {after}: promised without a figure"
    return Reckoned(due=None, words=words, urgency=promise.kind)


def _elapsed(promise: Elapsed, start: Start) -> Reckoned:
    words = f"{span_in_words(promise.minutes)} after {start.what} at {_moment(start.at)}"
    return Reckoned(start.at + timedelta(minutes=promise.minutes), words, target_minutes=promise.minutes)


def _day_of_report(promise: DayOfReport, start: Start) -> Reckoned:
    evening = start.at.time() >= promise.next_day_from
    border = f"{promise.next_day_from:%H:%M}"
    last = start.at.date() + (ONE_DAY if evening else timedelta(0))
    words = (f"reported {_moment(start.at)}, {border} or later: the next day, {_day(last)}" if evening
             else f"reported {_moment(start.at)}, before {border}: the same day, {_day(last)}")
    return Reckoned(_end_of(last, start.at), f"{words}, until 24:00")


def _calendar_days(promise: CalendarDays, start: Start) -> Reckoned:
    last = _first_counted(start) + (promise.days - 1) * ONE_DAY
    days = "the next calendar day" if promise.days == 1 else f"{promise.days} calendar days"
    return Reckoned(_end_of(last, start.at), f"{days} after {_from(start)}: ends with {_day(last)}, 24:00")


def _working_days(promise: WorkingDays, start: Start, calendar: WorkCalendar) -> Reckoned:
    if promise.days == 0:
        last = _first_counted(start) - ONE_DAY
        words = f"0 working days after {_from(start)}: no day is added"
        return Reckoned(_end_of(last, start.at), words)
    passed = list(_until(promise.days, _first_counted(start), calendar))
    unknown = sorted({day.year for day, what in passed if not what.known})
    counted = [(day, what) for day, what in passed if what.working]
    left_out = any(not what.working for _, what in passed)
    last = counted[-1][0]
    days = "1 working day" if promise.days == 1 else f"{promise.days} working days"
    parts = [f"{days} after {_from(start)}: {', '.join(_counted(day, what) for day, what in counted)}"]
    if left_out:
        parts.append(f"not counted: {', '.join(_left_out(passed))}")
    parts.append(f"ends with {_day(last)}, 24:00")
    if unknown:
        parts.append(f"provisional, by weekends in {', '.join(map(str, unknown))}")
    return Reckoned(_end_of(last, start.at), "; ".join(parts), provisional=bool(unknown),
                    notices=tuple(gap_advice(year) for year in unknown))


def _until(days: int, first: date, calendar: WorkCalendar) -> Iterator[tuple[date, Day]]:
    """All days that pass until so many were worked."""
    day = first
    while days:
        what = calendar.day(day)
        yield day, what
        days -= what.working
        day += ONE_DAY


def _distance_bands(promise: DistanceBands, start: Start) -> Reckoned:
    km = start.distance_km
    if km is None or not math.isfinite(km) or km < 0:
        band = promise.bands[0]
        words = f"distance unknown, so the shortest band, up to {band.up_to_km:g} km"
        return _arrival(start, Decimal(band.minutes), words, assumed=True)
    nearer = 0.0
    for band in promise.bands:
        if km <= band.up_to_km:
            words = f"{km:g} km, band over {nearer:g} up to {band.up_to_km:g} km"
            return _arrival(start, Decimal(band.minutes), words)
        nearer = band.up_to_km
    last, rate = promise.bands[-1], promise.beyond.minutes_per_km
    more = Decimal(str(rate)) * (Decimal(str(km)) - Decimal(str(last.up_to_km)))
    minutes = (last.minutes + more).quantize(STEP_MINUTES, ROUND_CEILING)
    words = (f"{km:g} km, beyond the last band: its {last.minutes} min "
             f"and {rate:g} min for each km over {last.up_to_km:g}")
    notice = (f"{km:g} km is beyond the last distance band ({last.up_to_km:g} km); "
              f"the profile adds {rate:g} min per km: {float(minutes):g} min")
    return _arrival(start, minutes, words, notices=(notice,) if promise.beyond.warn else ())


def _arrival(
    start: Start, minutes: Decimal, words: str, *, assumed: bool = False, notices: tuple[str, ...] = ()
) -> Reckoned:
    whole = int(minutes) if minutes == int(minutes) else float(minutes)
    return Reckoned(
        start.at + timedelta(seconds=int(minutes * 60)),
        f"{words}: {whole:g} min after {start.what} at {_moment(start.at)}, roads being clear",
        target_minutes=whole, assumed=assumed, notices=notices,
    )


def _first_counted(start: Start) -> date:
    """The day of the trigger does not count; a stage that ended at 00:00 ended with the day before."""
    at_midnight = start.at.time() == MIDNIGHT and not start.is_report
    return start.at.date() if at_midnight else start.at.date() + ONE_DAY


def _end_of(day: date, like: datetime) -> datetime:
    return datetime.combine(day + ONE_DAY, MIDNIGHT, tzinfo=like.tzinfo)


def _from(start: Start) -> str:
    if start.is_report or start.at.time() != MIDNIGHT:
        return f"{start.what} on {_day(start.at.date())}, which does not count"
    return f"{start.what} at {_moment(start.at)}, that day counting"


def _counted(day: date, what: Day) -> str:
    return f"{_day(day)} (make-up day of {what.name})" if what.name else _day(day)


def _left_out(days: list[tuple[date, Day]]) -> Iterator[str]:
    """The days between that do not count, each unbroken run of them with its reason."""
    for name, group in groupby(days, key=lambda each: "" if each[1].working else each[1].name or "weekend"):
        if not name:
            continue
        found = [day for day, _ in group]
        span = _day(found[0]) if len(found) == 1 else f"{_day(found[0])} to {_day(found[-1])}"
        yield f"{span} ({name})"


def _day(day: date) -> str:
    return f"{day:%a} {day.isoformat()}"


def _moment(at: datetime) -> str:
    return f"{_day(at.date())} {at:%H:%M:%S}" if at.second else f"{_day(at.date())} {at:%H:%M}"
