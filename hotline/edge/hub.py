"""The edge's own people: zygotes that fork, workers that talk, controllers that ask (`edge.sock`)."""

from __future__ import annotations

import contextlib
import math
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog

from hotline.ipc import (
    AnyMessage,
    ControllerHello,
    Dialog,
    Drain,
    Fork,
    ForkFailed,
    Hangup,
    Job,
    Message,
    Originate,
    OriginateFailed,
    ProviderDraining,
    ProviderHello,
    Purpose,
    SendText,
    WorkerDone,
    WorkerLost,
    WorkerReady,
)
from hotline.ipc_link import Link
from hotline.settings import Workers

_log = structlog.get_logger()
MAX_TRIES = 3
"""So many zygotes are asked for one worker."""
KEPT_FREE: dict[Purpose, float] = {
    "inbound": 1.0, "callback": 0.5, "selftest": 0.5, "notify": 0.25, "page": 0.0
}
"""The share of `workers.reserved_for_pages` that each purpose leaves to those after it."""


@dataclass(eq=False, slots=True)
class Provider:
    """A zygote."""

    link: Link
    instance: str
    draining: bool = False


@dataclass(eq=False, slots=True)
class Worker:
    """One conversation's process."""

    link: Link
    call_id: str
    purpose: str
    port: int
    pid: int = 0
    done: bool = False


@dataclass(eq=False, slots=True)
class Forking:
    """A worker that is wanted: tries one zygote, and another when that one fails."""

    job: Job
    ready: Callable[[Worker], None]
    failed: Callable[[str], None]
    asked: list[Provider] = field(default_factory=list)
    timer: Any = None
    latest: float = 0.0
    """When it is given up, whoever comes and goes meanwhile; on the clock of the timer."""


class HubListener(Protocol):
    def worker_here(self, worker: Worker, dialogs: tuple[Dialog, ...]) -> None:
        """It is ready, or came back after our restart with what it is talking in."""
        ...

    def worker_gone(self, worker: Worker) -> bool:
        """Its socket closed. True: its call goes on with another worker, nobody need know."""
        ...

    def controller_here(self, send: Callable[[Message], bool]) -> None: ...

    def send_text(self, order: SendText, reply: Callable[[Message], bool]) -> None:
        """Somebody of ours wants a line of text sent (RFC 3428) and hears what came of it."""
        ...


