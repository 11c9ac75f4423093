"""Dispatch's own write-ahead file: a unit of work is on the disk before anything follows from it.

JSON lines, one unit each. SIGKILL at any byte loses nothing that was acted on: a torn last line
was never acted on, and is cut off at the next start.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import structlog
from pydantic import ValidationError

from dispatch.errors import DispatchLocked
from dispatch.model import Unit

log = structlog.get_logger()
SNAPSHOT = "snapshot"
"""Prefix of units that stand in the database already, or in other units before them."""


class LocalJournal:
    """`<directory>/dispatch.jsonl`, for one process at a time."""

    def __init__(self, directory: Path, *, fsync: bool = True) -> None:
        """Takes the lock and mends a torn end. Raises DispatchLocked."""
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "dispatch.jsonl"
        self._fsync = fsync
        self._lock = os.open(directory / "dispatch.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise DispatchLocked(f"{directory}: another process runs this dispatch") from None
        self._file = self._open()
        self.size_bytes = self._cut_torn_end()

    def append(self, unit: Unit) -> None:
        """Write before acting; SIGKILL loses nothing of it. Raises OSError, nothing written."""
        line = unit.model_dump_json().encode() + b"\n"
        written = os.write(self._file, line)
        if written < len(line):
            os.ftruncate(self._file, self.size_bytes)
            raise OSError(f"only {written} of {len(line)} bytes written")
        self.size_bytes += written

    def sync(self) -> None:
        """Put what was written onto the disk itself, against loss of power. Raises OSError."""
        if self._fsync:
            os.fdatasync(self._file)

    def read(self) -> Iterator[Unit]:
        """All units, oldest first; a line that cannot be read is passed over and logged."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield Unit.model_validate_json(line)
                except ValidationError as error:
                    log.error("local_journal_line_unreadable", line=number, faults=error.error_count())

    def replace(self, units: Iterable[Unit]) -> None:
        """Put a shorter file in its place, atomically: the old or the new one is there, never neither."""
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as file:
            for unit in units:
                file.write(unit.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        os.close(self._file)
        self._file = self._open()
        self.size_bytes = os.fstat(self._file).st_size

    def close(self) -> None:
        """Let the next process have it."""
        os.close(self._file)
        os.close(self._lock)

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _cut_torn_end(self) -> int:
        size = os.fstat(self._file).st_size
        whole = _whole_lines(self._file, size)
        if whole < size:
            log.warning("local_journal_torn_end", bytes=size - whole)
            os.ftruncate(self._file, whole)
        return whole


def _whole_lines(file: int, size: int) -> int:
    """Up to where the file consists of complete lines."""
    end = size
    while end > 0:
        start = max(0, end - 65536)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
