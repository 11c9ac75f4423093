"""When somebody's duty begins next, and whose has just begun; by shifts, roster and changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from dispatch.crews import Crew
from dispatch.duty import change_of
from dispatch.rules import Rules
from dispatch.units import DutyChange

DAYS_AHEAD = 2
"""So far ahead is looked; who waits longer looks again."""
JUST_BEFORE = timedelta(minutes=1)


def next_start(
    rules: Rules, crews: Iterable[Crew], changes: Iterable[DutyChange], now: datetime
) -> datetime | None:
    """The next moment at which anybody of these crews comes on duty; None: not within days."""
    local = now.astimezone(rules.timezone).replace(tzinfo=None)
    told = [change_of(one, rules.timezone) for one in changes]
    found: datetime | None = None
    for crew in crews:
        mine = (*rules.roster.changes.get(crew.key, ()), *told)
        changed = (one.start for one in mine if crew.key in (one.crew, one.substitute_crew))
        for start in (*_shifts(rules, crew, local), *changed):
            if start > local and (found is None or start < found):
                found = start
    return None if found is None else _moment(rules, found)


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


def _shifts(rules: Rules, crew: Crew, local: datetime) -> Iterator[datetime]:
    for days in range(DAYS_AHEAD + 1):
        day = local.date() + timedelta(days=days)
        if crew.duty == "always" and (crew.key, day) not in rules.roster.spans:
            continue  # at midnight nobody comes
        for span in rules.roster.spans_of(crew, day):
            yield span.start


def _moment(rules: Rules, local: datetime) -> datetime:
    return local.replace(tzinfo=rules.timezone).astimezone(UTC)
