"""Scripted phones, zygotes and workers: they do what a test says and wait for what must come."""

from __future__ import annotations

import os
import secrets
import select
import socket
import time
from typing import TYPE_CHECKING, Any

from hotline.ipc import (
    Dialog,
    Fork,
    ForkFailed,
    WorkerDone,
    WorkerReady,
)
from hotline.sip.digest import answer, parse_credentials
from hotline.sip.message import Request, Response, parse
from tests.support.sip_base import EDGE, SDP, SECONDS, Ipc, until

if TYPE_CHECKING:
    from tests.support.sip_rig import Edge


class Zygote:
    """Forks nothing: the test plays the worker."""

    def __init__(self, edge: Edge, link: Ipc) -> None:
        self.edge, self.link = edge, link

    def fork(self) -> Fork:
        fork: Fork = self.link.expect("fork")
        return fork

    def worker(self) -> Worker:
        """Take the next fork order and be its worker."""
        return Worker(self.edge, self.fork().job.call_id)

    def cannot(self, fork: Fork) -> None:
        self.link.send(ForkFailed(call_id=fork.job.call_id, why="out of memory"))

    def die(self) -> None:
        self.link.close()


class Phone:
    """A SIP end point: sends what it is told, keeps what comes."""

    def __init__(self, edge: Edge, host: str, *, tcp: bool = False, port: int = 0, user: str = "u") -> None:
        self.edge, self.tcp, self.user = edge, tcp, user
        edge.links.append(self)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        if tcp:
            self._socket.connect(edge.address)
        self.host, self.port = self._socket.getsockname()
        self.socket = self._socket
        self._buffer = b""
        self._waiting: list[Request | Response] = []

    def close(self) -> None:
        self._socket.close()

    @property
    def contact(self) -> str:
        transport = ";transport=tcp" if self.tcp else ""
        return f"<sip:{self.user}@{self.host}:{self.port}{transport}>"

    def send(self, message: Request | Response | bytes) -> None:
        data = message if isinstance(message, bytes) else message.to_bytes()
        if self.tcp:
            self._socket.sendall(data)
        else:
            self._socket.sendto(data, self.edge.address)

    def request(self, method: str, uri: str, *, to: str = "", body: str = "", **headers: str) -> Request:
        """A new request outside a dialog."""
        request = Request(method=method, uri=uri, body=body.encode())
        transport, branch = "TCP" if self.tcp else "UDP", f"z9hG4bK{secrets.token_hex(6)}"
        request.headers = [
            ("via", f"SIP/2.0/{transport} {self.host}:{self.port};branch={branch};rport"),
            ("max-forwards", "70"), ("from", f"<sip:{self.user}@{self.host}>;tag={secrets.token_hex(4)}"),
            ("to", to or f"<{uri}>"), ("call-id", secrets.token_hex(8)), ("cseq", f"1 {method}"),
            ("contact", self.contact),
        ]  # fmt: skip
        if body:
            request.headers.append(("content-type", "application/sdp"))
        for name, value in headers.items():
            request.set(name.replace("_", "-"), value)
        return request

    def invite(self, number: str = "962677", **headers: str) -> Request:
        """Call the hotline; the request as it was sent."""
        body = headers.pop("body", SDP)
        invite = self.request("INVITE", f"sip:{number}@{EDGE}:{self.edge.port}", body=body, **headers)
        self.send(invite)
        return invite

    def expect(self, what: str | int, seconds: float = SECONDS) -> Any:
        """The next request of that method or response of that status; 100s are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            for message in self._waiting:
                if what in (getattr(message, "method", None), getattr(message, "status", None)):
                    self._waiting.remove(message)
                    return message
            left = deadline - time.monotonic()
            assert left > 0, f"no {what}; there was {[_title(m) for m in self._waiting]}\n{self.edge.log()}"
            self._read(left)

    def kept(self) -> list[str]:
        """What came before the last expected message and was not asked for yet."""
        return [_title(message) for message in self._waiting if getattr(message, "status", 0) != 100]

    def silence(self, seconds: float = 0.3) -> None:
        """Nothing comes for a while."""
        self._read(seconds)
        heard = [_title(message) for message in self._waiting if getattr(message, "status", 0) != 100]
        assert not heard, heard

    def _read(self, seconds: float) -> None:
        if not select.select([self._socket], [], [], seconds)[0]:
            return
        data = self._socket.recv(65536)
        if not self.tcp:
            self._keep(data)
            return
        assert data, "the edge closed the connection"
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            if not head.strip():
                self._buffer = rest
                continue
            length = int(head.lower().rpartition(b"content-length:")[2].split(b"\r\n")[0])
            if len(rest) < length:
                return
            self._keep(head + b"\r\n\r\n" + rest[:length])
            self._buffer = rest[length:]

    def _keep(self, data: bytes) -> None:
        message = parse(data)
        assert isinstance(message, Request | Response), (data, message)
        self._waiting.append(message)

    def answer(self, request: Request, status: int, *, tag: str = "", body: str = SDP) -> Response:
        """Answer a request as a user agent does."""
        response = Response(status=status, reason="Answer")
        copied = ("via", "from", "to", "call-id", "cseq", "record-route")
        response.headers = [pair for pair in request.headers if pair[0] in copied]
        if "tag=" not in response.get("to") and status > 100:
            response.set("to", f"{response.get('to')};tag={tag or 't' + request.call_id[:6]}")
        if request.method == "INVITE" and 100 < status < 300:
            response.headers += [("contact", self.contact), ("content-type", "application/sdp")]
            response.body = body.encode()
        self.send(response)
        return response

    def within(
        self, method: str, sent: Request, answer: Response, number: int = 2, **headers: str
    ) -> Request:
        """A request inside the dialog that this side began with `sent`."""
        routes = list(reversed(answer.all("record-route")))
        return self._inside(
            method, answer.get("contact"), routes, sent.get("from"), answer.get("to"), sent.call_id, number,
            headers,
        )  # fmt: skip

    def within_called(
        self, method: str, got: Request, answer: Response, number: int = 1, **headers: str
    ) -> Request:
        """A request inside the dialog in which this side was called."""
        return self._inside(
            method, got.get("contact"), got.all("record-route"), answer.get("to"), got.get("from"),
            got.call_id, number, headers,
        )  # fmt: skip

    def _inside(
        self, method: str, contact: str, routes: list[str], from_: str, to: str, call_id: str, number: int,
        headers: dict[str, str],
    ) -> Request:  # fmt: skip
        uri = contact.partition("<")[2].partition(">")[0]
        request = self.request(method, uri, to=to, call_id=call_id, cseq=f"{number} {method}")
        request.set("from", from_)
        request.headers += [("route", route) for route in routes]
        if method in ("BYE", "ACK"):
            request.remove("contact")
        for name, value in headers.items():
            request.set(name.replace("_", "-"), value)
        return request

    def ack(self, sent: Request, answer: Response) -> None:
        self.send(self.within("ACK", sent, answer, sent.cseq[0]))

    def refused(self, sent: Request, answer: Response) -> None:
        """ACK a refusal."""
        ack = sent.copy()
        ack.method, ack.body = "ACK", b""
        ack.set("cseq", f"{sent.cseq[0]} ACK")
        ack.set("to", answer.get("to"))
        ack.remove("content-type")
        self.send(ack)

    def cancel(self, sent: Request) -> Request:
        cancel = sent.copy()
        cancel.method, cancel.body = "CANCEL", b""
        cancel.set("cseq", f"{sent.cseq[0]} CANCEL")
        cancel.remove("content-type", "contact")
        self.send(cancel)
        return cancel

    def with_password(
        self, request: Request, challenge: Response, password: str, algorithm: str = "SHA-256", nc: int = 1
    ) -> Request:
        """The request again, with credentials for the challenge's offer of that algorithm."""
        proxy = challenge.status == 407
        offers = challenge.all("proxy-authenticate" if proxy else "www-authenticate")
        offer = next(parse_credentials(text) for text in offers if f"algorithm={algorithm}" in text)
        given = {
            "username": request.from_.uri.name, "realm": offer["realm"], "nonce": offer["nonce"],
            "uri": request.uri, "qop": "auth", "nc": f"{nc:08x}", "cnonce": "c0ffee", "algorithm": algorithm,
        }  # fmt: skip
        given["response"] = answer(given, request.method, password)
        again = request.copy()
        number = request.cseq[0] + 1
        again.set("cseq", f"{number} {request.method}")
        again.replace_first("via", self.request("OPTIONS", "sip:x@y").get("via"))
        value = "Digest " + ", ".join(f'{name}="{text}"' for name, text in given.items())
        again.set("proxy-authorization" if proxy else "authorization", value)
        return again

    def register(self, password: str = "geheim", algorithm: str = "SHA-256", **headers: str) -> Response:
        """REGISTER with digest; the last answer."""
        realm = f"sip:{EDGE}:{self.edge.port}"
        aor = f"<sip:{self.user}@{EDGE}>"
        request = self.request("REGISTER", realm, to=aor, **headers)
        request.set("from", f"{aor};tag={secrets.token_hex(4)}")
        self.send(request)
        challenge: Response = self.expect(401)
        again = self.with_password(request, challenge, password, algorithm)
        self.send(again)
        return until(lambda: self._final(again.call_id), "an answer to REGISTER")  # type: ignore[no-any-return]

    def _final(self, call_id: str) -> Response | None:
        self._read(0.05)
        for message in self._waiting:
            if isinstance(message, Response) and message.call_id == call_id and message.status >= 200:
                self._waiting.remove(message)
                return message
        return None


