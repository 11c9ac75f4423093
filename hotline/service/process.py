"""Processes that outlive the one that started them: known by pid and start time, watched by pidfd.

A pid alone may be somebody else's by tomorrow; together with its start time (clock ticks since
boot, from /proc) it names one process for ever. Linux only.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

START_TIME_AFTER_STATE = 18
"""Field 22 of /proc/PID/stat counts from 1 and stands 19 places after the state, field 3."""


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One process of ours, as it stands in a file of the run directory."""

    pid: int
    start_ticks: int
    instance: str = ""
    draining: bool = False
    """Of a supervisor: its instance takes no new calls."""

    def alive(self) -> bool:
        return start_ticks(self.pid) == self.start_ticks

    def open_pidfd(self) -> int | None:
        """A descriptor that becomes readable when the process ends; None when it has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        if self.alive():
            return descriptor
        os.close(descriptor)
        return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this very process; nothing happens when it has ended."""
        descriptor = self.open_pidfd()
        if descriptor is None:
            return
        try:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)

    def write(self, path: Path) -> None:
        """Replace the file at one stroke."""
        write_atomically(path, json.dumps(asdict(self)))


def of(pid: int, instance: str = "") -> ProcessRecord:
    """The record of a running process. Raises ProcessLookupError when there is none."""
    ticks = start_ticks(pid)
    if ticks is None:
        raise ProcessLookupError(pid)
    return ProcessRecord(pid, ticks, instance)


def read(path: Path, *, dead_too: bool = False) -> ProcessRecord | None:
    """What a file of the run directory says, if that process still lives."""
    try:
        record = ProcessRecord(**json.loads(path.read_text(encoding="utf-8")))
        return record if dead_too or record.alive() else None
    except (OSError, ValueError, TypeError):
        return None


def start_ticks(pid: int) -> int | None:
    """When the process began; None when there is no such process, or only its remains (a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[START_TIME_AFTER_STATE])


def write_atomically(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a SIGKILL, never meets half of it."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
