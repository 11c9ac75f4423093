"""Figures of dispatch for Prometheus, from its records as they change, whoever made them change."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from dispatch.api import Assignment, Clock, Dispatch, Incident, Page
from hotline.metrics import Metrics

PARTS = (
    ("turnout", "acknowledged_at", "en_route_at"), ("travel", "en_route_at", "on_scene_at"),
    ("on_scene", "on_scene_at", "made_safe_at"),
)  # fmt: skip
"""What a crew's time is spent on, between two moments of its assignment."""


class DispatchFigures:
    """Begins to count when it is made: what was there before has been counted or is over."""

    def __init__(self, dispatch: Dispatch, metrics: Metrics) -> None:
        self._dispatch, self._metrics = dispatch, metrics
        self._before: dict[tuple[type, str], Any] = {}
        for incident in dispatch.open_incidents():
            self._remember(incident)
            for part in (*dispatch.assignments(incident.key), *dispatch.pages(incident.key)):
                self._remember(part)
        for clock in dispatch.open_clocks():
            self._remember(clock)
        dispatch.watch(self._changed)

    def _remember(self, record: Any) -> None:
        self._before[type(record), record.key] = record

    def _changed(self, record: Any) -> None:
        before = self._before.get((type(record), record.key))
        match record:
            case Incident():
                self._incident(record, before)
            case Assignment():
                self._assignment(record, before)
            case Page() if before is None:
                self._metrics.page_ordered(record.target_kind, record.level, drill=record.drill)
            case Clock():
                self._clock(record, before)
            case Page():
                pass
            case _:
                return
        self._remember(record)

    def _forget(self) -> None:
        """What dispatch itself has forgotten can change no more."""
        gone = [
            key for key, record in self._before.items()
            if self._dispatch.incident(getattr(record, "incident", "") or key[1]) is None
            and self._dispatch.ticket(getattr(record, "ticket", "")) is None
        ]
        for key in gone:
            del self._before[key]

    def _incident(self, now: Incident, before: Incident | None) -> None:
        if now.accepted_at is not None and (before is None or before.accepted_at is None):
            seconds = (now.accepted_at - now.reported_at).total_seconds()
            self._metrics.emergency_accepted(seconds, drill=now.drill)
        if now.on_scene_at is not None and (before is None or before.on_scene_at is None):
            seconds = (now.on_scene_at - now.reported_at).total_seconds()
            self._metrics.crew_arrived(
                seconds, in_time=now.on_scene_at <= now.target_at, band=f"{now.band_minutes:g}",
                drill=now.drill,
            )

    def _assignment(self, now: Assignment, before: Assignment | None) -> None:
        for part, start, end in PARTS:
            began, ended = getattr(now, start), getattr(now, end)
            if began is None or ended is None or (before is not None and getattr(before, end) is not None):
                continue
            self._metrics.crew_took(part, (ended - began).total_seconds(), drill=now.drill)

    def _clock(self, now: Clock, before: Clock | None) -> None:
        ended = now.ended_at is not None and now.late_seconds is not None
        if ended and before is not None and before.ended_at is None:
            self._metrics.promise_ended(now.business, kept=now.late_seconds == 0, drill=now.drill)

    def refresh(self, now: datetime) -> None:
        """How things stand; before each scrape. Drills are left out."""
        clocks = [clock for clock in self._dispatch.open_clocks() if not clock.drill]
        late = Counter(clock.business for clock in clocks if clock.due_at is not None and clock.due_at < now)
        incidents = Counter(one.state.value for one in self._dispatch.open_incidents() if not one.drill)
        self._forget()
        self._metrics.promises_overdue(late)
        self._metrics.incidents_open(incidents)
        self._metrics.crews(Counter(view.state for view in self._dispatch.crews()))
