"""Calls that a killed edge left between two chairs: arrived, with no worker, and not yet refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hotline.events import CallArrived, CallEnded, Record
from hotline.journal import read
from hotline.segments import DONE, with_last_done

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


def unfinished_calls(directory: Path, now: datetime) -> list[Unfinished]:
    """Those of the journal's end whose worker has not even begun to write in a journal of its own."""
    open_calls: dict[str, Unfinished] = {}
    for record in _last_records(directory):
        if isinstance(record, CallArrived) and now - record.at < RECENT:
            open_calls[record.call_id] = Unfinished(record, 1)
        elif isinstance(record, CallEnded):
            open_calls.pop(record.call_id, None)
        elif record.call_id in open_calls:
            known = open_calls[record.call_id]
            open_calls[record.call_id] = Unfinished(known.arrived, known.records + 1)
    return [call for call in open_calls.values() if not _has_worker(directory, call.arrived.call_id)]


def _last_records(directory: Path) -> Iterator[Record]:
    for path in with_last_done(directory)[-2:]:
        for entry in read(path, max(0, path.stat().st_size - TAIL_BYTES)):
            yield entry.record


def _has_worker(directory: Path, call_id: str) -> bool:
    """A worker writes as soon as it has got its INVITE."""
    name = f"{call_id}.jsonl"
    try:
        return (directory / name).stat().st_size > 0
    except FileNotFoundError:
        return (directory / DONE / name).exists()
