"""A call's journal: one append-only file of JSON lines that survives the death of its writer.

The writer appends a record before it acts on it. The reader (the controller) keeps the
offset of what it has stored, so every record is stored once, whenever that can be done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from pydantic import ValidationError

from hotline.events import Event, Record, parse_record

EventType = TypeVar("EventType", bound=Event)


class Journal:
    """Appends events of one call to `<directory>/<call_id>.jsonl`."""

    def __init__(
        self,
        directory: Path,
        call_id: str,
        utcnow: Callable[[], datetime],
        *,
        grew: Callable[[], None] = lambda: None,
    ) -> None:
        """`grew` is called after each append (the doorbell to the controller); it must not raise."""
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / f"{call_id}.jsonl"
        self.call_id = call_id
        self._utcnow = utcnow
        self._grew = grew
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _torn(self.path):
            os.write(self._file, b"\n")
        self._number = sum(1 for _ in read(self.path))

    def append(self, event_type: type[EventType], **fields: Any) -> EventType:
        """Write one record in a single unbuffered append; a SIGKILL right after cannot lose it."""
        self._number += 1
        event = event_type(
            event_id=f"{self.call_id}/{self._number}", call_id=self.call_id, at=self._utcnow(), **fields
        )
        os.write(self._file, event.model_dump_json().encode() + b"\n")
        self._grew()
        return event

    def sync(self) -> None:
        """Put what was written onto the disk itself (against loss of power); may take milliseconds."""
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)


def _torn(path: Path) -> bool:
    """Whether a writer before us died in the middle of a line."""
    with path.open("rb") as file:
        return bool(file.seek(0, os.SEEK_END)) and not _last_byte(file) == b"\n"


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record and where the next one begins."""

    record: Record
    next_offset: int


def read(path: Path, offset: int = 0) -> Iterator[Entry]:
    """Complete records from `offset` (bytes). A torn last line is left for the next time.

    A line that is complete but not a record (a foreign hand, a bad disk) is passed over: the
    rest of the call must not be lost for it.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset += len(line)
                try:
                    record = parse_record(line)
                except ValidationError:
                    continue
                yield Entry(record, offset)
    except FileNotFoundError:
        return
