"""A call's journal: one append-only file of JSON lines that survives the death of its writer.

The writer appends a record before it acts on it. The reader (the controller) keeps the
offset of what it has stored, so every record is stored once, whenever that can be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from hotline.appending import NEWEST, AppendFile
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
        self.path = directory / f"{call_id}.jsonl"
        self.call_id = call_id
        self._utcnow = utcnow
        self._grew = grew
        self._file = AppendFile(self.path)
        self._number = _last_number(self.path)

    def unwritten(self, newest: int = NEWEST) -> tuple[str, ...]:
        """Records that a full or broken disk does not take; they wait and go with the next append."""
        return self._file.unwritten(newest)

    def append(self, event_type: type[EventType], **fields: Any) -> EventType:
        """Write one record in a single unbuffered append; a SIGKILL right after cannot lose it.

        With the disk full it waits in memory (`unwritten`) and the doorbell carries it: the call goes on.
        """
        self._number += 1
        event = event_type(
            event_id=f"{self.call_id}/{self._number}", call_id=self.call_id, at=self._utcnow(), **fields
        )
        self._file.append(event.model_dump_json().encode() + b"\n")
        self._grew()
        return event

    def retry(self) -> None:
        """Write what waits, if anything does and the disk has room again."""
        if self._file.unwritten(1) and self._file.flush():
            self._grew()

    def sync(self) -> None:
        """Put what was written onto the disk itself (against loss of power); may take milliseconds."""
        self._file.sync()

    def close(self) -> None:
        self._file.close()


def _last_number(path: Path) -> int:
    """The highest number given so far: a line that cannot be read has used one up too."""
    try:
        numbers = [entry.record.event_id.rpartition("/")[2] for entry in read(path)]
    except OSError:
        return 0
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


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
