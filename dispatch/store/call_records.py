"""From the records of a call's journal to rows: call, legs, transcripts, attachments.

The records come as JSON objects; only the few fields that have columns are looked at, the whole
record is kept beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dispatch.store.columns import Base
from dispatch.store.port import EventDict
from dispatch.store.tables import AttachmentTable, CallTable, LegRow, TranscriptTable

RECORDING, DELETED = "recording", "deleted"
"""Kinds of attachments; one that was deleted has a row of both."""
Rows = list[tuple[type[Base], dict[str, Any]]]
"""What to insert or, where the key is there, to update with just these columns."""


def rows_of(record: EventDict) -> Rows:
    """What one record adds; nothing for kinds that only belong on the timeline."""
    make = _ROWS.get(str(record.get("kind")))
    return make(record) if make else []


def moment(record: EventDict) -> datetime:
    """When it happened. Raises ValueError, TypeError or KeyError for what is no record."""
    at = record["at"]
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


def _call(record: EventDict, **columns: Any) -> Rows:
    return [(CallTable, {"call_id": record["call_id"], **columns})]


def _leg(record: EventDict, **columns: Any) -> Rows:
    return [(LegRow, {"call_id": record["call_id"], "leg_id": record["leg_id"], **columns})]


def _take(record: EventDict, *names: str) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def _arrived(record: EventDict) -> Rows:
    known = _take(record, "direction", "purpose", "caller", "dialled", "trunk", "sip_call_id", "drill")
    return _call(record, arrived_at=moment(record), **known)


def _answered(record: EventDict) -> Rows:
    return _call(record, answered_at=moment(record), **_take(record, "flow", "flow_version"))


def _ended(record: EventDict) -> Rows:
    return _call(record, ended_at=moment(record), ended_by=record["by"], **_take(record, "sip_status"))


def _leg_ended(record: EventDict) -> Rows:
    return _leg(record, ended_at=moment(record), **_take(record, "role", "sip_status", "cause"))


def _heard(record: EventDict) -> Rows:
    names = ("event_id", "call_id", "leg_id", "role", "text", "start_ms", "end_ms", "confidence")
    return [(TranscriptTable, {**_take(record, *names), "words": list(record.get("words", ()))})]


def _recording(record: EventDict) -> Rows:
    columns = _take(record, "event_id", "call_id", "path", "seconds")
    return [(AttachmentTable, {**columns, "kind": RECORDING})]


def _deleted(record: EventDict) -> Rows:
    columns = _take(record, "event_id", "call_id", "path")
    return [(AttachmentTable, {**columns, "kind": DELETED, "seconds": 0.0})]


_ROWS: dict[str, Callable[[EventDict], Rows]] = {
    "call_arrived": _arrived,
    "call_answered": _answered,
    "call_ended": _ended,
    "emergency_declared": lambda record: _call(record, emergency=True),
    "leg_started": lambda record: _leg(record, started_at=moment(record), **_take(record, "role", "remote")),
    "leg_answered": lambda record: _leg(record, answered_at=moment(record)),
    "leg_ended": _leg_ended,
    "heard": _heard,
    "recording_finished": _recording,
    "recording_deleted": _deleted,
}
