"""Figures of calls and pages from their records, for Prometheus."""

from __future__ import annotations

from hotline.events import (
    CallAnswered,
    CallbackRequested,
    CallEnded,
    CallFailed,
    EmergencyDeclared,
    PageAccepted,
    PageDeclined,
    PageFailed,
    Record,
    TicketRequested,
)
from hotline.metrics import Metrics
from hotline.service.book import CallNote


def measure(metrics: Metrics, record: Record, note: CallNote) -> None:
    """Count one record. `note` is the call as it was before it."""
    drill = note.drill
    if isinstance(record, CallAnswered) and note.purpose == "inbound" and note.since is not None:
        metrics.call_answered((record.at - note.since).total_seconds(), drill=drill)
    elif isinstance(record, EmergencyDeclared):
        metrics.emergency_declared(record.by, record.hazard, drill=drill)
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
    elif isinstance(record, CallEnded):
        begin = note.answered_at or record.at
        metrics.call_ended(note.entry, record.by, (record.at - begin).total_seconds(), drill=drill)
        if record.by == "worker_died":
            metrics.worker_lost(drill=drill)
