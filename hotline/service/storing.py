"""Puts what the journals say into the database, in a thread: a slow or absent one delays no call."""

from __future__ import annotations

from typing import Any

import structlog
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from dispatch.api import Dispatch, StoreUnavailable
from hotline.service.journals import Batch, JournalReader

log = structlog.get_logger()


class Storing:
    """One batch after the other; after a failure it waits for the next `go`."""

    def __init__(self, reactor: Any, dispatch: Dispatch, reader: JournalReader) -> None:
        self._reactor = reactor
        self._dispatch = dispatch
        self._reader = reader
        self._busy = False
        self._stopped = False

    def go(self) -> None:
        """Store what waits, if nothing is being stored."""
        batch = None if self._busy or self._stopped else self._reader.next_batch()
        if batch is None:
            return
        self._busy = True
        stored = deferToThreadPool(
            self._reactor,
            self._reactor.getThreadPool(),
            self._dispatch.record_events,
            batch.journal,
            batch.records,
            batch.next_offset,
        )
        stored.addCallbacks(lambda _: self._stored(batch), lambda why: self._failed(batch, why))

    def stop(self) -> None:
        """Begin nothing new; what is not stored waits in its journal."""
        self._stopped = True

    def _stored(self, batch: Batch) -> None:
        self._busy = False
        self._reader.stored(batch)
        self.go()

    def _failed(self, batch: Batch, why: Failure) -> None:
        self._busy = False
        if not isinstance(why.value, StoreUnavailable):
            log.error("journal not stored", journal=batch.journal, why=why.getErrorMessage())
            self._reader.refused(batch)
