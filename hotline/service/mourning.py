"""Dead workers: noticed by the edge, by a closed socket, or by a journal that nobody writes any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from hotline.calls.aftermath import bury, somebody_writes
from hotline.calls.ports import Clock
from hotline.calls.recording import repair_recording
from hotline.service.book import CallBook
from hotline.settings import Settings

log = structlog.get_logger()

LOOK_AGAIN_SECONDS = 1.0
"""A worker whose sockets closed may be looking for us; a dead one has closed its journal too."""
BEGIN_SECONDS = 10.0
"""Beyond the edge's wait for a worker: within this a forked one has begun its journal."""


class Mourner:
    """Ends the journals of dead workers, each once."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        utcnow: Callable[[], datetime],
        book: CallBook,
        connected: Callable[[str], bool],
        buried: Callable[[str], None],
    ) -> None:
        """`buried(call_id)` is told when a journal was ended, to be read on."""
        self._settings = settings
        self._clock = clock
        self._utcnow = utcnow
        self._book = book
        self._connected = connected
        self._buried = buried
        self._journals = settings.paths.state / "journal"
        self._looking: set[str] = set()

    def look(self, call_id: str, *, certain: bool = False) -> None:
        """Somebody thinks that this call's worker may be dead; `certain`: and that no other will come."""
        if call_id in self._looking:
            return
        self._looking.add(call_id)
        self._clock.callLater(0, self._look, call_id, certain)

    def edge_came_back(self, at: datetime) -> None:
        """What the old edge was asked for and had not begun, the new one knows nothing of."""
        for note in self._book.calls():
            begun = self._path(note.call_id).exists() or self._connected(note.call_id)
            if note.purpose != "inbound" and not begun and note.since is not None and note.since <= at:
                self._book.forget(note.call_id)

    def _path(self, call_id: str) -> Path:
        return self._journals / f"{call_id}.jsonl"

    def _look(self, call_id: str, certain: bool) -> None:
        path = self._path(call_id)
        if self._connected(call_id):
            self._looking.discard(call_id)
        elif not path.exists():
            self._looking.discard(call_id)
            self._not_begun(call_id)
        elif somebody_writes(path):
            # Alive, only not connected: look again until it is one or the other.
            self._clock.callLater(LOOK_AGAIN_SECONDS, self._look, call_id, False)
        elif not certain:
            # The edge may just be trying another worker for this call.
            self._clock.callLater(LOOK_AGAIN_SECONDS, self._look, call_id, True)
        else:
            self._looking.discard(call_id)
            self._end(call_id)

    def _not_begun(self, call_id: str) -> None:
        """No worker has written a word: the edge still looks for one, or was killed over it."""
        note = self._book.get(call_id)
        if note is None:
            return
        waits = self._settings.edge.worker_wait_seconds + BEGIN_SECONDS
        if (self._journals / "done" / f"{call_id}.jsonl").exists():
            self._book.forget(call_id)
        elif note.since is not None and (self._utcnow() - note.since).total_seconds() < waits:
            return
        elif note.purpose == "inbound":
            self._end(call_id)
        else:
            # Dispatch holds an order without a receipt, and gives it again.
            self._book.forget(call_id)

    def _end(self, call_id: str) -> None:
        note = self._book.get(call_id)
        if note is None or note.ended:
            return
        callbacks = self._settings.callbacks
        ended = bury(
            self._journals,
            call_id,
            self._utcnow,
            caller=note.caller,
            purpose=note.purpose,
            page_id=call_id if note.purpose == "page" else "",
            callback_seconds=callbacks.worker_died_seconds,
            recording=self._recording(call_id),
        )
        if ended:
            log.error("worker died", call_id=call_id, purpose=note.purpose)
            self._buried(call_id)

    def _recording(self, call_id: str) -> tuple[str, float] | None:
        """What the dead worker recorded, mended to its full length; its day is in its path."""
        recordings = self._settings.paths.recordings
        for file in recordings.glob(f"*/*/*/{call_id}.wav"):
            try:
                return str(file.relative_to(recordings)), repair_recording(file)
            except (OSError, ValueError):
                log.exception("recording not mended", call_id=call_id)
        return None
