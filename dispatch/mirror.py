"""A second copy of what matters most, elsewhere, at once (S0 §21(3): important data is backed up at once).

Units of work that touch a ticket, an incident or what belongs to them are appended to
`<directory>/important-<day>.jsonl`, best on another disk or machine. A thread of its own writes:
a slow or broken disk there holds up nothing here. What a crash kept from being copied stands in the
local journal and is copied at the next start; a unit that is there twice is restored once.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import structlog
from pydantic import ValidationError

from dispatch.model import Assignment, Callback, Incident, Page, Ticket, Unit

log = structlog.get_logger()
IMPORTANT = (Incident, Ticket, Assignment, Page, Callback)
PATTERN = "important-*.jsonl"
RETRY_SECONDS = 5.0


class Mirror:
    """One per dispatch. `add` never waits."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._queue: deque[Unit] = deque()
        self._wake = threading.Event()
        self._stop = False
        self.works = True
        """Whether the last copy could be written."""
        self._thread = threading.Thread(target=self._run, name="dispatch-mirror", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, units: Iterable[Unit]) -> None:
        """Copy those that matter, as soon as can be."""
        self._queue.extend(unit for unit in units if _important(unit))
        self._wake.set()

    def waiting(self) -> int:
        return len(self._queue)

    def stop(self, timeout_seconds: float) -> None:
        """Write what can be written and end."""
        self._stop = True
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while True:
            self._wake.wait(None if not self._queue else RETRY_SECONDS)
            self._wake.clear()
            self._drain()
            if self._stop:
                return

    def _drain(self) -> None:
        try:
            while self._queue:
                batch = [self._queue[index] for index in range(len(self._queue))]
                write(self._directory, batch)
                for _ in batch:
                    self._queue.popleft()
        except OSError as error:
            if self.works:
                log.error("mirror_failed", why=str(error), advice="look after the disk of backup.directory")
            self.works = False
        else:
            self.works = True


def write(directory: Path, units: Iterable[Unit]) -> None:
    """Append to the files of their days (UTC), onto the disk itself. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    days: dict[str, list[bytes]] = {}
    for unit in units:
        days.setdefault(f"{unit.at:%Y%m%d}", []).append(unit.model_dump_json().encode() + b"\n")
    for day, lines in days.items():
        path = directory / f"important-{day}.jsonl"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # A line of its own after a torn one: whoever reads passes over what is no unit.
            torn = os.fstat(file).st_size and not _ends_with_newline(path)
            left = (b"\n" if torn else b"") + b"".join(lines)
            while left:
                left = left[os.write(file, left):]
            os.fsync(file)
        finally:
            os.close(file)


def read(directory: Path) -> Iterator[Unit]:
    """All units that were copied, oldest day first; a line that is no unit is passed over and logged."""
    for path in sorted(directory.glob(PATTERN)):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    yield Unit.model_validate_json(line)
                except ValidationError:
                    log.error("mirror_line_unreadable", file=path.name, line=number)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _important(unit: Unit) -> bool:
    return any(isinstance(put, IMPORTANT) for put in unit.puts)
