"""Who is on duty: weekly shifts, the dated roster over them, and swaps, leave and absences over both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from dispatch.crews import Crew, Member, Stations
from dispatch.deadlines.calendar import WorkCalendar
from dispatch.roster import PLAIN_CALENDAR, Span, spans_of_day
from dispatch.roster_rows import Change, RosterRow
from dispatch.units import DutyChange

OnDuty = list[tuple[Member, int]]
"""Members with their on-call level, first call first, in the order of the file."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Who of a crew is on duty between two moments, local time without a zone."""

    crew: Crew
    since: datetime
    until: datetime
    found: OnDuty


@dataclass(frozen=True)
class Roster:
    """The roster's file, ready to be asked. Empty: only the weekly shifts of the stations' file hold."""

    calendar: WorkCalendar = PLAIN_CALENDAR
    spans: Mapping[tuple[str, date], tuple[Span, ...]] = field(default_factory=dict)
    """By crew and day; a day without spans: off. A day that is not there: the weekly shifts."""
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    """By crew, also the crew that lends a substitute."""
    last_day: date | None = None
    """The last day that the file plans; None: there is no dated roster."""
    _days: dict[tuple[str, date], tuple[Span, ...]] = field(default_factory=dict, repr=False, compare=False)
    _skills: dict[tuple[object, ...], tuple[Crew, frozenset[str]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _known: dict[str, _Known] = field(default_factory=dict, repr=False, compare=False)
    """By crew: what was found last, and until when it holds."""
    starts: dict[date, tuple[Sequence[Crew], list[datetime]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """When duties of these crews begin from that day on (dispatch/shift_starts.py keeps it)."""

    def spans_of(self, crew: Crew, day: date) -> tuple[Span, ...]:
        """What begins on that day for the crew."""
        dated = self.spans.get((crew.key, day))
        if dated is not None:
            return dated
        if crew.duty == "always":
            midnight = datetime.combine(day, datetime.min.time())
            return (Span(midnight, midnight + timedelta(days=1), (), 1),)
        known = self._days.get((crew.key, day))
        if known is None:
            if len(self._days) > 100_000:
                self._days.clear()
            known = self._days[crew.key, day] = tuple(spans_of_day(crew.shifts, day, self.calendar))
        return known

    def on_duty(
        self, stations: Stations, crew: Crew, local: datetime, more: Sequence[Change] = ()
    ) -> OnDuty:
        """Who of the crew is on duty at this local time; `more`: changes that were told since."""
        plain = local.replace(tzinfo=None)
        if not self.changes and not more:
            return list(self._by_shifts(crew, plain))
        told = (change for change in more if crew.key in (change.crew, change.substitute_crew))
        mine = (*self.changes.get(crew.key, ()), *told)
        changed = [change for change in mine if change.start <= plain < change.end]
        if not changed:
            return list(self._by_shifts(crew, plain))
        levels = self._levels(crew, plain)
        guests: OnDuty = []
        for change in changed:
            guests += _apply(stations, crew, change, levels)
        return _in_order(crew, levels, guests)

    def _by_shifts(self, crew: Crew, plain: datetime) -> OnDuty:
        """Without changes: the same until the next shift begins or ends, so it is found out once."""
        known = self._known.get(crew.key)
        if known is None or known.crew is not crew or not known.since <= plain < known.until:
            found = _in_order(crew, self._levels(crew, plain), [])
            since, until = self._unchanged(crew, plain)
            known = self._known[crew.key] = _Known(crew, since, until, found)
        return known.found

    def _unchanged(self, crew: Crew, plain: datetime) -> tuple[datetime, datetime]:
        """Within these bounds nobody comes or goes by the shifts; at midnight other days count."""
        midnight = datetime.combine(plain.date(), datetime.min.time())
        since, until = midnight, midnight + timedelta(days=1)
        for day in (plain.date() - timedelta(days=1), plain.date()):
            for span in self.spans_of(crew, day):
                for moment in (span.start, span.end):
                    if moment <= plain:
                        since = max(since, moment)
                    else:
                        until = min(until, moment)
        return since, until

    def skills_of(self, crew: Crew, on_duty: OnDuty, day: date) -> frozenset[str]:
        """What the members on duty may do on that day, all together."""
        key = (crew.key, day, *(member.name for member, _ in on_duty))
        known = self._skills.get(key)
        if known is None or known[0] is not crew:
            if len(self._skills) > 10_000:
                self._skills.clear()
            can = frozenset(one.skill for member, _ in on_duty for one in member.skills if one.holds(day))
            known = self._skills[key] = (crew, can)
        return known[1]

    def shift_began(self, crew: Crew, local: datetime) -> datetime | None:
        """When the latest of the crew's running shifts began, local time without a zone."""
        plain = local.replace(tzinfo=None)
        days = (plain.date(), plain.date() - timedelta(days=1))
        spans = [span for day in days for span in self.spans_of(crew, day)]
        return max((span.start for span in spans if span.start <= plain < span.end), default=None)

    def _levels(self, crew: Crew, plain: datetime) -> dict[str, int]:
        levels: dict[str, int] = {}
        for day in (plain.date() - timedelta(days=1), plain.date()):
            for span in self.spans_of(crew, day):
                if span.start <= plain < span.end:
                    for name in span.members or tuple(member.name for member in crew.members):
                        levels[name] = min(levels.get(name, 9), span.on_call)
        return levels


def _in_order(crew: Crew, levels: Mapping[str, int], guests: OnDuty) -> OnDuty:
    found = [(member, levels[member.name]) for member in crew.members if member.name in levels]
    return sorted((*found, *guests), key=lambda pair: pair[1])


def build_roster(calendar: WorkCalendar, rows: Iterable[RosterRow]) -> Roster:
    """The rows of a checked file."""
    spans: dict[tuple[str, date], tuple[Span, ...]] = {}
    changes: dict[str, tuple[Change, ...]] = {}
    last: date | None = None
    for row in rows:
        for day, span in row.spans():
            spans[row.crew, day] = (*spans.get((row.crew, day), ()), *((span,) if span else ()))
            last = day if last is None else max(last, day)
        for change in row.changes():
            for key in {change.crew, change.substitute_crew} - {""}:
                changes[key] = (*changes.get(key, ()), change)
    return Roster(calendar, spans, changes, last)


def change_of(record: DutyChange, timezone: tzinfo) -> Change:
    """A change that was told, in local time."""
    return Change(
        record.change, record.crew, record.member, record.substitute,
        record.substitute_crew or (record.crew if record.substitute else ""),
        record.start.astimezone(timezone).replace(tzinfo=None),
        record.end.astimezone(timezone).replace(tzinfo=None), record.on_call,
    )


def _apply(stations: Stations, crew: Crew, change: Change, levels: dict[str, int]) -> OnDuty:
    """Changes the levels of the crew's own members; returns whom another crew lends."""
    if change.crew != crew.key:
        levels.pop(change.substitute, None)  # he goes with the other crew meanwhile
        return []
    if change.change == "extra":
        levels[change.member] = min(levels.get(change.member, 9), change.on_call)
        return []
    level = levels.pop(change.member, None)
    if change.change != "swap" or level is None:
        return []
    if change.substitute_crew in ("", crew.key):
        levels[change.substitute] = min(levels.get(change.substitute, 9), level)
        return []
    lender = stations.crew(change.substitute_crew)
    guest = next((m for m in lender.members if m.name == change.substitute), None) if lender else None
    return [(guest, level)] if guest else []
