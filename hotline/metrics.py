"""What the service measures, for Prometheus. Other modules call these functions and know no library.

Names follow Prometheus' rules: seconds as base unit, `_total` for counters. Labels hold only words
of our own (outcomes, entries, trunks), never a caller's data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PICK_UP_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 3.0, 10.0)
EMERGENCY_BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 5.0, 10.0, 30.0)
ARRIVAL_BUCKETS = (300.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0, 7200.0)
PART_BUCKETS = (30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0, 7200.0)
DURATION_BUCKETS = (10.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 3600.0)


class Metrics:
    """One process's figures; the controller has one. Drills never touch the figures of real calls."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, [*labels, "drill"], "hotline", registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, text, ["drill"], "hotline", buckets=buckets, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, "hotline", registry=registry)

        self._calls = counter("calls", "Calls that ended", "entry", "outcome")
        self._answer = histogram("answer_seconds", "INVITE to 200 OK", PICK_UP_BUCKETS)
        self._duration = histogram("call_seconds", "Answer to end", DURATION_BUCKETS)
        self._emergencies = counter("emergencies", "Emergencies declared", "by", "hazard")
        self._heard = histogram(
            "phrase_to_emergency_seconds", "End of the decisive words to the declaration", EMERGENCY_BUCKETS
        )
        self._page_started = histogram(
            "emergency_to_page_seconds", "Declaration to the first page's INVITE", EMERGENCY_BUCKETS
        )
        self._pages = counter("pages", "Pages by outcome", "outcome")
        self._accepted = histogram(
            "emergency_to_acceptance_seconds", "Declaration to a crew's acceptance", ARRIVAL_BUCKETS
        )
        self._arrived = histogram("emergency_to_arrival_seconds", "Report to arrival", ARRIVAL_BUCKETS)
        self._arrivals = counter("arrivals", "Arrivals at emergencies, in time or not", "in_time", "band")
        self._parts = {
            part: histogram(f"{part}_seconds", text, PART_BUCKETS) for part, text in (
                ("turnout", "A crew's acceptance to its departure"), ("travel", "Departure to arrival"),
                ("on_scene", "Arrival to made safe"),
            )
        }
        self._ordered = counter("pages_ordered", "Pages by whom they are for and how far up the chain",
                                "target", "level")
        self._promises = counter("promises", "Stages of tickets that ended", "business", "kept")
        self._callbacks = counter("callbacks", "Call-backs asked for", "reason")
        self._tickets = counter("tickets", "Tickets opened", "business")
        self._workers_lost = counter("workers_lost", "Conversations whose process died")
        self._recogniser = counter("recogniser_failures", "Calls whose recogniser failed")
        self._call_faults = counter("call_faults", "Faults in calls that went on by a fallback", "what")

        self._overdue = gauge("promises_overdue", "Open stages of tickets past their due time", "business")
        self._incidents = gauge("incidents_open", "Open incidents by state", "state")
        self._units = gauge("crews", "Crews by state", "state")
        self._active = gauge("conversations_active", "Conversations now")
        self._open = gauge("emergencies_unaccepted", "Emergencies that no crew has accepted yet")
        self._agents = gauge("agents_reachable", "Softphones registered now")
        self._backlog = gauge("journal_backlog_bytes", "Journalled and not yet stored")
        self._database = gauge("database_up", "1 when the database answers")
        self._edge_up = gauge("edge_up", "1 when the edge is connected")
        self._recordings = gauge("recordings_to_transcribe", "Calls with words to be heard later", "state")
        self._model = gauge("speech_model_present", "1 when a speech model is configured and there")
        self._calendar = gauge(
            "calendar_missing_years", "Years without a calendar of working days that run or soon begin"
        )
        self._line = gauge("line_ok", "1: the last self-test call was answered, 0: it was not, NaN: none yet")
        self._line.set(math.nan)
        self._roster = gauge("roster_notices", "Gaps and end of the roster, ends of certificates, ahead")
        self._backup_at = gauge("backup_timestamp_seconds", "When the newest full backup was taken; 0: never")
        self._copying = gauge("backup_copying", "1 while what matters most is copied elsewhere at once")
        self._edge = gauge("edge", "Counters and gauges of the SIP edge, by name", "name")

    # ---- calls
    def call_answered(self, seconds: float, *, drill: bool = False) -> None:
        """`seconds` from INVITE to 200 OK."""
        self._answer.labels(_word(drill)).observe(max(0.0, seconds))

    def call_ended(self, entry: str, outcome: str, seconds: float, *, drill: bool = False) -> None:
        """`entry`: the first flow; `outcome`: `by` of the journal's end; `seconds` from answer to end."""
        self._calls.labels(entry, outcome, _word(drill)).inc()
        self._duration.labels(_word(drill)).observe(max(0.0, seconds))

    def worker_lost(self, *, drill: bool = False) -> None:
        self._workers_lost.labels(_word(drill)).inc()

    def call_failed(self, what: str, *, drill: bool = False) -> None:
        """A fault in a call that went on. `what`: words of ours; the recogniser's are counted apart too."""
        self._call_faults.labels(what, _word(drill)).inc()
        if what.startswith("recogni"):
            self._recogniser.labels(_word(drill)).inc()

    # ---- emergencies and pages
    def emergency_declared(
        self, by: str, hazard: str = "other", heard_seconds: float | None = None, *, drill: bool = False
    ) -> None:
        """`heard_seconds`: from the end of the decisive words, when speech declared it."""
        self._emergencies.labels(by, hazard, _word(drill)).inc()
        if heard_seconds is not None:
            self._heard.labels(_word(drill)).observe(max(0.0, heard_seconds))

    def first_page_sent(self, seconds: float, *, drill: bool = False) -> None:
        """`seconds` from the declaration to the page's INVITE."""
        self._page_started.labels(_word(drill)).observe(max(0.0, seconds))

    def page_ended(self, outcome: str, *, drill: bool = False) -> None:
        """`outcome`: accepted, declined, no_answer, busy, failed."""
        self._pages.labels(outcome, _word(drill)).inc()

    def emergency_accepted(self, seconds: float, *, drill: bool = False) -> None:
        self._accepted.labels(_word(drill)).observe(max(0.0, seconds))

    def crew_arrived(self, seconds: float, *, in_time: bool, band: str = "", drill: bool = False) -> None:
        """`seconds` from the report; `in_time`: within the target of its distance band, in minutes."""
        self._arrived.labels(_word(drill)).observe(max(0.0, seconds))
        self._arrivals.labels(_word(in_time), band, _word(drill)).inc()

    def crew_took(self, part: str, seconds: float, *, drill: bool = False) -> None:
        """`part`: turnout, travel or on_scene."""
        self._parts[part].labels(_word(drill)).observe(max(0.0, seconds))

    def page_ordered(self, target: str, level: int, *, drill: bool = False) -> None:
        """`target`: crew, duty_centre, leader, fire; `level`: step of the chain, from 1."""
        self._ordered.labels(target, str(level), _word(drill)).inc()

    # ---- tickets
    def ticket_opened(self, business: str, *, drill: bool = False) -> None:
        self._tickets.labels(business, _word(drill)).inc()

    def callback_requested(self, reason: str, *, drill: bool = False) -> None:
        self._callbacks.labels(reason, _word(drill)).inc()

    def promise_ended(self, business: str, *, kept: bool, drill: bool = False) -> None:
        self._promises.labels(business, _word(kept), _word(drill)).inc()

    def promises_overdue(self, by_business: Mapping[str, int]) -> None:
        _set_all(self._overdue, by_business)

    def incidents_open(self, by_state: Mapping[str, int]) -> None:
        _set_all(self._incidents, by_state)

    def crews(self, by_state: Mapping[str, int]) -> None:
        _set_all(self._units, by_state)

    # ---- how things stand; set before each scrape
    def conversations(self, active: int) -> None:
        self._active.set(active)

    def unaccepted_emergencies(self, number: int) -> None:
        self._open.set(number)

    def agents(self, reachable: int) -> None:
        self._agents.set(reachable)

    def journal_backlog(self, size_bytes: int) -> None:
        self._backlog.set(size_bytes)

    def database(self, *, up: bool) -> None:
        self._database.set(up)

    def edge(self, *, up: bool, figures: Mapping[str, float] | None = None) -> None:
        """`figures`: the edge's own counters by name, as it last told them."""
        self._edge_up.set(up)
        for name, value in (figures or {}).items():
            self._edge.labels(name).set(value)

    def transcriptions(self, waiting: int, aside: int) -> None:
        """Calls with words that wait to be heard from the recording, and that could not be heard."""
        self._recordings.labels("waiting").set(waiting)
        self._recordings.labels("aside").set(aside)

    def speech_model(self, *, present: bool) -> None:
        self._model.set(present)

    def line(self, ok: bool) -> None:
        """The newest self-test call over the trunk; design rule 9."""
        self._line.set(ok)

    def calendar(self, *, missing_years: int) -> None:
        self._calendar.set(missing_years)

    def roster(self, *, notices: int) -> None:
        self._roster.set(notices)

    def backup(self, *, last: datetime | None, copying: bool) -> None:
        """`last`: when the newest whole backup was taken; 0 stands for never."""
        self._backup_at.set(0 if last is None else last.timestamp())
        self._copying.set(copying)

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format; its type is CONTENT_TYPE."""
        return generate_latest(self.registry)


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _set_all(gauge: Gauge, values: Mapping[str, int]) -> None:
    """What is not named any more is none."""
    gauge.clear()
    for name, value in values.items():
        gauge.labels(name).set(value)