class Worker(Phone):
    """Plays a worker process: SIP on its loopback port, and its line to the edge."""

    def __init__(self, edge: Edge, call_id: str, *, purpose: Any = "inbound", port: int = 0) -> None:
        super().__init__(edge, EDGE, port=port or next(edge.worker_ports), user="hotline")
        self.call_id, self.purpose = call_id, purpose
        self.link = edge.ipc()
        self.ready()

    def ready(self, *dialogs: Dialog) -> None:
        """Tell the edge, and wait until it knows."""
        before = self.edge.gauge("workers")
        self.link.send(
            WorkerReady(
                call_id=self.call_id, purpose=self.purpose, pid=os.getpid(), sip_port=self.port,
                dialogs=dialogs,
            )
        )  # fmt: skip
        until(lambda: self.edge.gauge("workers") > before, "the worker")

    def reconnect(self, *dialogs: Dialog) -> None:
        """After the edge was started again."""
        self.link.close()
        self.link = self.edge.ipc()
        self.ready(*dialogs)

    def dial(self, uri: str, **headers: str) -> Request:
        invite = self.request("INVITE", uri, body=SDP, x_hotline_call=self.call_id, **headers)
        invite.headers.append(("route", f"<sip:{EDGE}:{self.edge.port};lr>"))
        self.send(invite)
        return invite

    def done(self) -> None:
        self.link.send(WorkerDone(call_id=self.call_id))
        self.link.close()

    def die(self) -> None:
        self.close()
        self.link.close()


def _title(message: Request | Response) -> str:
    return message.method if isinstance(message, Request) else f"{message.status} {message.reason}"
