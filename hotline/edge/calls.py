"""A new call on its way to a worker: written down first, and called back when it fails."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import structlog

from hotline.edge.caller import MAX_CALLER_CHARACTERS, caller_number
from hotline.edge.forward import InviteForward, Target
from hotline.edge.hub import Hub, Worker
from hotline.edge.parts import WORKER, Flow, Parts
from hotline.ipc import Job
from hotline.settings import Entry, Settings, Trunk
from hotline.sip.message import Request, Response
from hotline.sip.transaction import ServerTransaction
from hotline.sip.transport import Hop
from hotline.sip.uri import UriError, host_port

_log = structlog.get_logger()
MAX_WORKERS_TRIED = 2
Unanswered = Literal["refused", "abandoned"]
Answered = Callable[[str, Request, Response, Flow], None]


@dataclass(frozen=True, slots=True)
class Caller:
    """From where a call comes."""

    hop: Hop
    flow: Flow
    trunk: Trunk | None
    """None: an agent's softphone."""
    user: str = ""


def new_call_id(now: datetime) -> str:
    """Sorts by time; fit for a file's name and a header."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(5)}"


def entry_for(dialled: str, entries: tuple[Entry, ...]) -> Entry:
    """Whose number was dialled; `*` takes the rest, and a number nobody knows the first: no call is lost."""
    exact = [entry for entry in entries if dialled in entry.dialled]
    rest = [entry for entry in entries if "*" in entry.dialled]
    return [*exact, *rest, *entries][0]


def job_for(settings: Settings, request: Request, caller: Caller, call_id: str) -> Job:
    """What the worker of a new call is told."""
    dialled = _dialled(request)
    entry, trunk = entry_for(dialled, settings.entries), caller.trunk
    number = caller.user or caller_number(
        request, trusted=trunk is not None, country=settings.country, area_code=settings.area_code
    )
    facts = {"caller": number, "dialled": dialled, "trunk": "", "partner": ""}
    if trunk is not None:
        facts |= {"trunk": trunk.name, "partner": trunk.partner}
    return Job(call_id=call_id, purpose="inbound", entry=entry.flow, facts=facts, drill=entry.drill)


def _dialled(request: Request) -> str:
    try:
        return re.sub(r"[\x00-\x1f\x7f-\x9f]", "", request.target.name)[:MAX_CALLER_CHARACTERS]
    except UriError:
        return ""


def write_arrival(parts: Parts, request: Request, job: Job) -> None:
    facts = job.facts
    parts.journal.arrived(
        job.call_id, caller=facts["caller"], dialled=facts["dialled"], trunk=facts["trunk"],
        sip_call_id=request.call_id, drill=job.drill,
    )  # fmt: skip


def write_unanswered(parts: Parts, job: Job, how: Unanswered, status: int, *, call_back: bool) -> None:
    """Every call over a trunk that nobody answered is called back (safety rule 5)."""
    callbacks = parts.settings.callbacks
    within = callbacks.refused_seconds if how == "refused" else callbacks.abandoned_seconds
    if call_back:
        parts.journal.callback(job.call_id, job.facts["caller"], how, within)
    parts.journal.ended(job.call_id, how, status)


def write_refused(parts: Parts, request: Request, caller: Caller, status: int) -> None:
    """A call that was refused for what its INVITE is; who called is called back all the same."""
    job = job_for(parts.settings, request, caller, new_call_id(datetime.fromtimestamp(parts.seconds(), UTC)))
    write_arrival(parts, request, job)
    write_unanswered(parts, job, "refused", status, call_back=caller.trunk is not None)


class NewCall:
    """From the INVITE to the worker's final answer."""

    def __init__(
        self, parts: Parts, hub: Hub, server: ServerTransaction, request: Request, caller: Caller,
        answered: Answered, ended: Callable[[NewCall], None],
    ) -> None:  # fmt: skip
        self._parts, self._hub, self._server, self._request = parts, hub, server, request
        self._caller, self._on_answer, self._on_end = caller, answered, ended
        self._forward: InviteForward | None = None
        self._patience = None
        self._tried = 0
        self._cancelled = self._over = self._up = False
        self.worker: Worker | None = None
        self.call_id = new_call_id(datetime.fromtimestamp(parts.seconds(), UTC))
        self._job = job_for(parts.settings, request, caller, self.call_id)
        server.on_cancel = self.cancelled

    def start(self) -> None:
        """Write it down, then look for a worker."""
        write_arrival(self._parts, self._request, self._job)
        self._parts.stats["calls_arrived"] += 1
        if self._hub.room("inbound"):
            self._fork()
        else:
            self._parts.stats["calls_without_room"] += 1
            self._refuse("all conversations are taken")

    def _fork(self) -> None:
        self._tried += 1
        self._hub.fork(self._job, self._worker_ready, self._refuse)

    def _worker_ready(self, worker: Worker) -> None:
        """Its SIP port is open: the INVITE goes there."""
        self.worker = worker
        host = self._parts.settings.workers.host
        request = self._request.copy()
        request.set("x-hotline-call", self.call_id)
        hop = Hop("udp", host, worker.port)
        uri = f"sip:{self._request.target.user or 'hotline'}@{host_port(host, worker.port)}"
        self._forward = InviteForward(self._parts, request, self, (self._caller.hop, self._caller.flow))
        self._forward.start([Target(uri, hop, WORKER)])
        wait = self._parts.settings.edge.worker_wait_seconds
        self._patience = self._parts.clock.callLater(wait, self._check_alive, worker)

    def _check_alive(self, worker: Worker) -> None:
        """A worker that says nothing at all to its INVITE is as good as dead."""
        if self.worker is worker and self._forward is not None and not self._forward.heard:
            _log.error("a worker does not answer its INVITE", call_id=self.call_id)
            self._hub.replace(worker)
            self.worker_lost()

    def worker_lost(self) -> bool:
        """The worker died before it answered; True when another one is tried."""
        if self._over or self._up:
            return False
        if self._forward is not None:
            self._forward.drop()
        self.worker = self._forward = None
        self._parts.stats["calls_retried"] += 1
        if self._cancelled:
            self._abandon()
        elif self._tried < MAX_WORKERS_TRIED:
            self._fork()
            return True
        else:
            self._refuse("the worker died")
        return False

    # ---- Upstream of InviteForward
    def provisional(self, response: Response) -> None:
        self._server.respond(response)

    def succeeded(self, response: Response, target: Target) -> None:
        if not self._up:
            self._up = True
            self._parts.stats["calls_answered"] += 1
            self._parts.journal.forget(self.call_id)
            self._on_answer(self.call_id, self._request, response, self._caller.flow)
            self._end()
        self._server.respond(response)

    def failed(self, response: Response | None) -> None:
        if self._cancelled:
            self._abandon()
        elif response is None:
            self.worker_lost()
        else:
            self._write_down("refused", response.status)
            self._server.respond(response)
            self._end()

    # ---- endings without an answer
    def cancelled(self) -> None:
        """The caller hung up while it rang."""
        if self._over or self._up or self._cancelled:
            return
        self._cancelled = True
        if self._forward is not None:
            self._forward.cancel()
            return
        self._hub.unwanted(self.call_id)
        self._abandon()

    def _abandon(self) -> None:
        if not self._over:
            self._parts.stats["calls_abandoned"] += 1
            self._write_down("abandoned", 487)
            self._parts.answer(self._server, 487, "Request Terminated")
            self._end()

    def _refuse(self, why: str) -> None:
        if self._over:
            return
        _log.error("a call was refused", call_id=self.call_id, why=why)
        self._parts.stats["calls_refused"] += 1
        self._write_down("refused", 503)
        self._parts.answer(self._server, 503, "Service Unavailable")
        self._end()

    def _write_down(self, how: Unanswered, status: int) -> None:
        write_unanswered(self._parts, self._job, how, status, call_back=self._caller.trunk is not None)

    def _end(self) -> None:
        self._over = True
        if self._patience is not None and self._patience.active():
            self._patience.cancel()
        self._on_end(self)
