"""The wires of `hotline.ipc`: a server on a Unix socket and a client that reconnects for ever.

Both speak JSON lines. Nothing here waits: `send` writes or says that nobody is there, and what
comes in is told to a listener in the reactor's thread. Processes without a reactor (the zygote)
use plain sockets with `hotline.ipc.encode` and `decode`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import structlog
from twisted.internet import tcp, unix
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from hotline.ipc import MAX_LINE_BYTES, AnyMessage, MalformedMessageError, Message, decode, encode

_log = structlog.get_logger()
FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 1.0
MAX_UNSENT_BYTES = 8 * MAX_LINE_BYTES
"""A peer that does not read so much is dead to us; it is dropped rather than buffered for."""


class LinkListener(Protocol):
    """Hears what happens on links."""

    def link_opened(self, link: Link) -> None: ...

    def link_message(self, link: Link, message: AnyMessage) -> None: ...

    def link_closed(self, link: Link) -> None:
        """Comes once for every opened link; nothing comes after it."""
        ...


class Link(LineOnlyReceiver):
    """One connection between two of our processes."""

    delimiter = b"\n"
    MAX_LENGTH = MAX_LINE_BYTES

    def __init__(self, listener: LinkListener) -> None:
        self._listener = listener
        self.open = False
        self._doomed = False

    def send(self, message: Message) -> bool:
        """Write one message; False when the link is closed (the message is gone then)."""
        if not self.open or self._doomed:
            return False
        self._transport.write(encode(message))
        if _unsent(self._transport) > MAX_UNSENT_BYTES:
            _log.error("ipc peer does not read; dropped")
            self.abort()
            return False
        return True

    def close(self) -> None:
        """End the connection after what was written; `link_closed` follows."""
        if self.open:
            self._transport.loseConnection()

    def abort(self) -> None:
        """End the connection at once; `link_closed` follows."""
        self._doomed = True
        if self.open:
            self._transport.abortConnection()

    @property
    def _transport(self) -> Any:
        return self.transport

    def connectionMade(self) -> None:
        self.open = True
        self._listener.link_opened(self)

    def lineReceived(self, line: bytes) -> None:
        if self._doomed or not line.strip():
            return
        try:
            message = decode(line)
        except MalformedMessageError:
            _log.error("malformed ipc message; the connection is closed", size_bytes=len(line))
            self.abort()
            return
        self._listener.link_message(self, message)

    def lineLengthExceeded(self, line: bytes) -> None:
        _log.error("ipc line too long; the connection is closed", size_bytes=len(line))
        self.abort()

    def connectionLost(self, reason: Failure | None = None) -> None:
        if self.open:
            self.open = False
            self._listener.link_closed(self)


class _LinkFactory(Factory):
    noisy = False

    def __init__(self, listener: LinkListener) -> None:
        self._listener = listener

    def buildProtocol(self, addr: IAddress | None) -> TwistedProtocol:
        return Link(self._listener)


class LinkClient:
    """A link that comes back by itself for as long as it is started.

    `listener.link_opened` comes after every (re)connect: say there again what you are.
    """

    def __init__(self, reactor: Any, path: Path, listener: LinkListener) -> None:
        self._listener = listener
        self._link: Link | None = None
        from twisted.application.internet import ClientService  # slow to import; servers start without
        from twisted.internet.endpoints import UNIXClientEndpoint

        endpoint = cast(Any, UNIXClientEndpoint)(reactor, str(path), timeout=5)
        factory = cast(Any, _LinkFactory(self))
        self._service = ClientService(endpoint, factory, retryPolicy=_pause, clock=reactor)

    @property
    def connected(self) -> bool:
        return self._link is not None

    def start(self) -> None:
        self._service.startService()

    def stop(self) -> Deferred[None]:
        """Close for good; fires when the connection is closed."""
        return maybeDeferred(self._service.stopService)

    def send(self, message: Message) -> bool:
        """Write one message; False when nobody is connected (nothing is kept for later)."""
        return self._link is not None and self._link.send(message)

    def link_opened(self, link: Link) -> None:
        self._link = link
        self._listener.link_opened(link)

    def link_message(self, link: Link, message: AnyMessage) -> None:
        self._listener.link_message(link, message)

    def link_closed(self, link: Link) -> None:
        if self._link is link:
            self._link = None
        self._listener.link_closed(link)


def _pause(failed_attempts: int) -> float:
    """Seconds until the next attempt: quick at first, since a restarted process is back within one."""
    return float(min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(failed_attempts, 10)))


class _UnixPort(unix.Port):
    """Takes the path over from a predecessor in one step, and never removes a successor's socket."""

    def listen_at(self, path: Path) -> None:
        cast(Any, self).startListening()
        os.rename(self._bindPath, path)
        self._bindPath = os.fsencode(path)
        self._inode = path.stat().st_ino

    def connectionLost(self, reason: Failure) -> None:
        try:
            if os.stat(self._bindPath).st_ino == self._inode:
                os.unlink(self._bindPath)
        except FileNotFoundError:
            pass
        cast(Any, tcp.Port).connectionLost(self, reason)


def serve(reactor: Any, path: Path, listener: LinkListener) -> Callable[[], Deferred[None]]:
    """Listen at `path` (mode 0600), in the place of whoever listened there before.

    Connections a predecessor has accepted stay his. Returns the function that stops listening.
    Raises twisted.internet.error.CannotListenError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    port = _UnixPort(os.fsencode(beside), cast(Any, _LinkFactory(listener)), mode=0o600, reactor=reactor)
    port.listen_at(path)
    return lambda: maybeDeferred(cast(Any, port.stopListening))


def _unsent(transport: object) -> int:
    """Bytes that wait in the transport for a slow reader."""
    buffered = cast(Any, transport)
    waiting = len(getattr(buffered, "dataBuffer", b"")) - int(getattr(buffered, "offset", 0))
    return waiting + int(getattr(buffered, "_tempDataLen", 0))
