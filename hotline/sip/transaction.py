"""SIP transactions of a proxy (RFC 3261 §17 with RFC 6026): retransmissions end here.

Each transaction owns its timers and ends by itself; `ended` is called exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from hotline.sip.message import Message, Request, Response
from hotline.sip.transport import Hop, Send

T1_SECONDS = 0.5
T2_SECONDS = 4.0
T4_SECONDS = 5.0
LONG_SECONDS = 64 * T1_SECONDS
MAGIC = "z9hG4bK"
Key = tuple[str, ...]
State = Literal["calling", "proceeding", "completed", "accepted", "confirmed", "ended"]


def server_key(request: Request) -> Key:
    """What retransmissions, ACK and CANCEL have in common with their INVITE (RFC 3261 §17.2.3)."""
    via = request.via
    method = "INVITE" if request.method == "ACK" else request.method
    if via.branch.startswith(MAGIC) and len(via.branch) > len(MAGIC):
        return (via.branch, via.sent_by, method)
    number = str(request.cseq[0])
    return ("2543", request.call_id, request.from_tag, number, request.get("via"), method)


def client_key(message: Message) -> Key:
    return (message.via.branch, message.cseq[1])


class _Transaction:
    """Timers and the way out."""

    def __init__(self, clock: Any, send: Send, hop: Hop) -> None:
        self._clock, self._send, self.hop = clock, send, hop
        self._timers: dict[str, Any] = {}
        self.state: State = "proceeding"
        self.on_end: Callable[[], None] = lambda: None

    def _after(self, name: str, seconds: float, function: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = self._clock.callLater(seconds, function)

    def _cancel(self, *names: str) -> None:
        for name in names:
            timer = self._timers.pop(name, None)
            if timer is not None and timer.active():
                timer.cancel()

    def _again(self, name: str, data: bytes, seconds: float, most: float) -> None:
        """Send `data` after `seconds`, then after twice that, up to `most`."""

        def fire() -> None:
            self._send(data, self.hop)
            self._again(name, data, min(seconds * 2, most), most)

        self._after(name, seconds, fire)

    def end(self) -> None:
        if self.state != "ended":
            self.state = "ended"
            self._cancel(*list(self._timers))
            self.on_end()


class ServerTransaction(_Transaction):
    """Somebody's request to us: we answer it once and repeat the answer as asked."""

    def __init__(self, clock: Any, send: Send, hop: Hop, request: Request) -> None:
        super().__init__(clock, send, hop)
        self.request = request
        self.invite = request.method == "INVITE"
        self.status = 0
        """Of the last answer; 0: none yet."""
        self.on_cancel: Callable[[], None] = lambda: None
        self._last = b""

    def respond(self, response: Response) -> None:
        """A second final answer is not sent, except another 2xx to an INVITE."""
        if self.state == "accepted" and 200 <= response.status < 300:
            self._send(response.to_bytes(), self.hop)
            return
        if self.state != "proceeding":
            return
        self._last, self.status = response.to_bytes(), response.status
        self._send(self._last, self.hop)
        if response.status >= 300 and self.invite:
            self._completed_invite()
        elif response.status >= 200:
            self.state = "accepted" if self.invite else "completed"
            wait = 0.0 if self.hop.reliable and not self.invite else LONG_SECONDS
            self._after("end", wait, self.end)

    def _completed_invite(self) -> None:
        self.state = "completed"
        self._after("end", LONG_SECONDS, self.end)
        if not self.hop.reliable:
            self._again("G", self._last, T1_SECONDS, T2_SECONDS)

    def repeated(self) -> None:
        """The request came again."""
        if self._last and self.state in ("proceeding", "completed"):
            self._send(self._last, self.hop)

    def acknowledged(self) -> None:
        """The ACK to our refusal of an INVITE."""
        if self.state == "completed":
            self.state = "confirmed"
            self._cancel("G")
            self._after("end", 0.0 if self.hop.reliable else T4_SECONDS, self.end)


