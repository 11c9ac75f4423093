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

    def look(self, call_id: str) -> None:
        """Somebody thinks that this call's worker may be dead."""
        if call_id in self._looking:
            return
        self._looking.add(call_id)
        self._clock.callLater(0, self._look, call_id)

    def _look(self, call_id: str) -> None:
        path = self._journals / f"{call_id}.jsonl"
        if self._connected(call_id):
            self._looking.discard(call_id)
            return
        if path.exists() and somebody_writes(path):
            # Alive, only not connected: look again until it is one or the other.
            self._clock.callLater(LOOK_AGAIN_SECONDS, self._look, call_id)
            return
        self._looking.discard(call_id)
        self._end(call_id, path)

    def _end(self, call_id: str, path: Path) -> None:
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
            except OSError:
                log.exception("recording not mended", call_id=call_id)
        return None
