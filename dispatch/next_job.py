"""Which ordinary ticket a crew does next, and why: a pure ordering of what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dispatch.distance import Position, RoadDistance
from dispatch.model import Ticket

FAR_FUTURE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that waits for a crew, with what its order hangs on."""

    ticket: Ticket
    due_at: datetime | None
    skills: tuple[str, ...] = ()
    """What its kind of business wants."""

    @property
    def urgency(self) -> tuple[int, datetime, datetime, str]:
        """Priority, then the promise that ends first, then who waited longest, then the number."""
        due = self.due_at or self.ticket.opened_at + FAR_FUTURE
        return (self.ticket.priority, due, self.ticket.opened_at, self.ticket.number)


@dataclass(frozen=True, slots=True)
class Chosen:
    waiting: Waiting
    distance_km: float | None
    why: tuple[str, ...]

    @property
    def reason(self) -> str:
        return "；".join(self.why)


def next_jobs(
    waiting: Iterable[Waiting], skills: frozenset[str], position: Position, roads: RoadDistance,
    now: datetime, *, window: timedelta, look_at: int, zone: ZoneInfo | None = None,
) -> Iterator[Chosen]:
    """What this crew can do of the `look_at` most urgent, the next first.

    `waiting`: already in order of `Waiting.urgency`. The most urgent goes first; among those of its
    priority whose promise ends within `window` of its own (or is overdue like it), the nearest.
    """
    able = list(islice((one for one in waiting if set(one.skills) <= skills), look_at))
    while able:
        head = able[0]
        level = [one for one in able if _level(head, one, now, window)]
        km = {one.ticket.number: _km(one, position, roads) for one in level}
        best = min(level, key=lambda one: (_far(km[one.ticket.number]), one.urgency))
        yield Chosen(best, km[best.ticket.number], _why(best, head, km, len(level), now, zone))
        able.remove(best)


def _level(head: Waiting, one: Waiting, now: datetime, window: timedelta) -> bool:
    """Whether the two are equally urgent, so that the way decides."""
    if one.ticket.priority != head.ticket.priority or (one.due_at is None) != (head.due_at is None):
        return False
    if one.due_at is None or head.due_at is None:
        return abs(one.ticket.opened_at - head.ticket.opened_at) <= window
    return one.due_at - head.due_at <= window


def _km(one: Waiting, position: Position, roads: RoadDistance) -> float | None:
    ticket = one.ticket
    if ticket.latitude is None or ticket.longitude is None:
        return None
    return roads.km(position, Position(ticket.latitude, ticket.longitude))


def _far(km: float | None) -> float:
    return float("inf") if km is None else km


def _why(
    best: Waiting, head: Waiting, km: dict[str, float | None], level: int, now: datetime,
    zone: ZoneInfo | None,
) -> tuple[str, ...]:
    ticket, due = best.ticket, best.due_at
    distance = km[ticket.number]
    reasons = [f"优先级{ticket.priority}"]
    if due is not None:
        local = f"{due.astimezone(zone) if zone else due:%m-%d %H:%M}"
        reasons.append(f"已超过承诺时限（{local}）" if due < now else f"承诺{local}以前完成")
    else:
        reasons.append("没有承诺时限，按受理先后")
    if distance is not None:
        nearest = f"，在同样紧急的{level}件中最近" if level > 1 else ""
        reasons.append(f"距离{distance:.1f}公里{nearest}")
    if best is not head:
        reasons.append(f"与{head.ticket.number}同样紧急")
    if best.skills:
        reasons.append(f"技能符合：{'、'.join(best.skills)}")
    return tuple(reasons)
