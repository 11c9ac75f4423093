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
from pydantic import ValidationError

from hotline.events import CallEnded, Record, TranscriptionFinished, parse_record
from hotline.journal import Entry, read
from hotline.segments import DONE, EDGE, is_later, number_of, segments

log = structlog.get_logger()

BATCH_RECORDS = 500
LATER_END = TranscriptionFinished
"""Last of what was heard after a call (hotline.service.deferred), which comes whole or not at all."""

@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one journal that wait to be stored, and where the next one begins."""

    journal: str
    records: Sequence[dict[str, Any]]
    next_offset: int


@dataclass(slots=True)
class _File:
    delivered: int
    stored: int
    unstored: list[Entry] = field(default_factory=list)
    ended: bool = False
    singly: bool = False
    """The database has refused some of it: record by record, to find which."""


class JournalReader:
    """Follows every file of the journal directory."""

    def __init__(
        self,
        directory: Path,
        deliver: Callable[[Record], None],
        offsets: Mapping[str, int] | None,
    ) -> None:
        """`offsets`: what is stored, by journal name; None with the database away (the local note serves)."""
        self._directory = directory
        self._done = directory / DONE
        self._note = directory / "offsets.json"
        self._deliver = deliver
        self._files: dict[str, _File] = {}
        self._unreadable: set[str] = set()
        self._offsets = dict(offsets) if offsets is not None else self._read_note()
        directory.mkdir(parents=True, exist_ok=True)
        self._done.mkdir(exist_ok=True)

    def scan(self) -> None:
        """Look at every journal; the doorbell only makes it sooner."""
        self._follow_edge()  # who rings stands there, and is needed for what the call says
        for path in sorted(self._directory.glob("*.jsonl")):
            if not number_of(path.stem):
                self._try(path.stem)

    def look(self, name: str) -> None:
        """Deliver what one journal has grown by."""
        if name == EDGE:
            self._follow_edge()
        else:
            self._try(name)

    def _follow_edge(self) -> None:
        """All files of the edge's journal; one that has a successor is full, and put away when stored."""
        found = segments(self._directory)
        for path in found:
            self._try(path.stem)
        for path in found[:-1]:
            known = self._files.get(path.stem)
            if known is not None and not known.unstored:
                self._put_away(path.stem)

    def _try(self, name: str) -> None:
        """A file that cannot be read (a bad disk, another owner) keeps no other call's records back."""
        try:
            self._follow(name)
        except OSError as error:
            if name not in self._unreadable:
                log.error("a journal cannot be read", journal=name, why=str(error),
                          advice="give it back to the service's user; it is read on by itself")
            self._unreadable.add(name)
        else:
            self._unreadable.discard(name)

    def _follow(self, name: str) -> None:
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
            file.ended = file.ended or isinstance(entry.record, LATER_END if is_later(name) else CallEnded)

    def hear(self, lines: Sequence[str]) -> None:
        """Deliver records that the disk does not take; they come again when they are written."""
        for line in lines:
            try:
                self._hand_over(parse_record(line))
            except ValidationError:
                log.error("what a worker told is no record")

    def next_batch(self) -> Batch | None:
        """What is to be stored next; the same again until `stored` says that it is."""
        for name, file in self._files.items():
            if file.unstored:
                waiting = file.unstored[: 1 if file.singly else BATCH_RECORDS]
                rows = [entry.record.model_dump(mode="json") for entry in waiting]
                return Batch(name, rows, waiting[-1].next_offset)
        return None

    def stored(self, batch: Batch) -> None:
        """The batch and its offset are in the database; an ended journal is put away."""
        file = self._files[batch.journal]
        del file.unstored[: len(batch.records)]
        file.stored = self._offsets[batch.journal] = batch.next_offset
        file.singly = file.singly and bool(file.unstored)
        if file.ended and not file.unstored and not number_of(batch.journal):
            self._put_away(batch.journal)
        self._write_note()

    def refused(self, batch: Batch) -> None:
        """The database will never take it: the record that it refuses keeps no other back.

        Dispatch has had it, and it stays in the journal, which is kept.
        """
        self._files[batch.journal].singly = True
        if len(batch.records) == 1:
            log.error("a record is not stored", event_id=batch.records[0]["event_id"])
            self.stored(batch)

    def offsets(self) -> Mapping[str, int]:
        """What is stored, by journal."""
        return dict(self._offsets)

    def backlog(self) -> int:
        """Records that are delivered but not yet stored."""
        return sum(len(file.unstored) for file in self._files.values())

    def backlog_bytes(self) -> int:
        return sum(file.delivered - file.stored for file in self._files.values())

    def unfinished(self) -> list[str]:
        """Calls whose journal has no end yet."""
        return [
            name for name, file in self._files.items()
            if not (number_of(name) or is_later(name) or file.ended)
        ]

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
