"""Until when a crew must be there: the service standard's promise, its clause, and how it was counted.

The same reckoning as `hotline deadline`. A deployment may set bands of its own in the policy; beyond
the last band, or where the standard has no figure at all, there is never no target.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dispatch.deadlines import BEIJING, EMERGENCY, DistanceBands, distance_bands, stages
from dispatch.deadlines.reckon import Start, reckon
from dispatch.rules import Rules

OWN_BANDS = "the deployment's policy"


@dataclass(frozen=True, slots=True)
class Target:
    minutes: float
    at: datetime
    assumed: bool
    """The place is unknown: the shortest band."""
    beyond: bool
    """Farther than the last band."""
    clause: str
    reckoning: str


def arrival(rules: Rules, reported_at: datetime, distance_km: float | None) -> Target:
    """The promise counted from the report; `distance_km` by road from the nearest station on duty."""
    own = _own_bands(rules)
    if own is not None:
        start = Start(reported_at.astimezone(BEIJING), "the report", True, distance_km)
        found = reckon(own, start, rules.calendar)
        due, minutes, assumed = found.due, found.target_minutes, found.assumed
        clause, words = OWN_BANDS, found.words
    else:
        assert rules.standard is not None, "checked when the rules were made"
        stage = stages(rules.standard, EMERGENCY, reported_at, rules.calendar, distance_km=distance_km)[0]
        due, minutes, assumed = stage.due, stage.target_minutes, stage.assumed
        clause, words = stage.clause, stage.reckoning
    if due is None:
        minutes = rules.policy.at_once_minutes
        due = reported_at + timedelta(minutes=minutes)
        words = f"{words}; watched as {minutes:g} min by the policy"
    if minutes is None:
        minutes = (due - reported_at).total_seconds() / 60
    return Target(
        minutes=minutes, at=due.astimezone(UTC), assumed=assumed, beyond=_beyond(rules, distance_km),
        clause=clause, reckoning=words,
    )


def warns(rules: Rules) -> bool:
    """Whether a place beyond the last band is to be said."""
    bands = _bands(rules)
    return bands is not None and bands.beyond.warn


def _bands(rules: Rules) -> DistanceBands | None:
    """None where the promise does not hang on the distance."""
    return _own_bands(rules) or (distance_bands(rules.standard) if rules.standard else None)


def _own_bands(rules: Rules) -> DistanceBands | None:
    policy = rules.policy
    if not policy.bands or policy.beyond is None:
        return None
    return DistanceBands(kind="distance_bands", bands=policy.bands, beyond=policy.beyond)


def _beyond(rules: Rules, distance_km: float | None) -> bool:
    bands = _bands(rules)
    return bands is not None and distance_km is not None and distance_km > bands.bands[-1].up_to_km
