"""Follows what the service writes down, while it writes it: the journals of calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hotline.events import Record
from hotline.journal import read

POLL_SECONDS = 0.05


class NotWrittenError(AssertionError):
    """A record that was expected did not come; the message tells which ones did."""


class JournalWatch:
    """Reads every journal of a state folder as it grows.

    `with JournalWatch(service.journals) as watch: watch.wait_for("emergency_declared", 10)`
    """

    def __init__(self, folder: Path, on_record: Callable[[Record], None] | None = None) -> None:
        """`folder` is `state/journal`; `on_record` is called in the watching thread."""
        self._folder, self._on_record = folder, on_record
        self._offsets: dict[str, int] = {}
        self._records: list[Record] = []
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="journals", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(5)

    @property
    def records(self) -> list[Record]:
        """All records so far, in the order in which they were seen."""
        with self._changed:
            return list(self._records)

    def of(self, call_id: str) -> list[Record]:
        return [record for record in self.records if record.call_id == call_id]

    def calls(self) -> list[str]:
        """The call ids seen, in order of appearance."""
        return list(dict.fromkeys(record.call_id for record in self.records))

    def wait_for(
        self, kind: str, timeout_seconds: float, *, call_id: str = "",
        where: Callable[[Any], bool] = lambda record: True,
    ) -> Any:
        """The first record of a kind (of a call), past or to come. Raises NotWrittenError."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            while True:
                for record in self._records:
                    if record.kind == kind and call_id in ("", record.call_id) and where(record):
                        return record
                left = deadline - time.monotonic()
                if left <= 0:
                    story = ", ".join(f"{r.call_id} {r.kind}" for r in self._records[-40:]) or "nothing"
                    raise NotWrittenError(f"no `{kind}` in {timeout_seconds:g} s; written: {story}")
                self._changed.wait(left)

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self.look()

    def look(self) -> None:
        """Read what is new. A journal that was put away (`done/`) is read on from there."""
        for path in sorted([*self._folder.glob("*.jsonl"), *self._folder.glob("done/**/*.jsonl")]):
            offset = self._offsets.get(path.name, 0)
            fresh = []
            for entry in read(path, offset):
                fresh.append(entry.record)
                self._offsets[path.name] = entry.next_offset
            if not fresh:
                continue
            with self._changed:
                self._records.extend(fresh)
                self._changed.notify_all()
            if self._on_record is not None:
                for record in fresh:
                    self._on_record(record)
