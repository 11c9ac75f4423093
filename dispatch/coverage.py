"""Which hours have nobody: the roster held against what every hour must have, exact to the minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from dispatch.crews import CoverRule, Crew, Stations
from dispatch.duty import Roster
from dispatch.roster_rows import Change

Interval = tuple[datetime, datetime]
WARN_WEEKS = 4
"""So long before the dated roster ends, the alarm is raised."""


@dataclass(frozen=True, slots=True)
class Gap:
    """From `start` until `end`, in local time without a zone, something that must be there is not."""

    rule: str
    start: datetime
    end: datetime
    missing: tuple[str, ...] = ()
    """Skills that nobody on duty has; empty: nobody at all."""

    def __str__(self) -> str:
        what = f"（缺少：{'、'.join(self.missing)}）" if self.missing else ""
        return f"{self.rule}{what}: {self.start:%Y-%m-%d %H:%M} – {self.end:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a crew's time in which its duty does not change."""

    start: datetime
    end: datetime
    on_call: int
    skills: frozenset[str]


def gaps(
    stations: Stations, roster: Roster, first: date, last: date, rules: Iterable[CoverRule] | None = None,
    more: Iterable[Change] = (),
) -> list[Gap]:
    """Every gap from `first` 00:00 to the end of `last`, the earliest first.

    Real days of the calendar are looked at, with their holidays; neighbours' crews do not count.
    """
    told = tuple(more)
    pieces = {
        crew.key: list(_pieces(stations, roster, crew, first, last, told)) for crew in stations.own_crews
    }
    window = (datetime.combine(first, time()), datetime.combine(last + timedelta(days=1), time()))
    found: list[Gap] = []
    for rule in stations.coverage if rules is None else rules:
        some = [
            piece for crew in stations.own_crews if rule.station in (None, crew.station)
            for piece in pieces[crew.key] if piece.on_call <= rule.on_call
        ]
        if not rule.skills:
            found += [Gap(rule.title, *hole) for hole in _holes(window, [(p.start, p.end) for p in some])]
        for skill in rule.skills:
            able = [(p.start, p.end) for p in some if skill in p.skills]
            found += [Gap(rule.title, *hole, missing=(skill,)) for hole in _holes(window, able)]
    return sorted(found, key=lambda gap: (gap.start, gap.rule, gap.missing))


def half_hours(found: Iterable[Gap]) -> set[datetime]:
    """The half hours of the year that a gap touches."""
    halves: set[datetime] = set()
    for gap in found:
        moment = gap.start.replace(minute=gap.start.minute // 30 * 30, second=0, microsecond=0)
        while moment < gap.end:
            halves.add(moment)
            moment += timedelta(minutes=30)
    return halves


def roster_notices(
    stations: Stations, roster: Roster, now: datetime, weeks: int = WARN_WEEKS, more: Iterable[Change] = ()
) -> list[str]:
    """What must be said weeks ahead: the dated roster ends, hours without anybody, certificates that end."""
    today, until = now.date(), now.date() + timedelta(weeks=weeks)
    notices: list[str] = []
    if roster.last_day is not None and roster.last_day < until:
        notices.append(f"the roster ends on {roster.last_day}; import the next one")
    holes = gaps(stations, roster, today, until, more=more)
    if holes:
        notices.append(f"{len(holes)} gaps in the roster until {until}, the first: {holes[0]}")
    for crew in stations.own_crews:
        for member in crew.members:
            for one in member.skills:
                if one.until is not None and one.until < until:
                    whose = f"{member.name} ({crew.key})"
                    notices.append(f"the certificate {one.skill} of {whose} ends on {one.until}")
    return notices


def _pieces(
    stations: Stations, roster: Roster, crew: Crew, first: date, last: date, more: tuple[Change, ...]
) -> Iterator[_Piece]:
    """The crew's duty cut where anything in it begins or ends."""
    cuts = _cuts(roster, crew, first, last, more)
    for start, end in pairwise(cuts):
        on_duty = roster.on_duty(stations, crew, start, more)
        for level in sorted({level for _, level in on_duty}):
            members = [member for member, at in on_duty if at == level]
            skills = {one.skill for m in members for one in m.skills if one.holds(start.date())}
            yield _Piece(start, end, level, frozenset(skills))


def _cuts(
    roster: Roster, crew: Crew, first: date, last: date, more: tuple[Change, ...]
) -> list[datetime]:
    begin, end = datetime.combine(first, time()), datetime.combine(last + timedelta(days=1), time())
    cuts = {begin, end}
    plain_always = crew.duty == "always" and not any(key == crew.key for key, _ in roster.spans)
    for number in range(0 if plain_always else (last - first).days + 2):
        for span in roster.spans_of(crew, first + timedelta(days=number - 1)):
            cuts |= {span.start, span.end}
    for change in (*roster.changes.get(crew.key, ()), *more):
        cuts |= {change.start, change.end}
    for member in crew.members:
        for one in member.skills:
            if one.until is not None:
                cuts.add(datetime.combine(one.until + timedelta(days=1), time()))
    return sorted(cut for cut in cuts if begin <= cut <= end)


def _holes(window: Interval, covered: list[Interval]) -> Iterator[Interval]:
    """What of the window no interval covers."""
    reached, end = window
    for start, stop in sorted(covered):
        if start > reached:
            yield reached, start
        reached = max(reached, stop)
    if reached < end:
        yield reached, end
