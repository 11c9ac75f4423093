"""The edge put together: opens its sockets, wires its parts, ticks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from twisted.internet.error import CannotListenError

from hotline.edge.admission import Admission
from hotline.edge.caller import normalised
from hotline.edge.dialog_files import DialogFiles
from hotline.edge.dialogs import Dialogs
from hotline.edge.finder import Finder
from hotline.edge.hub import Hub, Worker
from hotline.edge.inbound import Inbound
from hotline.edge.journal import EdgeJournal
from hotline.edge.keys import Marks, load_key
from hotline.edge.outbound import Outbound
from hotline.edge.parts import Flow, Local, Parts
from hotline.edge.recovery import Unfinished, unfinished_calls
from hotline.edge.registrar import Registrar
from hotline.edge.registration import Registration
from hotline.edge.router import Router
from hotline.edge.texts import Texts
from hotline.errors import HotlineError
from hotline.ipc import Dialog, EdgeJournalGrew, EdgeStats, Message, Registered, SendText, WorkerLost
from hotline.ipc_link import serve
from hotline.settings import Settings
from hotline.sip.digest import Digest
from hotline.sip.message import Request, Response
from hotline.sip.transaction import Transactions
from hotline.sip.transport import Hop, Transports

_log = structlog.get_logger()
EXPIRE_SECONDS = 1.0
MAX_UNWRITTEN = 2000
"""Records that wait for the disk and are told to a new controller: less than a line may hold."""
STATS_SECONDS = 5.0
RETURN_SECONDS = 3.0
"""Within this all workers of a killed edge have come back."""


class AddressInUseError(HotlineError):
    """Another program holds a SIP port. Stop it, or choose other ports in `edge.listen`."""


class EdgeService:
    """One running edge; also the hub's listener."""

    def __init__(self, reactor: Any, settings: Settings, seconds: Callable[[], float]) -> None:
        """`seconds` is wall-clock time. Raises ConfigurationError."""
        self._reactor, self._settings, self._seconds = reactor, settings, seconds
        state = settings.paths.state / "edge"
        edge = settings.edge
        key = load_key(state / "key")
        marks, digest = Marks(key), Digest(edge.realm, key, seconds)
        self._hub = Hub(
            reactor, settings.workers, edge.worker_wait_seconds, self,
            restart_wait_seconds=edge.restart_wait_seconds,
        )
        registrar = Registrar(
            state / "registrations.json", seconds, self._registration_changed,
            max_seconds=edge.max_register_seconds, max_contacts=edge.max_contacts,
        )  # fmt: skip
        journal = EdgeJournal(
            settings.paths.state / "journal", self._utcnow, self._journal_grew,
            most_bytes=int(edge.journal_megabytes * 1_000_000),
        )  # fmt: skip
        self.transports = Transports(reactor, self, idle_seconds=edge.tcp_idle_seconds)
        transactions = Transactions(reactor, self.transports.send)
        self.parts = Parts(
            settings, reactor, _local(settings), marks, self.transports, transactions, registrar, journal,
            seconds,
        )  # fmt: skip
        admission = Admission(settings, self._hub, registrar, digest, reactor.seconds)
        finder = Finder(reactor, self.transports, registrar)
        self._dialogs = Dialogs(self.parts, finder.find, DialogFiles(state / "dialogs"))
        self._outbound = Outbound(self.parts, finder, self._dialogs, set(admission.phones))
        self._inbound = Inbound(self.parts, admission, finder, self._hub, self._call_answered)
        self._router = Router(
            self.parts, admission, finder, self._dialogs, self._inbound, self._outbound
        )
        carriers = self._outbound.carriers
        self._texts = Texts(self.parts, finder, carriers, set(admission.phones))
        self._registrations = [
            Registration(self.parts, finder, carriers, trunk) for trunk in edge.trunks if trunk.registers
        ]
        self._stops: list[Callable[[], object]] = []

    def _utcnow(self) -> datetime:
        return datetime.fromtimestamp(self._seconds(), UTC)

    # ---- life
    def start(self) -> None:
        """Open everything. Raises AddressInUseError."""
        listen, inside = self._settings.edge.listen, self._settings.workers.host
        try:
            self.transports.listen_udp(listen.host, listen.udp_port)
            if inside != listen.host and listen.host not in ("0.0.0.0", "::"):
                self.transports.listen_udp(inside, listen.udp_port)
            if listen.tcp_port is not None:
                self.transports.listen_tcp(listen.host, listen.tcp_port)
            self._stops.append(serve(self._reactor, self._settings.paths.run / "edge.sock", self._hub))
        except CannotListenError as error:
            self.transports.close()
            raise AddressInUseError(f"the edge cannot listen: {error}") from error
        self._expire()
        self._tell_stats()
        for registration in self._registrations:
            registration.start()
        left = unfinished_calls(self.parts.journal.directory, self._utcnow())
        if left:
            self._reactor.callLater(RETURN_SECONDS, self._refuse_left, left)
        talking = self._dialogs.calls()
        if talking:
            self._reactor.callLater(RETURN_SECONDS, self._end_orphaned, talking)
        self._reactor.callLater(0, normalised, "", "CN", "")  # what is imported late, before the first call
        _log.info("edge is listening", udp_port=listen.udp_port, tcp_port=listen.tcp_port)

    def stop(self) -> None:
        """Close the sockets. Dialogs go on when another edge takes the place."""
        self._hub.close()
        for stop in self._stops:
            stop()
        self.transports.close()

    def _refuse_left(self, left: list[Unfinished]) -> None:
        """Whoever called when the former edge was killed, and is with no worker, is called back."""
        journal = self.parts.journal
        still = {call.arrived.call_id for call in unfinished_calls(journal.directory, self._utcnow())}
        for call in left:
            arrived = call.arrived
            if arrived.call_id not in still or arrived.call_id in self._dialogs.calls():
                continue
            self._hub.send_home(arrived.call_id)
            _log.error("a call was lost when the edge died; it is called back", call_id=arrived.call_id)
            journal.resume(arrived.call_id, call.records)
            if arrived.trunk and call.records == 1:
                within = self._settings.callbacks.refused_seconds
                journal.callback(arrived.call_id, arrived.caller, "refused", within)
            journal.ended(arrived.call_id, "refused", 503)

    def _end_orphaned(self, talking: set[str]) -> None:
        """Whoever talked with a worker that died while the edge was away."""
        for call_id in talking & self._dialogs.calls():
            if not self._hub.has_worker(call_id):
                _log.error("a worker died while the edge was away", call_id=call_id)
                self._dialogs.hang_up(call_id)
                self._hub.tell_controllers(WorkerLost(call_id=call_id))

    def _expire(self) -> None:
        self.parts.registrar.expire()
        self._reactor.callLater(EXPIRE_SECONDS, self._expire)

    def _tell_stats(self) -> None:
        self.parts.journal.retry()
        self._hub.tell_controllers(self._stats())
        self._reactor.callLater(STATS_SECONDS, self._tell_stats)

    def _stats(self) -> EdgeStats:
        gauges = self._hub.gauges() | {
            "dialogs": len(self._dialogs),
            "transactions": len(self.parts.transactions),
            "registered": len(self.parts.registrar.reachable()),
            "trunks_registered": sum(registration.registered for registration in self._registrations),
        }
        return EdgeStats(counters=dict(self.parts.stats), gauges=gauges)

    # ---- transport.Receiver
    def received(self, data: bytes, source: Hop) -> None:
        self._router.received(data, source)

    def connection_closed(self, hop: Hop) -> None:
        self._router.connection_closed(hop)

    def connection_allowed(self, host: str, open_from_host: int) -> bool:
        return self._router.connection_allowed(host, open_from_host)

    def connection_trusted(self, host: str) -> bool:
        return self._router.connection_trusted(host)

    # ---- hub.HubListener
    def worker_here(self, worker: Worker, dialogs: tuple[Dialog, ...]) -> None:
        self._outbound.worker_here(worker)
        self._dialogs.told(worker.call_id, dialogs)

    def worker_gone(self, worker: Worker) -> bool:
        goes_on = self._inbound.worker_lost(worker)
        self._outbound.worker_gone(worker)
        self._dialogs.hang_up(worker.call_id)
        return goes_on

    def send_text(self, order: SendText, reply: Callable[[Message], bool]) -> None:
        self._texts.send(order, reply)

    def controller_here(self, send: Callable[[Message], bool]) -> None:
        reachable = set(self.parts.registrar.reachable())
        for phone in self._settings.edge.softphones:
            send(Registered(user=phone.user, reachable=phone.user in reachable))
        send(self._stats())
        send(EdgeJournalGrew(unwritten=self.parts.journal.unwritten(MAX_UNWRITTEN)))

    # ---- what happens
    def _call_answered(self, call_id: str, invite: Request, answer: Response, flow: Flow) -> None:
        self._dialogs.called_in(call_id, invite, answer, flow)

    def _registration_changed(self, user: str, reachable: bool) -> None:
        self._hub.tell_controllers(Registered(user=user, reachable=reachable))

    def _journal_grew(self) -> None:
        self._hub.tell_controllers(EdgeJournalGrew(unwritten=self.parts.journal.unwritten()))


def _local(settings: Settings) -> Local:
    listen = settings.edge.listen
    return Local(
        settings.workers.host, listen.advertise or listen.host, listen.udp_port, listen.tcp_port,
        settings.edge.realm,
    )  # fmt: skip


