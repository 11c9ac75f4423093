"""Every packet's road: judged, parsed, matched, routed. What nobody asked for gets silence."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from hotline.edge.admission import Admission, Peer
from hotline.edge.dialogs import Dialogs
from hotline.edge.finder import Finder
from hotline.edge.forward import Relay, Target, forward_other, forwarded
from hotline.edge.inbound import ALLOW, Inbound
from hotline.edge.outbound import Outbound
from hotline.edge.parts import WORKER, Flow, Parts, by_uri
from hotline.edge.sdp import UnfitBodyError, fit_for_worker, slim_for_worker
from hotline.sip.message import Malformed, Request, Response, parse
from hotline.sip.transaction import LONG_SECONDS, ServerTransaction
from hotline.sip.transport import Hop
from hotline.sip.uri import UriError, parse_address

_log = structlog.get_logger()
Refusal = tuple[int, str, list[tuple[str, str]]]
IN_DIALOG = frozenset(("INVITE", "ACK", "BYE", "OPTIONS", "UPDATE", "PRACK", "INFO", "REFER", "NOTIFY"))


class Router:
    """Implements transport.Receiver."""

    def __init__(
        self, parts: Parts, admission: Admission, finder: Finder, dialogs: Dialogs, inbound: Inbound,
        outbound: Outbound,
    ) -> None:  # fmt: skip
        self._parts, self._admission, self._finder = parts, admission, finder
        self._dialogs, self._inbound, self._outbound = dialogs, inbound, outbound
        self._started = parts.clock.seconds()

    # ---- transport.Receiver
    def connection_closed(self, hop: Hop) -> None:
        self._parts.registrar.disconnected(hop)

    def connection_allowed(self, host: str, open_from_host: int) -> bool:
        return self._admission.connection_allowed(host, open_from_host, len(self._parts.transports))

    def connection_trusted(self, host: str) -> bool:
        return self._admission.is_trunk(host)

    def received(self, data: bytes, source: Hop) -> None:
        if not data.strip(b"\r\n\0 "):
            return
        peer = self._admission.peer(source)
        self._parts.stats[f"packets_{peer.kind}"] += 1
        if not self._admission.within_rate(peer):
            self._parts.stats["packets_over_rate"] += 1
            return
        try:
            self._take(parse(data, stream=source.reliable), peer)
        except Exception:  # whatever it was, the next caller must still be served
            self._parts.stats["internal_errors"] += 1
            _log.exception("a packet could not be handled", peer=peer.kind)

    def _take(self, message: Request | Response | Malformed, peer: Peer) -> None:
        if isinstance(message, Response):
            self._response(message, peer)
        elif isinstance(message, Malformed):
            self._malformed(message, peer)
        else:
            self._request(message, peer)

    def _malformed(self, message: Malformed, peer: Peer) -> None:
        self._parts.stats["malformed"] += 1
        if message.status and message.request is not None and peer.kind != "stranger":
            self._inbound.turned_away(message.request, peer, message.status)
            response = self._parts.unreadable(message.request, message.status, message.reason)
            self._parts.transports.send(response.to_bytes(), peer.hop)

    def stateless(
        self, request: Request, source: Hop, status: int, reason: str, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Answer and forget: strangers cost us no memory. An ACK gets none."""
        if request.method != "ACK":
            response = self._parts.reply(request, status, reason)
            response.headers += headers
            self._parts.stats[f"answered_{status}"] += 1
            self._parts.transports.send(response.to_bytes(), answer_hop(request, source))

    # ---- responses
    def _response(self, response: Response, peer: Peer) -> None:
        client = self._parts.transactions.client(response)
        if client is not None:
            client.received(response)
        elif self._parts.marks.from_before(response.via.branch) and self._young():
            self._after_restart(response)

    def _young(self) -> bool:
        return bool(self._parts.clock.seconds() - self._started < LONG_SECONDS)

    def _after_restart(self, response: Response) -> None:
        """The answer to what a former edge forwarded goes on by its Via (RFC 3261 §16.11)."""
        response.pop_first("via")
        if not response.has("via"):
            return
        via = response.via
        host = (via.parameters.get("received") or via.host).strip("[]")
        port = via.parameters.get("rport") or str(via.port or 5060)
        if via.transport == "UDP" and port.isdigit():
            self._parts.transports.send(response.to_bytes(), Hop("udp", host, int(port)))

    # ---- requests
    def _request(self, request: Request, peer: Peer) -> None:
        stamp(request, peer.hop)
        known = self._parts.transactions.server(request)
        if request.method == "ACK" and known is not None and known.status >= 300:
            known.acknowledged()
        elif known is not None and request.method != "ACK":
            known.repeated()
        elif request.method == "CANCEL":
            self._cancel(request, peer)
        elif request.to_tag:
            self._in_dialog(request, peer)
        elif request.method != "ACK":
            self._new(request, peer)

    def _cancel(self, request: Request, peer: Peer) -> None:
        invite = self._parts.transactions.cancelled_by(request)
        if invite is None or invite.hop.host != answer_hop(request, peer.hop).host:
            if peer.kind != "stranger":
                self.stateless(request, peer.hop, 481, "Transaction Does Not Exist")
            return
        self._parts.answer(self.serve(request, peer), 200, "OK")
        if invite.status < 200:
            invite.on_cancel()

    def _new(self, request: Request, peer: Peer) -> None:
        self._own_routes(request)
        from_us = self._admission.may_be_worker(peer.hop) and request.has("x-hotline-call")
        if peer.kind == "worker":
            self._outbound.request(request, peer, self)
        elif not from_us:  # a worker before it told us of itself repeats its request in half a second
            _strip(request)
            self._inbound.request(request, peer, self)

    def serve(self, request: Request, peer: Peer) -> ServerTransaction:
        return self._parts.transactions.serve(request, answer_hop(request, peer.hop))

    def loops(self, request: Request) -> bool:
        return self._parts.marks.loops(request, [_branch(value) for value in request.all("via")])

    # ---- inside a dialog: by the Route headers alone, so a restart changes nothing
    def _in_dialog(self, request: Request, peer: Peer) -> None:
        flow = self._own_routes(request)
        from_worker = peer.kind == "worker" or self._admission.may_be_worker(peer.hop)
        refusal = self._refusal(request, flow, from_worker)
        if refusal is not None:
            if peer.kind != "stranger" or flow is not None:
                self.stateless(request, peer.hop, *refusal)
            return
        assert flow is not None
        if flow == WORKER or not from_worker:
            _strip(request)
        try:
            if flow == WORKER:
                fit_for_worker(request)
                slim_for_worker(request)
        except UnfitBodyError as unfit:
            self.stateless(request, peer.hop, unfit.status, unfit.reason)
            return
        flow = self._dialogs.counted(request, flow)
        self._dialogs.passed(request)
        server = None if request.method == "ACK" else self.serve(request, peer)

        def go() -> None:
            self._send_on(request, flow, server, filter_answers=from_worker)

        if flow == WORKER and request.method == "BYE":
            # The key or the words just before it are RTP that the worker reads with its next tick.
            self._parts.clock.callLater(self._parts.settings.edge.bye_hold_seconds, go)
        else:
            go()

    def _refusal(self, request: Request, flow: Flow | None, from_worker: bool) -> Refusal | None:
        if flow is None or (by_uri(flow) and not from_worker):
            return 481, "Call/Transaction Does Not Exist", []
        if request.method not in IN_DIALOG:
            return 405, "Method Not Allowed", [("allow", ALLOW)]
        if request.get("max-forwards") == "0":
            return 483, "Too Many Hops", []
        if self.loops(request):
            return 482, "Loop Detected", []
        if flow == WORKER and not self._is_worker_uri(request):
            return 404, "Not Found", []
        return None

    def _is_worker_uri(self, request: Request) -> bool:
        target = request.target
        return self._admission.may_be_worker(Hop("udp", target.host, target.port or 0))

    def _send_on(
        self, request: Request, flow: Flow, server: ServerTransaction | None, *, filter_answers: bool
    ) -> None:
        if server is not None and server.invite:
            self._parts.answer(server, 100, "Trying")

        def send(hop: Hop | None) -> None:
            if hop is None or (flow == WORKER and self._outbound.is_dead(hop.port)):
                if server is not None:
                    self._parts.answer(server, 481, "Call/Transaction Does Not Exist")
                return
            target = Target(request.uri, hop, flow)
            authorise = self._outbound.carriers.authorise(lambda: self._dialogs.counts_more(request))
            if server is None:
                ack = forwarded(self._parts, request, target, None)
                self._parts.transports.send(ack.to_bytes(), hop)
            elif server.invite:
                relay = Relay(
                    self._parts, server, request, None, filter_answers=filter_answers, authorise=authorise
                )
                relay.start([target])
            else:
                forward_other(
                    self._parts, server, request, target, filter_answers=filter_answers, authorise=authorise
                )

        routes = request.all("route")
        self._finder.find(str(parse_address(routes[0]).uri) if routes else request.uri, flow, send)

    def _own_routes(self, request: Request) -> Flow | None:
        """Take our own Route headers away; the flow that the last of them names (None: not marked)."""
        flow = None
        if self._is_own_route(f"<{request.uri}>") and request.has("route"):
            *rest, last = request.all("route")  # a strict router came before us (RFC 3261 §16.4)
            marked = parse_address(f"<{request.uri}>").uri.user
            flow = self._parts.marks.flow(marked, request.call_id)
            if flow is not None:
                request.uri = str(parse_address(last).uri)
                request.remove("route")
                request.headers += [("route", route) for route in rest]
        while request.has("route") and self._is_own_route(request.get("route")):
            user = parse_address(request.get("route")).uri.user
            flow = self._parts.marks.flow(user, request.call_id)
            request.pop_first("route")
        return flow

    def _is_own_route(self, route: str) -> bool:
        try:
            return self._parts.local.is_own(parse_address(route).uri)
        except UriError:
            return False


def _strip(request: Request) -> None:
    """What outsiders must not tell workers."""
    request.headers = [pair for pair in request.headers if not pair[0].startswith("x-hotline-")]


def _branch(via: str) -> str:
    _, _, rest = via.partition("branch=")
    return rest.partition(";")[0].strip()


def stamp(request: Request, source: Hop) -> None:
    """Note in the top Via where the request really came from (RFC 3261 §18.2.1, RFC 3581)."""
    via = request.via
    asked = "rport" in via.parameters
    if asked:
        via.parameters["rport"] = str(source.port)
    if asked or via.host != source.host:
        via.parameters["received"] = source.host
    request.replace_first("via", str(via))


def answer_hop(request: Request, source: Hop) -> Hop:
    """Where answers go: back, or to the port that an asymmetric but honest sender names."""
    via = request.via
    if source.reliable or "rport" in via.parameters or via.host != source.host:
        return source
    return Hop("udp", source.host, via.port or 5060)
