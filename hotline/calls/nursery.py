"""The zygote's workers: forked for a call, or ahead of need and given one later."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from hotline.ipc import Job, encode

if TYPE_CHECKING:
    from hotline.calls.worker import Loaded

log = structlog.get_logger()

SPARE_NAME = "hotline-spare"
"""What the kernel calls a spare until it has a call (`ps -o comm`): a drain does not wait for it."""
TAKEN = b"+"
"""What a spare answers to its job."""


class Nursery:
    """Forks workers and knows which of them live. Blocks nowhere."""

    def __init__(self, loaded: Loaded, resets: Collection[signal.Signals]) -> None:
        """`resets`: the signals whose handlers a worker must not inherit."""
        self.loaded = loaded
        self._resets = resets
        self._children: dict[int, str] = {}
        self._spares: deque[tuple[int, socket.socket]] = deque()
        self._given: dict[int, tuple[socket.socket, Job]] = {}
        """Spares that have a job and did not say yet that they took it."""
        self._port_offset = int.from_bytes(os.urandom(2), "little")

    def give(self, job: Job) -> None:
        """A worker for this call: a spare one, or a new one. Raises OSError when none can be forked."""
        while self._spares:
            pid, line = self._spares.popleft()
            if pid in self._children and _sent(line, job):
                self._children[pid] = job.call_id
                self._given[pid] = (line, job)
                return
            line.close()
        self._children[self._fork(lambda: job)] = job.call_id

    def fill_spares(self) -> None:
        """Have as many spares as the settings say."""
        self._forget_taken()
        try:
            while len(self._spares) < self.loaded.settings.workers.spares:
                self._add_spare()
        except OSError as error:
            log.warning("cannot fork a spare worker", why=str(error))

    def end_spares(self) -> None:
        """They have what was loaded before; new ones will have the new."""
        while self._spares:
            self._spares.popleft()[1].close()

    def reap(self) -> list[Job]:
        """Bury dead workers; returns the jobs of spares that died before they took them."""
        lost: list[Job] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return lost
            if not pid:
                return lost
            call_id = self._children.pop(pid, "")
            if status:
                log.error("a worker died", call_id=call_id, status=os.waitstatus_to_exitcode(status))
            line, job = self._given.pop(pid, (None, None))
            if line is not None and job is not None:
                if not _taken(line):
                    lost.append(job)
                line.close()

    def _add_spare(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._fork(lambda: _wait_for_job(theirs), keep=theirs)
        self._children[pid] = ""
        self._spares.append((pid, ours))

    def _forget_taken(self) -> None:
        for pid, (line, _) in list(self._given.items()):
            if _taken(line):
                line.close()
                del self._given[pid]

    def _fork(self, next_job: Callable[[], Job | None], keep: socket.socket | None = None) -> int:
        self._port_offset += 1
        pid = os.fork()
        if pid:
            return pid
        try:
            self._become_worker(keep)
            from hotline.calls.worker import run

            run(self.loaded, self._port_offset, next_job)
        finally:
            os._exit(1)

    def _become_worker(self, keep: socket.socket | None) -> None:
        """In the child: leave everything of the zygote behind."""
        os.setsid()
        if keep is not None:
            with contextlib.suppress(OSError):
                Path("/proc/self/comm").write_text(SPARE_NAME)
        signal.set_wakeup_fd(-1)
        for number in self._resets:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        stay = {0, 1, 2, keep.fileno() if keep is not None else -1}
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in stay:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        gc.enable()


def _wait_for_job(line: socket.socket) -> Job | None:
    """In a spare: block until the zygote gives a job; None when it is gone."""
    with line, line.makefile("rb") as lines:
        first = lines.readline()
        if not first.endswith(b"\n"):
            return None
        with contextlib.suppress(OSError):
            line.sendall(TAKEN)
        return Job.model_validate_json(first)


def _sent(line: socket.socket, job: Job) -> bool:
    try:
        line.sendall(encode(job))
    except OSError:
        return False
    return True


def _taken(line: socket.socket) -> bool:
    try:
        return line.recv(1, socket.MSG_DONTWAIT) == TAKEN
    except OSError:
        return False
