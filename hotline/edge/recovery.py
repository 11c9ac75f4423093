"""Calls that a killed edge left between two chairs: arrived, with no worker, and not yet refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hotline.events import CallArrived, CallEnded
from hotline.journal import read

TAIL_BYTES = 262_144
"""So much of the journal's end is looked at: what a second of the busiest hour writes, and far more."""

RECENT = timedelta(hours=1)
"""Older ones are not looked at: their workers' journals may have been put away long since."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A call that has arrived and neither ended nor got a worker."""

    arrived: CallArrived
    records: int
    """How many it has in the edge's journal."""


def unfinished_calls(journal: Path, now: datetime) -> list[Unfinished]:
    """Those of the journal's end whose worker has not even begun a journal of its own."""
    size = journal.stat().st_size if journal.exists() else 0
    open_calls: dict[str, Unfinished] = {}
    for entry in read(journal, max(0, size - TAIL_BYTES)):
        record = entry.record
        if isinstance(record, CallArrived) and now - record.at < RECENT:
            open_calls[record.call_id] = Unfinished(record, 1)
        elif isinstance(record, CallEnded):
            open_calls.pop(record.call_id, None)
        elif record.call_id in open_calls:
            known = open_calls[record.call_id]
            open_calls[record.call_id] = Unfinished(known.arrived, known.records + 1)
    return [call for call in open_calls.values() if not _has_worker(journal.parent, call.arrived.call_id)]


def _has_worker(directory: Path, call_id: str) -> bool:
    name = f"{call_id}.jsonl"
    return (directory / name).exists() or (directory / "done" / name).exists()
