"""Writes units to the database behind the engine's back, in order, each once, whenever that can be done."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime

import structlog

from dispatch.errors import StoreTooNew, StoreUnavailable, UnitRefused
from dispatch.model import Put, Unit
from dispatch.store.port import Store

log = structlog.get_logger()
BATCH = 100
Loaded = tuple[list[Put], dict[str, datetime]]
"""What is open, and the units applied of late."""


class Writer:
    """A queue of units. `store_some` may be called by a thread of its own or by hand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: deque[Unit] = deque()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self.available = True
        """Whether the database answered last."""
        self.refused: list[str] = []
        """Units that the database does not take; they stay in the local journal."""
        self._wanted_since: datetime | None = None
        self._found: Loaded | None = None

    def want_state(self, since: datetime) -> None:
        """The start was without the database: bring its tables up to date and read what is open."""
        self._wanted_since = since
        self.available = False

    def take_state(self) -> Loaded | None:
        """What was read, once."""
        found, self._found = self._found, None
        return found

    @property
    def closed(self) -> bool:
        """The database has not been opened yet: nothing may be written to it."""
        return self._wanted_since is not None

    def idle(self) -> bool:
        """Nothing to write and nothing to read."""
        return not self.waiting() and self._wanted_since is None

    def add(self, units: Iterable[Unit]) -> None:
        with self._lock:
            self._queue.extend(units)

    def waiting(self) -> int:
        """Units not in the database yet."""
        with self._lock:
            return len(self._queue)

    def store_some(self) -> bool:
        """Write a batch. True: there may be more; False: nothing is left, or the database is away."""
        with self._writing:
            if not self._read_state():
                return False
            with self._lock:
                batch = [self._queue[index] for index in range(min(BATCH, len(self._queue)))]
            if not batch:
                return False
            try:
                self._store.save_units(batch)
            except StoreUnavailable:
                self._set_available(False)
                return False
            except UnitRefused:
                self._one_by_one(batch)
            else:
                self._done(len(batch))
            self._set_available(True)
            return True

    def _read_state(self) -> bool:
        """False: the database is still away."""
        if self._wanted_since is None:
            return True
        try:
            self._store.upgrade()
            self._found = self._store.load_open(self._wanted_since)
        except (StoreUnavailable, StoreTooNew):
            return False
        self._wanted_since = None
        self._set_available(True)
        return True

    def _one_by_one(self, batch: list[Unit]) -> None:
        """A unit that the database refuses must not keep the others back."""
        for unit in batch:
            try:
                self._store.save_units([unit])
            except StoreUnavailable:
                return
            except UnitRefused as error:
                log.error("unit_refused", unit=unit.unit_id, why=str(error))
                self.refused.append(unit.unit_id)
            self._done(1)

    def _done(self, count: int) -> None:
        with self._lock:
            for _ in range(count):
                self._queue.popleft()

    def _set_available(self, available: bool) -> None:
        if available != self.available:
            log.warning("store_back" if available else "store_away", waiting=self.waiting())
        self.available = available


class WriterThread:
    """Runs a writer until it is stopped; tries an absent database again every second."""

    def __init__(self, writer: Writer, *, retry_seconds: float = 1.0) -> None:
        self._writer = writer
        self._retry_seconds = retry_seconds
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="dispatch-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, timeout_seconds: float) -> None:
        """Write what can be written and end; what cannot stays in the local journal."""
        self._stop = True
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            self._drain()
            if self._stop:
                return
            self._wake.wait(None if self._writer.idle() else self._retry_seconds)

    def _drain(self) -> None:
        try:
            while self._writer.store_some():
                pass
        except Exception:
            # The thread must outlive whatever a driver throws; the units are in the journal.
            log.exception("writer_failed")
