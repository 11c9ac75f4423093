"""Figures of a play: shares with their confidence, waiting times, and how busy people were.

Confidence: 95 %, by weeks. A week's emergencies hang together (a busy day makes all of them wait),
so weeks and not emergencies are taken as independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from dispatch.planning.demand import DAY
from dispatch.planning.records import Emergency

WEEK = 7 * DAY
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the bounds of its confidence; None where there is nothing to say."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Times:
    """Of a waiting time, in seconds; `count` is how many it is about."""

    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None


def share(marks: Iterable[tuple[float, bool]]) -> Share:
    """Of (when, whether): how many are, with confidence by weeks."""
    weeks: dict[int, tuple[int, int]] = {}
    for at, mark in marks:
        hit, total = weeks.get(int(at // WEEK), (0, 0))
        weeks[int(at // WEEK)] = (hit + mark, total + 1)
    hits, of = sum(hit for hit, _ in weeks.values()), sum(total for _, total in weeks.values())
    if not of:
        return Share(0, 0, None, None, None)
    value = hits / of
    half = half_width([hit - value * total for hit, total in weeks.values()], of)
    if half is None:
        return Share(hits, of, value, None, None)
    return Share(hits, of, value, max(0.0, value - half), min(1.0, value + half))


def half_width(residues: Sequence[float], of: float) -> float | None:
    """Half of the interval of a ratio from its clusters' residues; None for fewer than two clusters."""
    clusters = len(residues)
    if clusters < 2:
        return None
    spread = sum(residue**2 for residue in residues) * clusters / (clusters - 1)
    return _Z * math.sqrt(spread) / of


def times(values: Iterable[float | None]) -> Times:
    known = sorted(value for value in values if value is not None)
    if not known:
        return Times(0, None, None, None, None)
    return Times(
        len(known), math.fsum(known) / len(known), *(quantile(known, part) for part in (0.5, 0.9, 0.99))
    )


def quantile(ordered: Sequence[float], part: float) -> float:
    """The value that this part does not pass (nearest rank)."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Group:
    """Some emergencies: those of a band, a station, an hour."""

    name: str
    in_target: Share
    first_page: Times
    accepted: Times
    en_route: Times
    on_scene: Times
    made_safe: Times
    pages: int
    late_seconds: Times
    """Of those that were late: by how much."""


def group(name: str, emergencies: Sequence[Emergency]) -> Group:
    late = [
        (one.on_scene or 0) - one.target_seconds for one in emergencies
        if one.on_scene is not None and not one.in_target
    ]
    return Group(
        name=name, in_target=share((one.at, one.in_target) for one in emergencies),
        first_page=times(one.first_page for one in emergencies),
        accepted=times(one.accepted for one in emergencies),
        en_route=times(one.en_route for one in emergencies),
        on_scene=times(one.on_scene for one in emergencies),
        made_safe=times(one.made_safe for one in emergencies),
        pages=sum(one.pages for one in emergencies), late_seconds=times(late),
    )


def groups(
    emergencies: Sequence[Emergency], key: Callable[[Emergency], str], names: Sequence[str] = ()
) -> list[Group]:
    """By a key, in the order of the names, then of the keys."""
    found: dict[str, list[Emergency]] = {name: [] for name in names}
    for one in emergencies:
        found.setdefault(key(one), []).append(one)
    order = [*names, *sorted(set(found) - set(names))]
    return [group(name, found[name]) for name in order if found[name]]


def paired(
    before: Sequence[Emergency], after: Sequence[Emergency]
) -> tuple[float, float | None]:
    """How much more of the same emergencies are in time, and half of the interval of that."""
    earlier = {one.case: one for one in before}
    weeks: dict[int, list[int]] = {}
    for one in after:
        if (same := earlier.get(one.case)) is not None:
            weeks.setdefault(int(one.at // WEEK), []).append(int(one.in_target) - int(same.in_target))
    of = sum(len(week) for week in weeks.values())
    if not of:
        return 0.0, None
    gain = sum(sum(week) for week in weeks.values()) / of
    return gain, half_width([sum(week) - gain * len(week) for week in weeks.values()], of)
