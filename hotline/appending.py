"""A file that only grows, one whole line at a time, and that a full or broken disk never stops.

What cannot be written now waits in memory, in order, and is written with the next line or `flush`;
meanwhile the owner can tell others of it by another way. A call matters more than its paper.
"""

from __future__ import annotations

import errno
import os
import sys
from collections import deque
from itertools import islice
from pathlib import Path

import structlog

log = structlog.get_logger()
NEWEST = 8
"""So many of the waiting lines a doorbell carries: each line is among them once."""
FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class AppendFile:
    """One writer's file of lines, mode 0600. Nothing in here raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1
        self._waiting: deque[bytes] = deque()
        self._begun = 0
        """So many bytes of the first waiting line are in the file: a disk fills up in mid-line."""
        self._failing = False
        self.flush()

    def unwritten(self, newest: int = sys.maxsize) -> tuple[str, ...]:
        """The lines that are not on the disk, or the newest so many of them."""
        first = max(0, len(self._waiting) - newest)
        return tuple(line.decode().rstrip("\n") for line in islice(self._waiting, first, None))

    @property
    def size_bytes(self) -> int:
        return os.fstat(self._file).st_size if self._file >= 0 else 0

    def append(self, line: bytes) -> bool:
        """Add a line (newline included) in one unbuffered write; False when it has to wait."""
        self._waiting.append(line)
        return self.flush()

    def flush(self) -> bool:
        """Try to write what waits; False when some of it still does."""
        try:
            if self._file < 0:
                self._open()
            while self._waiting:
                self._write(self._waiting[0])
                self._waiting.popleft()
                self._begun = 0
        except OSError as error:
            self._failed(error)
            return False
        self._failing = False
        return True

    def sync(self) -> None:
        """Onto the disk itself (against loss of power); may take milliseconds."""
        try:
            if self._file >= 0:
                os.fdatasync(self._file)
        except OSError as error:
            self._failed(error)

    def close(self) -> None:
        self.flush()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        """A writer before us may have died in the middle of a line: end it, lest it swallow ours."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, FLAGS, 0o600)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                os.write(file, b"\n")
        except OSError:
            os.close(file)
            raise
        self._file = file

    def _write(self, line: bytes) -> None:
        rest = line[self._begun :]
        written = os.write(self._file, rest)
        self._begun += written
        if written < len(rest):
            raise OSError(errno.ENOSPC, "only a part of the line was written")

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            log.error(
                "a journal cannot be written; calls go on", path=str(self.path), why=str(error),
                advice="free the disk of the state directory, or give it back to the service's user",
            )  # fmt: skip
        self._failing = True
