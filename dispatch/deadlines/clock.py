"""A running clock: when its owner is warned, who hears that it ran out, and what makes it stand still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.deadlines.grammar import Clock
from dispatch.deadlines.standard import Standard
from dispatch.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Paused:
    """A clock stood still, for a listed reason and by somebody's decision."""

    reason: str
    author: str
    begun: datetime
    ended: datetime | None = None
    """None: it still stands."""


def check_pause(standard: Standard, business: str, reason: str, author: str) -> None:
    """Raises NotAllowed without an author, or for a reason not listed for this business."""
    if not author.strip():
        raise NotAllowed("a clock stands still by somebody's decision only; say whose")
    listed = [pause.reason for pause in standard.pauses if pause.allows(business)]
    if reason not in listed:
        raise NotAllowed(f"{reason} is no reason to pause {business}; {standard.name} lists "
                         f"{', '.join(listed) or 'none'}")


def running_due(due: datetime, pauses: Sequence[Paused], now: datetime) -> datetime:
    """The due time moved by as long as the clock stood still; pauses that overlap count once.

    What was already overdue stays so: time that stood still after the due time moves nothing.
    """
    moved = due
    for begun, ended in _merged(pauses, now):
        if begun < moved:
            moved += ended - begun
    return moved


def warnings_at(clock: Clock, started: datetime, due: datetime) -> tuple[datetime, ...]:
    """When the owner is warned, in order; whole seconds."""
    seconds = max((due - started).total_seconds(), 0)
    return tuple(started + timedelta(seconds=seconds * percent // 100) for percent in clock.warn_at_percent)


def _merged(pauses: Sequence[Paused], now: datetime) -> list[tuple[datetime, datetime]]:
    """The times of standing still, in order and without overlap, up to now."""
    merged: list[tuple[datetime, datetime]] = []
    for pause in sorted(pauses, key=lambda each: each.begun):
        begun, ended = pause.begun, min(pause.ended or now, now)
        if merged and begun <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        elif begun < ended:
            merged.append((begun, ended))
    return merged