class Hub:
    """Who is connected, and who is asked to fork."""

    def __init__(
        self, clock: Any, workers: Workers, wait_seconds: float, listener: HubListener, *,
        restart_wait_seconds: float,
    ) -> None:  # fmt: skip
        """`restart_wait_seconds`: how long a worker is waited for while there is no zygote at all."""
        self._clock, self._limits, self._wait_seconds = clock, workers, wait_seconds
        self._restart_wait_seconds = restart_wait_seconds
        self._listener = listener
        self._providers: dict[Link, Provider] = {}
        self._workers: dict[Link, Worker] = {}
        self._controllers: dict[Link, str] = {}
        self._forking: dict[str, Forking] = {}
        self._unwanted: set[str] = set()
        self._draining: set[str] = set()
        self._closed = False

    def close(self) -> None:
        """We stop: the connections that end now end because of us, and nobody has died."""
        self._closed = True

    # ---- what the rest of the edge asks
    def provider(self, but: list[Provider] | None = None, *, outbound: bool = False) -> Provider | None:
        """The newest zygote that is not draining; for pages and call-backs a draining one will do.

        An emergency declared in the last call of a service that ends must still be paged.
        """
        willing = [
            p for p in self._providers.values() if (outbound or not p.draining) and p not in (but or [])
        ]
        return max(willing, key=lambda p: (not p.draining, p.instance), default=None)

    @property
    def conversations(self) -> int:
        return len(self._workers) + len(self._forking)

    def room(self, purpose: Purpose) -> bool:
        """Whether another conversation may begin. Callers leave room for what we dial, call-backs of a
        flood leave some for alarms, and these for pages, which may take the last."""
        kept = math.ceil(self._limits.reserved_for_pages * KEPT_FREE[purpose])
        return self.conversations < max(self._limits.max_conversations - kept, 1)

    def worker_on(self, port: int) -> Worker | None:
        return next((worker for worker in self._workers.values() if worker.port == port), None)

    def has_worker(self, call_id: str) -> bool:
        return any(worker.call_id == call_id for worker in self._workers.values())

    def fork(self, job: Job, ready: Callable[[Worker], None], failed: Callable[[str], None]) -> None:
        """Ask for a worker; exactly one of the two is called, within the configured waits."""
        forking = Forking(job, ready, failed)
        self._forking[job.call_id] = forking
        self._unwanted.discard(job.call_id)
        forking.latest = self._clock.seconds() + self._wait_seconds + self._restart_wait_seconds
        forking.timer = self._clock.callLater(self._wait_seconds, self._late, forking)
        self._ask_next(forking, "no zygote is connected")

    def replace(self, worker: Worker) -> None:
        """It hangs, and another takes its call: two must not write the same journal."""
        worker.link.send(Hangup(reason="it did not answer its INVITE"))
        if worker.link.open and _is_worker(worker.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)

    def unwanted(self, call_id: str) -> None:
        """The caller is gone before the worker was there: send it home when it comes."""
        forking = self._forking.pop(call_id, None)
        if forking is not None:
            forking.timer.cancel()
            self._unwanted.add(call_id)

    def send_home(self, call_id: str) -> None:
        """Its INVITE was lost with a former edge and will never come."""
        for worker in self._workers.values():
            if worker.call_id == call_id:
                worker.link.send(Hangup(reason="its call was lost with the edge"))

    def tell_controllers(self, message: Message) -> None:
        for link in self._controllers:
            link.send(message)

    def gauges(self) -> dict[str, int]:
        return {
            "workers": len(self._workers),
            "forking": len(self._forking),
            "providers": sum(not provider.draining for provider in self._providers.values()),
            "controllers": len(self._controllers),
        }

    # ---- forking
    def _ask_next(self, forking: Forking, why: str) -> None:
        provider = self.provider(forking.asked, outbound=forking.job.purpose != "inbound")
        if provider is None and not self._providers:
            self._wait(forking, self._restart_wait_seconds)  # it is being started again
            return
        if provider is None or len(forking.asked) >= MAX_TRIES:
            self._give_up(forking, why)
            return
        forking.asked.append(provider)
        if not provider.link.send(Fork(job=forking.job)):
            self._ask_next(forking, "the zygote's connection is closed")

    def _wait(self, forking: Forking, seconds: float) -> None:
        left = forking.latest - self._clock.seconds()
        forking.timer.reset(max(0.0, min(seconds, left)))

    def _late(self, forking: Forking) -> None:
        self._unwanted.add(forking.job.call_id)
        self._give_up(forking, "no worker came in time")

    def _give_up(self, forking: Forking, why: str) -> None:
        if self._forking.get(forking.job.call_id) is not forking:
            return
        del self._forking[forking.job.call_id]
        if forking.timer.active():
            forking.timer.cancel()
        _log.error("no worker for a call", call_id=forking.job.call_id, why=why)
        forking.failed(why)

    # ---- LinkListener
    def link_opened(self, link: Link) -> None:
        pass

    def link_closed(self, link: Link) -> None:
        if self._closed:
            return
        self._controllers.pop(link, None)
        provider = self._providers.pop(link, None)
        if provider is not None:
            self._provider_gone(provider)
        worker = self._workers.pop(link, None)
        if worker is not None:
            self._worker_gone(worker)

    def link_message(self, link: Link, message: AnyMessage) -> None:
        match message:
            case ProviderHello(instance=instance):
                self._provider_here(Provider(link, instance, instance in self._draining))
            case ProviderDraining(instance=instance) | Drain(instance=instance):
                self._drain(instance)
            case ForkFailed(call_id=call_id, why=why):
                if call_id in self._forking:
                    self._ask_next(self._forking[call_id], why)
            case WorkerReady():
                self._worker_ready(link, message)
            case WorkerDone():
                if link in self._workers:
                    self._workers[link].done = True
            case ControllerHello(instance=instance):
                self._controllers[link] = instance
                self._listener.controller_here(link.send)
            case Originate(job=job):
                self._originate(job)
            case SendText():
                self._listener.send_text(message, link.send)
            case _:
                _log.warning("a message the edge has no use for", type=message.type)

    def _drain(self, instance: str) -> None:
        self._draining.add(instance)
        for provider in self._providers.values():
            provider.draining = provider.draining or provider.instance == instance

    def _provider_here(self, provider: Provider) -> None:
        self._providers[provider.link] = provider
        for forking in list(self._forking.values()):
            if not any(asked.link.open for asked in forking.asked):
                self._wait(forking, self._wait_seconds)
                self._ask_next(forking, "no zygote is willing")

    def _provider_gone(self, provider: Provider) -> None:
        for forking in list(self._forking.values()):
            if forking.asked and forking.asked[-1] is provider:
                self._ask_next(forking, "the zygote died")

    def _worker_ready(self, link: Link, message: WorkerReady) -> None:
        if message.call_id in self._unwanted:
            self._unwanted.discard(message.call_id)
            link.send(Hangup(reason="nobody waits for this call any more"))
        worker = Worker(link, message.call_id, message.purpose, message.sip_port, message.pid)
        self._workers[link] = worker
        self._listener.worker_here(worker, message.dialogs)
        forking = self._forking.pop(message.call_id, None)
        if forking is not None:
            forking.timer.cancel()
            forking.ready(worker)

    def _worker_gone(self, worker: Worker) -> None:
        goes_on = self._listener.worker_gone(worker) or self._replaced(worker.call_id)
        if not worker.done:
            _log.error("a worker died", call_id=worker.call_id, retried=goes_on)
            if not goes_on:
                self.tell_controllers(WorkerLost(call_id=worker.call_id))

    def _replaced(self, call_id: str) -> bool:
        """Whether the call has another worker already, or soon: then it is not lost."""
        return call_id in self._forking or self.has_worker(call_id)

    def _originate(self, job: Job) -> None:
        if job.call_id in self._forking or self.has_worker(job.call_id):
            return

        def failed(why: str) -> None:
            self.tell_controllers(OriginateFailed(call_id=job.call_id, why=why))

        if not self.room(job.purpose):
            self.tell_controllers(
                OriginateFailed(call_id=job.call_id, why="all conversations are taken", busy=True)
            )
            return
        self.fork(job, lambda _: None, failed)


def _is_worker(pid: int) -> bool:
    """Workers call themselves so (hotline.calls.worker); nobody else is killed by mistake."""
    try:
        return Path(f"/proc/{pid}/comm").read_text() == "hotline-worker\n"
    except OSError:
        return False
