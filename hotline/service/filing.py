"""Puts recordings to the tickets of their calls, each with the hash of what is in it.

The hash is made in a thread: a long recording holds up nobody. What a crash kept from being filed is
found again at the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from twisted.internet.threads import deferToThreadPool

from dispatch.api import AttachmentAdded, Dispatch, DispatchError
from hotline.attachments import fingerprint
from hotline.events import Record, RecordingFinished

log = structlog.get_logger()
CATCH_UP_SECONDS = 30.0


class Filing:
    """Told of every record after dispatch has been."""

    def __init__(
        self, reactor: Any, dispatch: Dispatch, recordings: Path, utcnow: Callable[[], datetime]
    ) -> None:
        self._reactor, self._dispatch, self._recordings, self._utcnow = reactor, dispatch, recordings, utcnow

    def start(self) -> None:
        """File what the last run could not."""
        self._reactor.callLater(CATCH_UP_SECONDS, self._catch_up)

    def after(self, take: Callable[[Record], None]) -> Callable[[Record], None]:
        """`take`, and then the recording of the call goes to its tickets."""

        def both(record: Record) -> None:
            take(record)
            self.take(record)

        return both

    def take(self, record: Record) -> None:
        if isinstance(record, RecordingFinished) and self._dispatch.tickets_of_call(record.call_id):
            self._file(record.call_id, record.path)

    def _catch_up(self) -> None:
        waiting = self._dispatch.calls_without_recording()
        found = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._look_up, waiting)
        found.addCallbacks(self._file_all, lambda why: log.info("not filed yet", why=why.getErrorMessage()))

    def _look_up(self, calls: list[str]) -> list[tuple[str, str]]:
        store = self._dispatch.store
        return [(call_id, one.path) for call_id in calls for one in store.attachments(call_id)]

    def _file_all(self, found: list[tuple[str, str]]) -> None:
        for call_id, path in found:
            self._file(call_id, path)

    def _file(self, call_id: str, path: str) -> None:
        made = deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), fingerprint, self._recordings / path
        )
        made.addCallbacks(
            lambda found: self.filed(call_id, path, *found),
            lambda why: log.warning("recording not filed", call_id=call_id, why=why.getErrorMessage()),
        )

    def filed(self, call_id: str, path: str, sha256: str, size_bytes: int) -> None:
        """Its hash is known: it belongs to every ticket of the call."""
        try:
            self._dispatch.tell(AttachmentAdded(
                event_id=f"filed/{call_id}/{sha256[:16]}", at=self._utcnow(), call_id=call_id,
                what="recording", reference=path, sha256=sha256, media_type="audio/wav",
                size_bytes=size_bytes,
            ))
        except DispatchError as error:
            log.warning("recording not filed", call_id=call_id, why=str(error))
