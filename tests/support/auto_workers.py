"""A zygote and workers that answer every call by themselves, in a thread: for SIPp and for measuring."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from types import TracebackType
from typing import Any, Self

from hotline.ipc import Fork, ProviderHello, WorkerDone, WorkerReady, decode, encode
from hotline.sip.message import Request, Response, parse
from tests.support.sip_rig import EDGE, SDP, Edge


class AutoWorkers:
    """`with AutoWorkers(edge) as workers:` one socket pair for each call, closed after its BYE."""

    def __init__(self, edge: Edge, *, ring_only: bool = False) -> None:
        self._edge, self._ring_only = edge, ring_only
        self._selector = selectors.DefaultSelector()
        self._ports = iter(range(20_000, 21_999))
        self._links: dict[socket.socket, tuple[socket.socket, str]] = {}
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="workers")
        self.answered = self.ended = 0

    def __enter__(self) -> Self:
        self._zygote = self._connect()
        self._zygote.sendall(encode(ProviderHello(instance="auto", pid=os.getpid())))
        self._unread = b""
        self._selector.register(self._zygote, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wake.send(b"x")
        self._thread.join(10)
        for sip, (link, _) in self._links.items():
            sip.close()
            link.close()
        for each in (self._zygote, self._wake, self._woken, self._selector):
            each.close()

    def _connect(self) -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        link.connect(str(self._edge.folder / "run" / "edge.sock"))
        return link

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                ready: Any = key.fileobj
                if ready is self._woken:
                    return
                if ready is self._zygote:
                    self._fork_orders()
                else:
                    self._sip(ready)

    def _fork_orders(self) -> None:
        *lines, self._unread = (self._unread + self._zygote.recv(65536)).split(b"\n")
        for line in lines:
            order = decode(line)
            assert isinstance(order, Fork)
            self._worker(order.job.call_id)

    def _worker(self, call_id: str) -> None:
        sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sip.bind((EDGE, next(self._ports)))
        link = self._connect()
        port = sip.getsockname()[1]
        ready = WorkerReady(call_id=call_id, purpose="inbound", pid=os.getpid(), sip_port=port)
        link.sendall(encode(ready))
        self._links[sip] = (link, call_id)
        self._selector.register(sip, selectors.EVENT_READ)

    def _sip(self, sip: socket.socket) -> None:
        request = parse(sip.recv(65536))
        assert isinstance(request, Request)
        if request.method == "INVITE":
            self._answer(sip, request, 180)
            if not self._ring_only:
                self.answered += 1
                self._answer(sip, request, 200)
        elif request.method == "CANCEL":
            self._answer(sip, request, 200)
            invite = request.copy()
            invite.set("cseq", f"{request.cseq[0]} INVITE")
            self._answer(sip, invite, 487)
        elif request.method == "BYE":
            self._answer(sip, request, 200)
        if request.method == "BYE" or (request.method == "ACK" and self._ring_only):
            self._end(sip)

    def _end(self, sip: socket.socket) -> None:
        link, call_id = self._links.pop(sip)
        link.sendall(encode(WorkerDone(call_id=call_id)))
        self._selector.unregister(sip)
        sip.close()
        link.close()
        self.ended += 1

    def _answer(self, sip: socket.socket, request: Request, status: int) -> None:
        response = Response(status=status, reason="Answer")
        copied = ("via", "from", "to", "call-id", "cseq", "record-route")
        response.headers = [pair for pair in request.headers if pair[0] in copied]
        if "tag=" not in response.get("to"):
            response.set("to", f"{response.get('to')};tag=w")
        if request.method == "INVITE" and status < 300:
            port = sip.getsockname()[1]
            response.headers += [("contact", f"<sip:{EDGE}:{port}>"), ("content-type", "application/sdp")]
            response.body = SDP.encode()
        sip.sendto(response.to_bytes(), self._edge.address)
