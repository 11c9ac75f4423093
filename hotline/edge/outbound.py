"""What workers begin: calls to agents, crews and carriers."""

from __future__ import annotations

import re
from collections import defaultdict

import structlog

from hotline.edge.admission import Peer
from hotline.edge.carriers import Carriers
from hotline.edge.dialogs import Dialogs
from hotline.edge.finder import Finder
from hotline.edge.forward import Relay, Target
from hotline.edge.hub import Worker
from hotline.edge.inbound import Answerer, phone_targets
from hotline.edge.parts import BY_URI, WORKER, Flow, Parts, trunk_flow
from hotline.settings import Trunk
from hotline.sip.message import Request, Response
from hotline.sip.transaction import ServerTransaction
from hotline.sip.transport import Hop
from hotline.sip.uri import UriError, parse_uri

_log = structlog.get_logger()
NUMBER = re.compile(r"\+?[0-9*#]{1,32}")


class Outbound:
    """New requests from workers, and what becomes of them when their worker dies."""

    def __init__(self, parts: Parts, finder: Finder, dialogs: Dialogs, users: set[str]) -> None:
        self._parts, self._finder, self._dialogs, self._users = parts, finder, dialogs, users
        self.carriers = Carriers(parts.settings.edge.trunks)
        self._ringing: dict[int, list[Relay]] = defaultdict(list)
        self._dead_ports: set[int] = set()

    def worker_here(self, worker: Worker) -> None:
        self._dead_ports.discard(worker.port)

    def worker_gone(self, worker: Worker) -> None:
        """Stop whatever still rings for it; what answers all the same gets a BYE."""
        self._dead_ports.add(worker.port)
        for relay in self._ringing.pop(worker.port, []):
            relay.cancel()

    def is_dead(self, port: int) -> bool:
        return port in self._dead_ports

    def request(self, request: Request, peer: Peer, router: Answerer) -> None:
        if request.method == "OPTIONS":
            router.stateless(request, peer.hop, 200, "OK")
            return
        if request.method != "INVITE":
            router.stateless(request, peer.hop, 405, "Method Not Allowed", [("allow", "INVITE, OPTIONS")])
            return
        server = router.serve(request, peer)
        self._parts.answer(server, 100, "Trying")
        if request.get("max-forwards") == "0" or router.loops(request):
            self._parts.answer(server, 482, "Loop Detected")
            return
        self._invite(server, request.copy(), peer)

    def _invite(self, server: ServerTransaction, request: Request, peer: Peer) -> None:
        trunk_name = request.get("x-hotline-trunk")
        request.headers = [pair for pair in request.headers if not pair[0].startswith("x-hotline-")]
        target = request.target
        own = self._parts.local.is_own(target) or target.scheme == "tel"
        if own and target.name in self._users:
            self._send(server, request, peer, phone_targets(self._parts, self._finder, target.name))
        elif own and NUMBER.fullmatch(target.name):
            self._to_trunk(server, request, peer, target.name, trunk_name)
        elif own:
            self._parts.answer(server, 404, "Not Found")
        else:
            self._to_uri(server, request, peer, request.uri)

    def _to_trunk(
        self, server: ServerTransaction, request: Request, peer: Peer, number: str, name: str
    ) -> None:
        trunk = self._trunk(name or self._parts.settings.edge.default_trunk)
        if trunk is None or not trunk.uri:
            _log.error("no trunk for an outbound call; set edge.default_trunk", trunk=name)
            self._parts.answer(server, 503, "No Trunk")
            return
        flow = trunk_flow(trunk.name, 0) if self.carriers.knows(trunk.name) else BY_URI
        self._to_uri(server, request, peer, trunk.uri.replace("{number}", number), flow)

    def _trunk(self, name: str) -> Trunk | None:
        return next((trunk for trunk in self._parts.settings.edge.trunks if trunk.name == name), None)

    def _to_uri(
        self, server: ServerTransaction, request: Request, peer: Peer, uri: str, flow: Flow = BY_URI
    ) -> None:
        def found(hop: Hop | None) -> None:
            self._send(server, request, peer, [Target(uri, hop, flow)] if hop else [])

        try:
            parse_uri(uri)
        except UriError:
            self._parts.answer(server, 404, "Not Found")
            return
        self._finder.find(uri, flow, found)

    def _send(
        self, server: ServerTransaction, request: Request, peer: Peer, targets: list[Target]
    ) -> None:
        worker = peer.worker
        assert worker is not None
        if not targets:
            self._parts.answer(server, 480, "Temporarily Unavailable")
            return
        self._parts.stats["calls_outbound"] += 1
        ringing = self._ringing[worker.port]
        answered: set[str] = set()

        def succeeded(invite: Request, response: Response, target: Target) -> None:
            if not worker.link.open:
                self._dialogs.reject_late(invite, response, target.flow)
            elif response.to_tag not in answered:  # a repeated 2xx must not bring back what a BYE ended
                answered.add(response.to_tag)
                self._dialogs.called_out(worker.call_id, invite, response, target.flow)

        def ended() -> None:
            if relay in ringing:
                ringing.remove(relay)

        relay = Relay(
            self._parts, server, request, (peer.hop, WORKER), filter_answers=True,
            authorise=self.carriers.authorise(), succeeded=succeeded, ended=ended,
        )  # fmt: skip
        ringing.append(relay)
        relay.start(targets)
