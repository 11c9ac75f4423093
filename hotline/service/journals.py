"""Reads the journals of edge and workers: each record is delivered at once and stored once.

Two positions in each file: what dispatch has been told (in memory, ahead when the
database is away) and what is stored (in the database, with the records themselves).
Dispatch knows every `event_id`, so telling it twice after a crash is harmless.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from hotline.events import CallEnded, Record
from hotline.journal import Entry, read

log = structlog.get_logger()

Store = Callable[[str, Sequence[dict[str, Any]], int], None]
"""(journal name, records, offset after them): one transaction; raises when the database is away."""


@dataclass(slots=True)
class _File:
    delivered: int
    stored: int
    unstored: list[Entry] = field(default_factory=list)
    ended: bool = False


class JournalReader:
    """Follows every file of the journal directory."""

    def __init__(
        self,
        directory: Path,
        deliver: Callable[[Record], None],
        store: Store,
        offsets: Mapping[str, int] | None,
        *,
        store_failed: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        """`offsets`: what is stored, by journal name; None with the database away (the local note serves)."""
        self._directory = directory
        self._done = directory / "done"
        self._note = directory / "offsets.json"
        self._deliver = deliver
        self._store = store
        self._store_failed = store_failed
        self._files: dict[str, _File] = {}
        self._offsets = dict(offsets) if offsets is not None else self._read_note()
        directory.mkdir(parents=True, exist_ok=True)
        self._done.mkdir(exist_ok=True)

    def scan(self) -> None:
        """Look at every journal; the doorbell only makes it sooner."""
        for path in sorted(self._directory.glob("*.jsonl")):
            self.look(path.stem)
        self.store()

    def look(self, name: str) -> None:
        """Deliver what one journal has grown by."""
        path = self._directory / f"{name}.jsonl"
        file = self._files.get(name)
        if file is None:
            if not path.exists():
                return
            offset = self._offsets.get(name, 0)
            file = self._files[name] = _File(offset, offset)
        for entry in read(path, file.delivered):
            self._hand_over(entry.record)
            file.delivered = entry.next_offset
            file.unstored.append(entry)
            file.ended = file.ended or isinstance(entry.record, CallEnded)

    def store(self) -> None:
        """Store what was delivered; stops at the first failure and goes on there the next time."""
        changed = False
        for name, file in list(self._files.items()):
            if file.unstored:
                try:
                    rows = [entry.record.model_dump(mode="json") for entry in file.unstored]
                    self._store(name, rows, file.unstored[-1].next_offset)
                except Exception as error:
                    self._store_failed(error)
                    break
                file.stored = self._offsets[name] = file.unstored[-1].next_offset
                file.unstored.clear()
                changed = True
            if file.ended and name != "edge":
                self._put_away(name)
        if changed:
            self._write_note()

    def backlog(self) -> int:
        """Records that are delivered but not yet stored."""
        return sum(len(file.unstored) for file in self._files.values())

    def unfinished(self) -> list[str]:
        """Calls whose journal has no end yet."""
        return [name for name, file in self._files.items() if name != "edge" and not file.ended]

    def _hand_over(self, record: Record) -> None:
        try:
            self._deliver(record)
        except Exception:
            # One record that dispatch cannot digest must not stop the rest of the city's calls.
            log.exception("record not digested", event_id=record.event_id, kind=record.kind)

    def _put_away(self, name: str) -> None:
        os.replace(self._directory / f"{name}.jsonl", self._done / f"{name}.jsonl")
        del self._files[name]
        self._offsets.pop(name, None)

    def _read_note(self) -> dict[str, int]:
        try:
            note = json.loads(self._note.read_text())
            return {str(name): int(offset) for name, offset in note.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _write_note(self) -> None:
        beside = self._note.with_suffix(".new")
        beside.write_text(json.dumps(self._offsets))
        os.replace(beside, self._note)
