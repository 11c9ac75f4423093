"""How an instance ends: calls in progress finish, pages go on, then the processes go.

With a successor its controller and zygote take over at once, and we only wait for our own calls.
Without one the edge refuses new calls (each becomes a call-back), but zygote and controller stay
until the last call has ended: an emergency declared in it must still be paged. After that the
controller is asked to end, which it does when no page is open, and the rest is stopped.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Protocol

import structlog

from hotline.ipc import Drain, encode
from hotline.service.process import ProcessRecord
from hotline.service.roles import Role

log = structlog.get_logger()
GRACE_SECONDS = 10.0
"""Between the SIGTERM that asks a process to end and the SIGKILL that ends it."""
EDGE_WAIT_SECONDS = 1.0
SUCCESSOR_START_SECONDS = 60.0
"""So long we go on taking calls while a successor gets ready; then it is none."""


class Surroundings(Protocol):
    """What a drain must know of the rest."""

    def successor(self) -> bool:
        """It takes calls."""
        ...

    def successor_coming(self) -> bool:
        """It has been started and does not take calls yet."""
        ...

    def workers(self) -> list[ProcessRecord]: ...


class Draining:
    """One drain, from the signal to the end. `step` is called every second and after every event."""

    def __init__(
        self, instance: str, edge_socket: Path, roles: dict[str, Role], around: Surroundings,
        monotonic: Callable[[], float], seconds: float,
    ) -> None:
        """`seconds`: how long calls in progress may take."""
        self._drain = Drain(instance=instance)
        self._edge_socket = edge_socket
        self._roles = roles
        self._around = around
        self._monotonic = monotonic
        self._deadline = monotonic() + seconds
        self._told_edge: ProcessRecord | None = None
        self._asked: dict[str, float] = {}
        self._hurried = False
        self._served_until = monotonic() + SUCCESSOR_START_SECONDS

    def hurry(self) -> None:
        """A second SIGTERM: wait for callers no longer, for open pages as before."""
        self._hurried = True

    def step(self) -> bool:
        """Do what is due; True when all is done and the supervisor may end."""
        if self._around.successor_coming() and self._monotonic() < self._served_until:
            return False
        self._tell_edge()
        if self._around.successor():
            return self._with_successor()
        return self._calls_ended() and self._end("controller", self._deadline) and self._end_rest()

    def _with_successor(self) -> bool:
        """Nothing of ours is needed any more but our workers, and these live on by themselves."""
        soon = self._monotonic() + GRACE_SECONDS
        gone = [self._end(name, soon) for name in ("controller", "zygote", "transcriber")]
        self._roles["edge"].wanted = False
        return all(gone) and self._calls_ended()

    def _calls_ended(self) -> bool:
        return self._hurried or self._monotonic() >= self._deadline or not self._around.workers()

    def _end_rest(self) -> bool:
        soon = self._monotonic() + GRACE_SECONDS
        listened = self._end("transcriber", soon)
        return self._end("zygote", soon) and self._end_workers() and self._end("edge", soon) and listened

    def _end(self, name: str, patience_until: float) -> bool:
        """Ask a role's process to end, later make it; True when it is gone."""
        role = self._roles[name]
        role.wanted = False
        if not role.running:
            return True
        if name not in self._asked:
            log.info("asking a process to end", role=name)
            self._asked[name] = max(patience_until, self._monotonic() + GRACE_SECONDS)
            role.send(SIGTERM)
        elif self._monotonic() >= self._asked[name]:
            log.error("process did not end when asked", role=name)
            role.send(SIGKILL)
        return False

    def _end_workers(self) -> bool:
        """At the end of all patience: calls that still go on are ended in order, then by force."""
        workers = self._around.workers()
        if not workers:
            return True
        first = "workers" not in self._asked
        until = self._asked.setdefault("workers", self._monotonic() + GRACE_SECONDS)
        if first:
            log.warning("ending calls that go on", calls=len(workers))
        if first or self._monotonic() >= until:
            for worker in workers:
                worker.send(SIGTERM if first else SIGKILL)
        return False

    def _tell_edge(self) -> None:
        """Tell each edge once: one that was started again has forgotten it."""
        edge = self._roles["edge"].record
        if edge is None or edge == self._told_edge:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(EDGE_WAIT_SECONDS)
            line.connect(str(self._edge_socket))
            line.sendall(encode(self._drain))
            self._told_edge = edge
