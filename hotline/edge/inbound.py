"""What trunks, phones and strangers may begin: calls, registrations, a question about our health."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

import structlog

from hotline.edge.admission import Admission, Peer
from hotline.edge.calls import Answered, Caller, NewCall, write_refused
from hotline.edge.finder import Finder
from hotline.edge.forward import Relay, Target
from hotline.edge.hub import Hub, Worker
from hotline.edge.parts import BY_URI, Parts, phone_flow
from hotline.edge.registrar import RegistrationError, contacts_of
from hotline.edge.sdp import UnfitBodyError, fit_for_worker, slim_for_worker
from hotline.sip.message import Request
from hotline.sip.transaction import ServerTransaction
from hotline.sip.transport import Hop

_log = structlog.get_logger()
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE, PRACK, INFO, REFER, NOTIFY"
MAX_REMEMBERED = 10_000
SUPPORTED = frozenset(
    ("100rel", "timer", "replaces", "norefersub", "outbound", "path", "gruu", "from-change")
)


class Answerer(Protocol):
    """What is needed of the router."""

    def serve(self, request: Request, peer: Peer) -> ServerTransaction: ...

    def stateless(
        self, request: Request, source: Hop, status: int, reason: str, headers: list[tuple[str, str]] = ...
    ) -> None: ...

    def loops(self, request: Request) -> bool: ...


class Inbound:
    """New requests from outside."""

    def __init__(
        self, parts: Parts, admission: Admission, finder: Finder, hub: Hub, answered: Answered
    ) -> None:
        self._parts, self._admission, self._finder, self._hub = parts, admission, finder, hub
        self._answered = answered
        self._calls: dict[str, NewCall] = {}
        self._turned_away: OrderedDict[str, None] = OrderedDict()

    def turned_away(self, request: Request, peer: Peer, status: int) -> None:
        """An INVITE of a trunk that could not be taken at all: written down once for each call."""
        if peer.trunk is None or request.method != "INVITE" or request.call_id in self._turned_away:
            return
        self._turned_away[request.call_id] = None
        if len(self._turned_away) > MAX_REMEMBERED:
            self._turned_away.popitem(last=False)
        write_refused(self._parts, request, Caller(peer.hop, BY_URI, peer.trunk), status)

    def worker_lost(self, worker: Worker) -> bool:
        """True when its call is tried with another worker."""
        call = self._calls.get(worker.call_id)
        return call is not None and call.worker is worker and call.worker_lost()

    def request(self, request: Request, peer: Peer, router: Answerer) -> None:
        handler = {"INVITE": self._invite, "REGISTER": self._register, "OPTIONS": self._options}
        handle = handler.get(request.method)
        if handle is None:
            if peer.kind != "stranger":
                router.stateless(request, peer.hop, 405, "Method Not Allowed", [("allow", ALLOW)])
            return
        if peer.kind == "stranger" and (request.method == "OPTIONS" or not self._admission.has_passwords):
            self._parts.stats["strangers_ignored"] += 1
            return
        handle(request, peer, router)

    def _unsupported(self, request: Request) -> list[tuple[str, str]]:
        wanted = [tag for tag in request.all("proxy-require") if tag]
        wanted += [tag for tag in request.all("require") if tag and tag.lower() not in SUPPORTED]
        return [("unsupported", ", ".join(wanted))] if wanted else []

    # ---- OPTIONS
    def _options(self, request: Request, peer: Peer, router: Answerer) -> None:
        unsupported = self._unsupported(request)
        if unsupported:
            router.stateless(request, peer.hop, 420, "Bad Extension", unsupported)
        elif request.get("max-forwards") == "0" and not self._parts.local.is_own(request.target):
            router.stateless(request, peer.hop, 483, "Too Many Hops")
        elif self._hub.provider() is None:
            router.stateless(request, peer.hop, 503, "Service Unavailable")
        else:
            headers = [("allow", ALLOW), ("accept", "application/sdp"), ("supported", "timer, 100rel")]
            router.stateless(request, peer.hop, 200, "OK", headers)

    # ---- REGISTER
    def _register(self, request: Request, peer: Peer, router: Answerer) -> None:
        verdict = self._admission.softphone(request, peer)
        if verdict.outcome != "accepted":
            self._parts.stats[f"register_{verdict.outcome}"] += 1
            router.stateless(request, peer.hop, *self._admission.challenges(request, verdict))
            return
        server = router.serve(request, peer)
        unsupported = self._unsupported(request)
        if unsupported:
            self._parts.answer(server, 420, "Bad Extension", unsupported)
        elif request.to.uri.name != verdict.user:
            self._parts.answer(server, 403, "Forbidden")
        else:
            self._bind(server, request, peer, verdict.user)

    def _bind(self, server: ServerTransaction, request: Request, peer: Peer, user: str) -> None:
        try:
            bindings = self._parts.registrar.register(user, request, peer.hop)
        except RegistrationError as error:
            self._parts.answer(server, error.status, error.reason)
            return
        self._parts.stats["registered"] += 1
        self._parts.transports.keep(peer.hop)
        values = contacts_of(bindings, self._parts.seconds())
        self._parts.answer(server, 200, "OK", [("contact", value) for value in values])

    # ---- INVITE
    def _invite(self, request: Request, peer: Peer, router: Answerer) -> None:
        if peer.trunk is not None:
            verdict = self._admission.trunk(request, peer.trunk)
        else:
            verdict = self._admission.softphone(request, peer)
        if verdict.outcome != "accepted":
            self._parts.stats[f"invite_{verdict.outcome}"] += 1
            if verdict.outcome == "rejected":
                self.turned_away(request, peer, 407)
            router.stateless(request, peer.hop, *self._admission.challenges(request, verdict))
            return
        roaming = self._admission.roaming_trunk(verdict.user) if peer.trunk is None else None
        if roaming is not None:
            peer = Peer("trunk", peer.hop, trunk=roaming)
        elif peer.trunk is None and request.from_.uri.name != verdict.user:
            router.stateless(request, peer.hop, 403, "Forbidden")
            return
        self._admitted(request, peer, verdict.user, router)

    def _admitted(self, request: Request, peer: Peer, user: str, router: Answerer) -> None:
        merged = self._parts.transactions.merged(request)
        server = router.serve(request, peer)
        self._parts.answer(server, 100, "Trying")
        request = request.copy()
        request.remove("route", "proxy-authorization", "authorization")
        problem = self._problem(request, merged or router.loops(request))
        if problem is not None:
            if not merged:
                self.turned_away(request, peer, problem[0])
            self._parts.answer(server, *problem)
        elif peer.trunk is not None:
            self._new_call(server, request, Caller(peer.hop, BY_URI, peer.trunk))
        else:
            request.remove("p-asserted-identity", "p-preferred-identity")
            self._from_phone(server, request, peer, user)

    def _problem(self, request: Request, loops: bool) -> tuple[int, str, list[tuple[str, str]]] | None:
        if loops:
            return 482, "Loop Detected", []
        if request.get("max-forwards") == "0":
            return 483, "Too Many Hops", []
        unsupported = self._unsupported(request)
        if unsupported:
            return 420, "Bad Extension", unsupported
        try:
            fit_for_worker(request)
            slim_for_worker(request)
        except UnfitBodyError as unfit:
            return unfit.status, unfit.reason, [("accept", "application/sdp")]
        return None

    def _from_phone(self, server: ServerTransaction, request: Request, peer: Peer, user: str) -> None:
        dialled = request.target.name
        flow = phone_flow(peer.hop, user)
        if dialled in self._admission.phones:
            self._to_phone(server, request, peer.hop, flow, dialled)
        elif self._is_service(dialled):
            self._new_call(server, request, Caller(peer.hop, flow, None, user))
        else:
            self._parts.answer(server, 404, "Not Found")

    def _is_service(self, dialled: str) -> bool:
        settings = self._parts.settings
        numbers = {number for entry in settings.entries for number in entry.dialled}
        return dialled == settings.service_number or dialled in numbers - {"*"}

    def _to_phone(
        self, server: ServerTransaction, request: Request, source: Hop, flow: str, user: str
    ) -> None:
        targets = phone_targets(self._parts, self._finder, user)
        if targets:
            Relay(self._parts, server, request, (source, flow), filter_answers=False).start(targets)
        else:
            self._parts.answer(server, 480, "Temporarily Unavailable")

    def _new_call(self, server: ServerTransaction, request: Request, caller: Caller) -> None:
        call = NewCall(self._parts, self._hub, server, request, caller, self._answered, self._call_over)
        self._calls[call.call_id] = call
        call.start()

    def _call_over(self, call: NewCall) -> None:
        self._calls.pop(call.call_id, None)


def phone_targets(parts: Parts, finder: Finder, user: str) -> list[Target]:
    """All phones that `user` has registered."""
    return [
        Target(binding.contact, finder.binding(binding), phone_flow(binding.hop, user))
        for binding in parts.registrar.bindings(user)
    ]
