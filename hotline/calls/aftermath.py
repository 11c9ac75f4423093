"""When a call's worker has died: its journal is ended in its name and its caller is called back.

The dead worker writes no more, so its journal gets a new writer. Doing it twice is harmless:
a journal that has its end is left alone.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hotline.events import (
    CallbackRequested,
    CallEnded,
    PageAccepted,
    PageDeclined,
    PageFailed,
    Record,
    RecordingFinished,
)
from hotline.journal import Journal, read


def bury(
    directory: Path,
    call_id: str,
    utcnow: Callable[[], datetime],
    *,
    caller: str,
    purpose: str,
    page_id: str,
    callback_seconds: int,
    recording: tuple[str, float] | None,
) -> bool:
    """End the journal of a dead worker's call. False when it had ended in good order.

    A caller (inbound or called back) gets a call-back within `callback_seconds`, unless his
    call-back is already asked for; an unsettled page counts as failed, so the next crew is paged.
    """
    records = [entry.record for entry in read(directory / f"{call_id}.jsonl")]
    if any(isinstance(record, CallEnded) for record in records):
        return False
    journal = Journal(directory, call_id, utcnow)
    try:
        if page_id and not _settled(records):
            journal.append(PageFailed, page_id=page_id, why="worker_died")
        if purpose in ("inbound", "callback"):
            journal.append(
                CallbackRequested, number=caller, reason="worker_died", within_seconds=callback_seconds
            )
        if recording is not None and not any(isinstance(record, RecordingFinished) for record in records):
            journal.append(RecordingFinished, path=recording[0], seconds=recording[1])
        journal.append(CallEnded, by="worker_died", sip_status=0)
        journal.sync()
    finally:
        journal.close()
    return True


def somebody_writes(journal: Path) -> bool:
    """Whether a living process has the journal open: then its worker is not dead, whatever is said."""
    wanted = os.path.realpath(journal)
    for link in glob.iglob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link) == wanted:
                return True
        except OSError:
            continue
    return False


def _settled(records: list[Record]) -> bool:
    return any(isinstance(record, PageAccepted | PageDeclined | PageFailed) for record in records)
