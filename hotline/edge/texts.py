"""Lines of text for crews' softphones by SIP MESSAGE (RFC 3428): the edge knows where each is registered."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import structlog

from hotline.edge.carriers import Carriers
from hotline.edge.finder import Finder
from hotline.edge.inbound import phone_targets
from hotline.edge.outbound import NUMBER
from hotline.edge.parts import BY_URI, Parts, trunk_flow, trunk_of
from hotline.ipc import Message, SendText, TextSent
from hotline.sip.message import Request, Response
from hotline.sip.transport import Hop
from hotline.sip.uri import UriError, host_port, parse_uri

_log = structlog.get_logger()
MAX_CHALLENGES = 2
NO_WAY, NOBODY_ANSWERS, NOT_REGISTERED, NO_TRUNK = 404, 408, 480, 503
Tell = Callable[[TextSent], None]
Reply = Callable[[Message], bool]


class Texts:
    """One MESSAGE to one place; with several registered phones the first that takes it counts."""

    def __init__(self, parts: Parts, finder: Finder, carriers: Carriers, users: set[str]) -> None:
        self._parts, self._finder, self._carriers, self._users = parts, finder, carriers, users
        self._sending: dict[str, Sending] = {}

    def send(self, order: SendText, reply: Reply) -> None:
        """`TextSent` follows, always and once, to whoever asked."""
        if order.key in self._sending:
            return
        sending = Sending(order, self._parts, self._carriers, lambda answer: self._done(answer, reply))
        self._sending[order.key] = sending
        self._parts.stats["texts"] += 1
        try:
            target = parse_uri(order.to if ":" in order.to else f"sip:{order.to}@{self._parts.local.outside}")
        except UriError:
            sending.end(NO_WAY)
            return
        if not self._parts.local.is_own(target) and target.scheme == "sip":
            self._find(sending, order.to, BY_URI)
        elif target.name in self._users:
            phones = phone_targets(self._parts, self._finder, target.name)
            sending.begin([(phone.uri, phone.hop, phone.flow) for phone in phones if phone.hop is not None],
                          otherwise=NOT_REGISTERED)
        elif NUMBER.fullmatch(target.name):
            self._to_trunk(sending, target.name)
        else:
            sending.end(NO_WAY)

    def _to_trunk(self, sending: Sending, number: str) -> None:
        edge = self._parts.settings.edge
        trunk = next((t for t in edge.trunks if t.name == edge.default_trunk), None)
        if trunk is None or not trunk.uri:
            sending.end(NO_TRUNK)
            return
        flow = trunk_flow(trunk.name, 0) if self._carriers.knows(trunk.name) else BY_URI
        self._find(sending, trunk.uri.replace("{number}", number), flow)

    def _find(self, sending: Sending, uri: str, flow: str) -> None:
        def found(hop: Hop | None) -> None:
            sending.begin([(uri, hop, flow)] if hop is not None else [], otherwise=NO_WAY)

        self._finder.find(uri, BY_URI, found)

    def _done(self, answer: TextSent, reply: Reply) -> None:
        self._sending.pop(answer.key, None)
        self._parts.stats[f"texts_{answer.status}"] += 1
        reply(answer)


class Sending:
    """One order on its way to one or more places."""

    def __init__(self, order: SendText, parts: Parts, carriers: Carriers, done: Tell) -> None:
        self._order, self._parts, self._carriers, self._done = order, parts, carriers, done
        self._call_id, self._tag = secrets.token_hex(12), secrets.token_hex(6)
        self._left = 0
        self._best = 0
        self._retry_after: float | None = None
        self._ended = False

    def begin(self, targets: list[tuple[str, Hop, str]], otherwise: int) -> None:
        if not targets:
            self.end(otherwise)
            return
        self._left = len(targets)
        for number, (uri, hop, flow) in enumerate(targets):
            self._ask(self._request(uri, number), uri, hop, flow, 1)

    def end(self, status: int) -> None:
        if not self._ended:
            self._ended = True
            answer = TextSent(key=self._order.key, status=status, retry_after_seconds=self._retry_after)
            self._done(answer)

    def _request(self, uri: str, number: int) -> Request:
        """No Contact and no dialog (RFC 3428 §4); the service number is who writes."""
        local = self._parts.local
        here = host_port(local.outside, None if local.udp_port == 5060 else local.udp_port)
        sender = f"<sip:{self._parts.settings.service_number}@{here}>"
        request = Request(method="MESSAGE", uri=uri, body=self._order.text.encode())
        request.headers = [
            ("max-forwards", "70"), ("from", f"{sender};tag={self._tag}"), ("to", f"<{uri}>"),
            ("call-id", f"{self._call_id}-{number}"), ("cseq", "0 MESSAGE"),
            ("content-type", "text/plain;charset=UTF-8"),
        ]  # fmt: skip
        return request

    def _ask(self, request: Request, uri: str, hop: Hop, flow: str, tries: int) -> None:
        sent = request.copy()
        sent.set("cseq", f"{tries} MESSAGE")
        sent.prepend("via", self._parts.local.via(hop, self._parts.marks.branch(sent)))
        self._parts.transactions.ask(
            sent, hop, lambda response: self._answered(request, response, uri, hop, flow, tries),
            lambda: self._one_over(NOBODY_ANSWERS, None),
        )  # fmt: skip

    def _answered(
        self, request: Request, response: Response, uri: str, hop: Hop, flow: str, tries: int
    ) -> None:
        if response.status < 200:
            return
        known = trunk_of(flow)
        if response.status in (401, 407) and known is not None and tries <= MAX_CHALLENGES:
            again = self._carriers.answer(known[0], request, response)
            if again is not None:
                self._ask(again, uri, hop, flow, tries + 1)
                return
        after = response.get("retry-after").partition(";")[0].partition("(")[0].strip()
        self._one_over(response.status, float(after) if after.isdecimal() and len(after) < 6 else None)

    def _one_over(self, status: int, retry_after: float | None) -> None:
        """The first that has it settles it; else the last one, and a temporary answer before a final no."""
        self._left -= 1
        if status < 300:
            self.end(status)
            return
        if self._best == 0 or status in (NOBODY_ANSWERS, NOT_REGISTERED, NO_TRUNK):
            self._best, self._retry_after = status, retry_after
        if self._left <= 0:
            _log.warning("a text was not delivered", status=self._best)
            self.end(self._best)
