"""When somebody's duty begins next, and whose has just begun; by shifts, roster and changes. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from dispatch.crews import Crew
from dispatch.duty import change_of
from dispatch.rules import Rules
from dispatch.units import DutyChange

DAYS_AHEAD = 2
"""So far ahead is looked; who waits longer looks again."""
JUST_BEFORE = timedelta(minutes=1)


def next_start(
    rules: Rules, crews: Sequence[Crew], changes: Iterable[DutyChange], now: datetime
) -> datetime | None:
    """The next moment at which anybody of these crews comes on duty; None: not within days."""
    local = now.astimezone(rules.timezone).replace(tzinfo=None)
    planned = _planned(rules, crews, local.date())
    told = [change_of(one, rules.timezone) for one in changes]
    keys = {crew.key for crew in crews} if told else set()
    found = [one.start for one in told if one.start > local and keys & {one.crew, one.substitute_crew}]
    found += planned[bisect_right(planned, local):][:1]
    return _moment(rules, min(found)) if found else None


def _planned(rules: Rules, crews: Sequence[Crew], day: date) -> list[datetime]:
    """What begins in the days from this one on, by shifts and roster, in order: found out once a day."""
    known = rules.roster.starts.get(day)
    if known is None or known[0] is not crews:
        moments = {start for crew in crews for start in _shifts(rules, crew, day)}
        moments |= {one.start for crew in crews for one in rules.roster.changes.get(crew.key, ())}
        rules.roster.starts.clear()
        known = rules.roster.starts[day] = crews, sorted(moments)
    return known[1]


def fresh_crews(
    rules: Rules, changes: Iterable[DutyChange], since: datetime, now: datetime
) -> list[Crew]:
    """Crews with people on duty now who were not on duty just before `since`."""
    told = [change_of(one, rules.timezone) for one in changes]
    before = (since - JUST_BEFORE).astimezone(rules.timezone)
    local = now.astimezone(rules.timezone)

    def names(crew: Crew, at: datetime) -> set[str]:
        return {member.name for member, _ in rules.roster.on_duty(rules.stations, crew, at, told)}

    return [crew for crew in rules.stations.crews if names(crew, local) - names(crew, before)]


def _shifts(rules: Rules, crew: Crew, first: date) -> Iterator[datetime]:
    for days in range(DAYS_AHEAD + 1):
        day = first + timedelta(days=days)
        if crew.duty == "always" and (crew.key, day) not in rules.roster.spans:
            continue  # at midnight nobody comes
        for span in rules.roster.spans_of(crew, day):
            yield span.start


def _moment(rules: Rules, local: datetime) -> datetime:
    return local.replace(tzinfo=rules.timezone).astimezone(UTC)
