"""Registers at carriers that want it before they send us calls (RFC 3261 §10.2): `registers: true`."""

from __future__ import annotations

import secrets

import structlog

from hotline.edge.carriers import Carriers
from hotline.edge.finder import Finder
from hotline.edge.parts import BY_URI, Parts
from hotline.settings import Trunk
from hotline.sip.message import Request, Response
from hotline.sip.transport import Hop
from hotline.sip.uri import UriError, host_port, parse_address, parse_uri

_log = structlog.get_logger()
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 300.0
RENEW_AT = 0.8
"""Of the time that was granted."""
LEAST_SECONDS = 5.0
MAX_CHALLENGES = 2
"""One, and another when the nonce went stale meanwhile."""


class Registration:
    """Keeps one trunk registered for as long as the edge lives; the next edge registers anew."""

    def __init__(self, parts: Parts, finder: Finder, carriers: Carriers, trunk: Trunk) -> None:
        self._parts, self._finder, self._carriers, self._trunk = parts, finder, carriers, trunk
        try:
            self._registrar = registrar_of(trunk)
        except UriError:
            self._registrar = ""  # never found, and said so again and again
        self._call_id, self._tag = secrets.token_hex(12), secrets.token_hex(6)
        self._cseq = 0
        self._wanted_seconds = trunk.register_seconds
        self._until = 0.0
        self._pause_seconds = FIRST_PAUSE_SECONDS

    @property
    def registered(self) -> bool:
        return bool(self._until > self._parts.clock.seconds())

    def start(self) -> None:
        self._finder.find(self._registrar, BY_URI, self._found)

    def _found(self, hop: Hop | None) -> None:
        if hop is None:
            self._failed("its address cannot be found")
        else:
            self._ask(self._request(hop), hop, 0)

    def _request(self, hop: Hop) -> Request:
        """The Contact has the service number, so the carrier dials that."""
        aor = f"<sip:{self._trunk.outbound_user}@{host_port(parse_uri(self._registrar).host, None)}>"
        here = host_port(*self._parts.local.address_for(hop))
        transport = ";transport=tcp" if hop.reliable else ""
        request = Request(method="REGISTER", uri=self._registrar)
        request.headers = [
            ("max-forwards", "70"), ("from", f"{aor};tag={self._tag}"), ("to", aor),
            ("call-id", self._call_id), ("cseq", "0 REGISTER"),
            ("contact", f"<sip:{self._parts.settings.service_number}@{here}{transport}>"),
            ("expires", str(self._wanted_seconds)),
        ]  # fmt: skip
        return request

    def _ask(self, request: Request, hop: Hop, challenges: int) -> None:
        self._cseq += 1
        sent = request.copy()
        sent.set("cseq", f"{self._cseq} REGISTER")
        sent.prepend("via", self._parts.local.via(hop, self._parts.marks.branch(sent)))
        self._parts.transactions.ask(
            sent, hop, lambda response: self._answered(request, response, hop, challenges),
            lambda: self._failed("it does not answer"),
        )  # fmt: skip

    def _answered(self, request: Request, response: Response, hop: Hop, challenges: int) -> None:
        if response.status < 200:
            return
        if response.status in (401, 407) and challenges < MAX_CHALLENGES:
            again = self._carriers.answer(self._trunk.name, request, response)
            if again is not None:
                self._ask(again, hop, challenges + 1)
                return
        least = response.get("min-expires")
        if response.status == 423 and least.isdecimal() and int(least) > self._wanted_seconds:
            self._wanted_seconds = int(least)
            self._ask(self._request(hop), hop, challenges + 1)
        elif response.status < 300:
            self._succeeded(request, response)
        else:
            self._failed(f"it answers {response.status} {response.reason}")

    def _succeeded(self, request: Request, response: Response) -> None:
        seconds = float(granted_seconds(request, response))
        if not self.registered:
            _log.info("registered at a carrier", trunk=self._trunk.name, seconds=seconds)
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._until = self._parts.clock.seconds() + seconds
        self._parts.stats["trunk_registrations"] += 1
        self._parts.clock.callLater(max(seconds * RENEW_AT, LEAST_SECONDS), self.start)

    def _failed(self, why: str) -> None:
        self._parts.stats["trunk_registrations_failed"] += 1
        _log.error("cannot register at a carrier; it may not send us calls", trunk=self._trunk.name, why=why)
        pause = self._pause_seconds * (1 + secrets.randbelow(1000) / 4000)
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        self._parts.clock.callLater(pause, self.start)


def registrar_of(trunk: Trunk) -> str:
    """Its URI, without a user. Raises UriError when the trunk's `uri` is none."""
    uri = parse_uri(trunk.registrar or trunk.uri.replace("{number}", "0"))
    transport = f";transport={uri.transport}" if uri.transport != "udp" else ""
    return f"sip:{host_port(uri.host, uri.port)}{transport}"


def granted_seconds(request: Request, response: Response) -> int:
    """What stands at our Contact, else in Expires, else what we asked for (RFC 3261 §10.2.4)."""
    ours = parse_address(request.get("contact")).uri
    for value in response.all("contact"):
        try:
            contact = parse_address(value)
        except UriError:
            continue
        expires = contact.parameters.get("expires") or ""
        if (contact.uri.user, contact.uri.host, contact.uri.port) == (ours.user, ours.host, ours.port):
            if expires.isdecimal():
                return min(int(expires), 10**6)
    expires = response.get("expires") or request.get("expires")
    return min(int(expires), 10**6) if expires.isdecimal() else int(request.get("expires"))
