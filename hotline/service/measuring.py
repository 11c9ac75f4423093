"""Figures of calls and pages from their records, for Prometheus."""

from __future__ import annotations

from dispatch.api import Incident, Page
from hotline.events import (
    CallAnswered,
    CallbackRequested,
    CallEnded,
    CallFailed,
    EmergencyDeclared,
    LegStarted,
    PageAccepted,
    PageDeclined,
    PageFailed,
    Record,
    TicketRequested,
)
from hotline.metrics import Metrics
from hotline.service.book import CallNote


def measure_incident(metrics: Metrics, record: Record, page: Page | None, incident: Incident | None) -> None:
    """How long an emergency waited for its first ring; the rest dispatch itself knows (dispatch_figures)."""
    if incident is None:
        return
    seconds, drill = (record.at - incident.reported_at).total_seconds(), incident.drill
    if isinstance(record, LegStarted) and page is not None and (page.round, page.level) == (1, 1):
        metrics.first_page_sent(seconds, drill=drill)


def _heard_seconds(record: EmergencyDeclared, note: CallNote) -> float | None:
    """From the end of the decisive words, by their place in the recording, to the declaration."""
    if record.phrase_end_ms is None or note.answered_at is None:
        return None
    return (record.at - note.answered_at).total_seconds() - record.phrase_end_ms / 1000


def measure(metrics: Metrics, record: Record, note: CallNote) -> None:
    """Count one record. `note` is the call as it was before it."""
    drill = note.drill
    if isinstance(record, CallAnswered) and note.purpose == "inbound" and note.since is not None:
        metrics.call_answered((record.at - note.since).total_seconds(), drill=drill)
    elif isinstance(record, EmergencyDeclared):
        metrics.emergency_declared(record.by, record.hazard, _heard_seconds(record, note), drill=drill)
    elif isinstance(record, TicketRequested):
        metrics.ticket_opened(record.business, drill=drill)
    elif isinstance(record, CallbackRequested):
        metrics.callback_requested(record.reason, drill=drill)
    elif isinstance(record, CallFailed):
        metrics.call_failed(record.what.partition(":")[0], drill=drill)
    elif isinstance(record, PageAccepted) and note.purpose == "page":
        metrics.page_ended("accepted", drill=drill)
    elif isinstance(record, PageDeclined):
        metrics.page_ended("declined", drill=drill)
    elif isinstance(record, PageFailed):
        known = record.why if record.why in ("no_answer", "busy") else "failed"
        metrics.page_ended(known, drill=drill)
    elif isinstance(record, CallEnded) and note.since is not None:
        # The edge and the worker of an abandoned call both write its end; the second finds no call.
        begin = note.answered_at or record.at
        metrics.call_ended(note.entry, record.by, (record.at - begin).total_seconds(), drill=drill)
        if record.by == "worker_died":
            metrics.worker_lost(drill=drill)