class ClientTransaction(_Transaction):
    """A request of ours that is on its way."""

    def __init__(
        self,
        clock: Any,
        send: Send,
        hop: Hop,
        request: Request,
        answered: Callable[[Response], None],
        timed_out: Callable[[], None],
    ) -> None:
        super().__init__(clock, send, hop)
        self.request, self._answered, self._timed_out = request, answered, timed_out
        self.invite = request.method == "INVITE"
        self.state = "calling"

    def start(self) -> None:
        data = self.request.to_bytes()
        self._after("timeout", LONG_SECONDS, self._give_up)
        if not self.hop.reliable:
            self._again("A", data, T1_SECONDS, LONG_SECONDS if self.invite else T2_SECONDS)
        self._send(data, self.hop)

    def received(self, response: Response) -> None:
        if self.invite:
            self._invite_response(response)
        elif self.state in ("calling", "proceeding"):
            self._other_response(response)

    def _other_response(self, response: Response) -> None:
        if response.status < 200:
            self.state = "proceeding"
        else:
            self.state = "completed"
            self._cancel("A", "timeout")
            self._after("end", 0.0 if self.hop.reliable else T4_SECONDS, self.end)
        self._answered(response)

    def _invite_response(self, response: Response) -> None:
        if self.state == "completed":
            if response.status >= 300:
                self._acknowledge(response)
            return
        if self.state == "accepted":
            if 200 <= response.status < 300:
                self._answered(response)
            return
        self._cancel("A", "timeout")
        if response.status < 200:
            self.state = "proceeding"
        elif response.status < 300:
            self.state = "accepted"
            self._after("end", LONG_SECONDS, self.end)
        else:
            self.state = "completed"
            self._acknowledge(response)
            self._after("end", 0.0 if self.hop.reliable else LONG_SECONDS, self.end)
        self._answered(response)

    def _acknowledge(self, response: Response) -> None:
        ack = companion(self.request, "ACK")
        ack.set("to", response.get("to"))
        self._send(ack.to_bytes(), self.hop)

    def abandon(self, seconds: float) -> None:
        """Stop waiting for a final answer after `seconds` more (RFC 3261 §9.1)."""
        if self.state in ("calling", "proceeding"):
            self._after("timeout", seconds, self._give_up)

    def _give_up(self) -> None:
        self.end()
        self._timed_out()


def companion(invite: Request, method: Literal["ACK", "CANCEL"]) -> Request:
    """The ACK (of a refusal) or CANCEL that goes the same way as its INVITE."""
    request = Request(method=method, uri=invite.uri)
    request.headers.append(("via", invite.get("via")))
    request.headers += [(k, v) for k, v in invite.headers if k in ("route", "from", "to", "call-id")]
    request.headers += [("cseq", f"{invite.cseq[0]} {method}"), ("max-forwards", "70")]
    return request


class Transactions:
    """All that are alive."""

    def __init__(self, clock: Any, send: Send) -> None:
        self._clock, self._send = clock, send
        self._servers: dict[Key, ServerTransaction] = {}
        self._clients: dict[Key, ClientTransaction] = {}
        self._invites: dict[Key, ServerTransaction] = {}

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    def server(self, request: Request) -> ServerTransaction | None:
        """The transaction that `request` repeats, acknowledges or (as CANCEL) ends."""
        return self._servers.get(server_key(request))

    def cancelled_by(self, cancel: Request) -> ServerTransaction | None:
        *key, _ = server_key(cancel)
        return self._servers.get((*key, "INVITE"))

    def merged(self, invite: Request) -> bool:
        """The same new INVITE came already by another way (RFC 3261 §8.2.2.2)."""
        return _merge_key(invite) in self._invites

    def serve(self, request: Request, source: Hop) -> ServerTransaction:
        key, merge = server_key(request), _merge_key(request)
        transaction = ServerTransaction(self._clock, self._send, source, request)
        self._servers[key] = transaction
        if transaction.invite:
            self._invites[merge] = transaction

        def ended() -> None:
            self._servers.pop(key, None)
            if self._invites.get(merge) is transaction:
                del self._invites[merge]

        transaction.on_end = ended
        return transaction

    def ask(
        self,
        request: Request,
        hop: Hop,
        answered: Callable[[Response], None],
        timed_out: Callable[[], None],
    ) -> ClientTransaction:
        """Send `request`; its top Via must carry a branch of ours."""
        key = client_key(request)
        transaction = ClientTransaction(self._clock, self._send, hop, request, answered, timed_out)
        self._clients[key] = transaction

        def ended() -> None:
            self._clients.pop(key, None)

        transaction.on_end = ended
        transaction.start()
        return transaction

    def client(self, response: Response) -> ClientTransaction | None:
        return self._clients.get(client_key(response))


def _merge_key(request: Request) -> Key:
    return (request.call_id, request.from_tag, request.to_tag, str(request.cseq[0]))
