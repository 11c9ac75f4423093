"""Promises and duties in plain words, for `hotline standards explain` and the documentation."""

from __future__ import annotations

from dispatch.deadlines.grammar import (
    CalendarDays,
    DayOfReport,
    DistanceBands,
    Duty,
    Elapsed,
    Periodic,
    Promise,
    Unfigured,
    WorkingDays,
)


def promise_in_words(promise: Promise) -> str:
    """`within 24 h`, `3 working days`, `up to 5 km: 15 min; …`."""
    match promise:
        case Elapsed():
            return f"within {span_in_words(promise.minutes)}"
        case WorkingDays():
            return _count(promise.days, "working day")
        case CalendarDays():
            return _count(promise.days, "calendar day")
        case DayOfReport():
            return f"before {promise.next_day_from:%H:%M} the same day, from then on the next day"
        case DistanceBands():
            return bands_in_words(promise)
        case Unfigured():
            return promise.kind.replace("_", " ")


def bands_in_words(promise: DistanceBands) -> str:
    bands = "; ".join(f"up to {band.up_to_km:g} km: {band.minutes} min" for band in promise.bands)
    return f"{bands}; beyond: {promise.beyond.minutes_per_km:g} min more per km"


def duty_in_words(duty: Duty) -> str:
    """`2 times a year`, `told at least 48 h before, lasts at most 24 h`."""
    if isinstance(duty, Periodic):
        unit = duty.unit.replace("_", " ")
        return f"{_count(duty.times, 'time')} in {duty.every} {unit}{'s' if duty.every > 1 else ''}"
    parts = [f"told at least {duty.hours_before:g} h before" if duty.hours_before else "told before"]
    if duty.lasts_at_most_hours:
        parts.append(f"lasts at most {duty.lasts_at_most_hours:g} h")
    return ", ".join(parts)


def span_in_words(minutes: int) -> str:
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
