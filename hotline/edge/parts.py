"""What the parts of the edge share: who we are, how to send, where to write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from hotline.edge.journal import EdgeJournal
from hotline.edge.keys import Marks
from hotline.edge.registrar import Registrar
from hotline.settings import Settings
from hotline.sip.message import Message, Request, Response, reply
from hotline.sip.transaction import ServerTransaction, Transactions
from hotline.sip.transport import Hop, Transports
from hotline.sip.uri import Uri, host_port

Flow = str
"""How a side of a dialog is reached: `worker`, `uri` (by its own contact), `phone|udp|host|port|user`, or
`trunk|shift|name`: by its contact, and its CSeq is by `shift` above the worker's (RFC 3261 §22.2)."""
WORKER: Flow = "worker"
BY_URI: Flow = "uri"


def phone_flow(hop: Hop, user: str) -> Flow:
    return f"phone|{hop.transport}|{hop.host}|{hop.port}|{user}"


def phone_of(flow: Flow) -> tuple[Hop, str] | None:
    """The hop and user of a phone's flow."""
    kind, *rest = flow.split("|")
    if kind != "phone" or len(rest) != 4 or not rest[2].isdigit():
        return None
    return Hop("tcp" if rest[0] == "tcp" else "udp", rest[1], int(rest[2])), rest[3]


def trunk_flow(name: str, shift: int) -> Flow:
    return f"trunk|{shift}|{name}"


def trunk_of(flow: Flow) -> tuple[str, int] | None:
    """The name of the trunk that may ask for our password, and the shift of its CSeq."""
    kind, _, rest = flow.partition("|")
    shift, _, name = rest.partition("|")
    return (name, int(shift)) if kind == "trunk" and shift.isdecimal() else None


def by_uri(flow: Flow) -> bool:
    return flow == BY_URI or trunk_of(flow) is not None


def shift_cseq(message: Message, flow: Flow, direction: Literal[1, -1]) -> None:
    """Count as the far end does (1), or as the worker does (-1)."""
    known = trunk_of(flow)
    if known is None or not known[1]:
        return
    number, method = message.cseq
    message.set("cseq", f"{max(number + direction * known[1], 0)} {method}")
    sequence, _, answered = message.get("rack").partition(" ")
    first, _, rest = answered.partition(" ")
    if first.isdecimal():
        message.set("rack", f"{sequence} {int(first) + direction * known[1]} {rest}")


@dataclass(frozen=True, slots=True)
class Local:
    """Our own addresses: `inside` is what workers talk to, `outside` what all others are told."""

    inside: str
    outside: str
    udp_port: int
    tcp_port: int | None
    realm: str

    def address_for(self, hop: Hop) -> tuple[str, int]:
        host = self.inside if hop.host == self.inside else self.outside
        return host, (self.tcp_port or self.udp_port) if hop.reliable else self.udp_port

    def is_own(self, uri: Uri) -> bool:
        """Whether a URI means this edge itself."""
        if uri.host == self.realm.lower():
            return True
        return uri.host in (self.inside, self.outside) and uri.port in (None, self.udp_port, self.tcp_port)

    def via(self, hop: Hop, branch: str) -> str:
        return f"SIP/2.0/{hop.transport.upper()} {host_port(*self.address_for(hop))};branch={branch};rport"

    def route(self, hop: Hop, user: str) -> str:
        transport = ";transport=tcp" if hop.reliable and self.tcp_port else ""
        return f"<sip:{user}@{host_port(*self.address_for(hop))};lr{transport}>"


@dataclass(slots=True)
class Parts:
    """Handed to everything in the edge; nothing in here knows who uses it."""

    settings: Settings
    clock: Any
    """IReactorTime."""
    local: Local
    marks: Marks
    transports: Transports
    transactions: Transactions
    registrar: Registrar
    journal: EdgeJournal
    seconds: Callable[[], float]
    """Wall clock."""
    stats: Counter[str] = field(default_factory=Counter)

    def answer(
        self,
        server: ServerTransaction,
        status: int,
        reason: str,
        headers: list[tuple[str, str]] | None = None,
    ) -> None:
        """Our own answer to a request."""
        response = self.reply(server.request, status, reason)
        response.headers += headers or []
        self.stats[f"answered_{status}"] += 1
        server.respond(response)

    def reply(self, request: Request, status: int, reason: str) -> Response:
        return reply(request, status, reason, self.marks.to_tag(request))

    def unreadable(self, request: Request, status: int, reason: str) -> Response:
        """The answer to what cannot be read: it goes back to where it came from, as it came."""
        self.stats[f"answered_{status}"] += 1
        return reply(request, status, reason)
