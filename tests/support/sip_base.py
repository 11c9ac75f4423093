"""What the scripted peers of the edge's tests share: addresses, waiting, a client of `edge.sock`."""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotline.ipc import (
    AnyMessage,
    Message,
    decode,
    encode,
)

EDGE, TRUNK, PHONE, STRANGER = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
DIGEST_TRUNK = "127.0.0.5"
SECONDS = 10.0
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def until(condition: Callable[[], Any], what: str = "it", seconds: float = SECONDS) -> Any:
    """Wait for a condition and return what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.01)
    return found


def free_port() -> int:
    """A port that is free for UDP and TCP on the edge's address, away from the worker range."""
    while True:
        port = random.randint(30_000, 32_700)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind((EDGE, port))
                tcp.bind((EDGE, port))
            except OSError:
                continue
            return port


class Ipc:
    """A plain client of `edge.sock`."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._buffer = b""
        self._waiting: list[AnyMessage] = []
        self.closed = False

    def send(self, message: Message) -> None:
        self._socket.sendall(encode(message))

    def expect(self, kind: str, seconds: float = SECONDS, **fields: Any) -> Any:
        """The next message of that type (and with these fields); others are kept."""
        deadline = time.monotonic() + seconds
        while True:
            for message in self._waiting:
                if message.type == kind and all(getattr(message, k) == v for k, v in fields.items()):
                    self._waiting.remove(message)
                    return message
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind} {fields}; there was {self._waiting}"
            self._read(left)

    def nothing(self, kind: str, seconds: float = 0.3) -> None:
        try:
            self.expect(kind, seconds)
        except AssertionError:
            return
        raise AssertionError(f"there was a {kind}")

    def _read(self, seconds: float) -> None:
        if select.select([self._socket], [], [], seconds)[0]:
            data = self._socket.recv(65536)
            assert data, "the edge closed the connection"
            self._buffer += data
            *lines, self._buffer = self._buffer.split(b"\n")
            self._waiting += [decode(line) for line in lines]

    def close(self) -> None:
        self.closed = True
        self._socket.close()
