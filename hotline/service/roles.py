"""The processes of the service and how each is kept alive.

A role's process is started in a session of its own, so that neither the terminal nor the death of
the supervisor takes it along; a later supervisor finds it by its record and goes on watching it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from signal import Signals

import structlog

from hotline.service import process
from hotline.service.process import ProcessRecord

log = structlog.get_logger()

MODULES = {
    "edge": "hotline.edge", "zygote": "hotline.calls.zygote", "controller": "hotline.service.controller",
    "transcriber": "hotline.service.transcriber",
}
START_ORDER = ("edge", "zygote", "controller", "transcriber")
STEADY_SECONDS = 10.0
"""A process that lived so long starts again at once; a shorter life is waited after."""
FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS = 0.2, 5.0


def command(role: str, settings: Path, instance: str) -> list[str]:
    """The command line of a role's process. The edge is of all instances and has no name."""
    words = [sys.executable, "-m", MODULES[role], "--config", str(settings)]
    return words if role == "edge" else [*words, "--instance", instance]


def wait_seconds(short_lives: int) -> float:
    """How long to wait before the next start: at once after the first death, then longer and longer."""
    if short_lives <= 1:
        return 0.0
    return float(min(FIRST_WAIT_SECONDS * 2 ** (short_lives - 2), LAST_WAIT_SECONDS))


class Role:
    """One process that is started, watched, and started again when it dies."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        record_path: Path,
        instance: str,
        monotonic: Callable[[], float],
        *,
        foreign_lock: Path | None = None,
    ) -> None:
        """`foreign_lock`: a file that the process itself locks and writes its pid into; a process
        that somebody else started is found by it."""
        self.name = name
        self.wanted = True
        self.started_times = 0
        self.pidfd: int | None = None
        self.record: ProcessRecord | None = None
        self._arguments = arguments
        self._record_path = record_path
        self._instance = instance
        self._monotonic = monotonic
        self._foreign_lock = foreign_lock
        self._child: subprocess.Popen[bytes] | None = None
        self._since = 0.0
        self._short_lives = 0
        self._due = monotonic()

    @property
    def running(self) -> bool:
        return self.pidfd is not None

    def next_start(self) -> float | None:
        """When the process is to be started, on the monotonic clock; None while it runs or is not wanted."""
        return None if self.running or not self.wanted else self._due

    def start_if_due(self) -> bool:
        """Adopt the process that runs already, or start it when it is time. True: it just began."""
        due = self.next_start()
        if due is None or due > self._monotonic():
            return False
        return self.adopt() or self._start()

    def adopt(self) -> bool:
        """Watch the process that another supervisor started, if it lives."""
        record = process.read(self._record_path) or self._foreign()
        descriptor = record.open_pidfd() if record is not None else None
        if record is None or descriptor is None:
            return False
        self._watch(record, descriptor)
        log.info("adopted a running process", role=self.name, role_pid=record.pid)
        return True

    def ended(self) -> None:
        """The pidfd became readable: the process is gone."""
        status = self._child.wait() if self._child is not None else None
        lived = self._monotonic() - self._since
        self.close()
        self._short_lives = 1 if lived >= STEADY_SECONDS else self._short_lives + 1
        self._due = self._monotonic() + wait_seconds(self._short_lives)
        say = log.warning if self.wanted else log.info
        say("process ended", role=self.name, exit_status=status, lived_seconds=round(lived, 1))

    def send(self, number: Signals) -> None:
        if self.record is not None:
            self.record.send(number)

    def close(self) -> None:
        """Watch no longer; the process itself is left as it is."""
        if self.pidfd is not None:
            os.close(self.pidfd)
        self.pidfd = self.record = self._child = None

    def _start(self) -> bool:
        try:
            child = subprocess.Popen(self._arguments, stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            self._short_lives += 1
            self._due = self._monotonic() + max(FIRST_WAIT_SECONDS, wait_seconds(self._short_lives))
            log.error("process cannot be started", role=self.name, why=str(error))
            return False
        self._child = child
        self.started_times += 1
        # Our own child cannot vanish before we wait for it: both calls find at least its remains.
        descriptor = os.pidfd_open(child.pid)
        record = ProcessRecord(child.pid, process.start_ticks(child.pid) or 0, self._instance)
        record.write(self._record_path)
        self._watch(record, descriptor)
        log.info("started a process", role=self.name, role_pid=child.pid)
        return True

    def _watch(self, record: ProcessRecord, descriptor: int) -> None:
        self.record, self.pidfd = record, descriptor
        self._since = self._monotonic()

    def _foreign(self) -> ProcessRecord | None:
        if self._foreign_lock is None:
            return None
        try:
            with self._foreign_lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _record_of_pid(self._foreign_lock)
        except OSError:
            return None
        return None


def _record_of_pid(lock: Path) -> ProcessRecord | None:
    try:
        return process.of(int(lock.read_text(encoding="utf-8").split()[0]))
    except (OSError, ValueError, IndexError):
        return None
