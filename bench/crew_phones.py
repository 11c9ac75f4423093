"""The crews' telephones as a bare socket: they note when an INVITE comes, ring, and are never answered."""

from __future__ import annotations

import re
import socket
import threading
import time
from types import TracebackType
from typing import Self

COPIED = re.compile(rb"(?im)^(?:via|from|call-id|cseq|record-route)[ \t]*:.*\r\n")
TO = re.compile(rb"(?im)^to[ \t]*:.*\r\n")


class CrewPhones:
    """One port for every crew."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.rang: list[float] = []
        """When each new INVITE came, seconds since 1970."""
        self._known: dict[bytes, bytes] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._serve, name="crew phones", daemon=True)

    def uri(self, crew: str) -> str:
        return f"sip:crew{crew}@127.0.0.1:{self.port}"

    def wait_for(self, count: int, timeout_seconds: float) -> float | None:
        """When the `count`th INVITE came; None when it did not."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.rang) >= count, timeout_seconds)
            return self.rang[count - 1] if len(self.rang) >= count else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, source = self._socket.recvfrom(65535)
            now = time.time()
            if not data:
                return
            if data.startswith(b"INVITE "):
                self._ring(data, now)
                self._socket.sendto(_answer(data, b"180 Ringing"), source)
            elif data.startswith(b"CANCEL "):
                self._socket.sendto(_answer(data, b"200 OK"), source)
                invite = self._known.get(_call_id(data))
                if invite is not None:
                    self._socket.sendto(_answer(invite, b"487 Request Terminated"), source)

    def _ring(self, invite: bytes, now: float) -> None:
        if _call_id(invite) in self._known:
            return
        self._known[_call_id(invite)] = invite
        with self._changed:
            self.rang.append(now)
            self._changed.notify_all()


def _call_id(message: bytes) -> bytes:
    found = re.search(rb"(?im)^call-id[ \t]*:[ \t]*(\S+)", message)
    return found[1] if found else b""


def _answer(request: bytes, status: bytes) -> bytes:
    head = request.partition(b"\r\n\r\n")[0] + b"\r\n"
    to = TO.search(head)
    return b"".join(
        [b"SIP/2.0 ", status, b"\r\n", *COPIED.findall(head),
         (to[0].rstrip() if to else b"To: <sip:crew>") + b";tag=bench\r\n", b"Content-Length: 0\r\n\r\n"]
    )  # fmt: skip
