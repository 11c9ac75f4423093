"""SIP over UDP and TCP: bytes in and out, framed and bounded (RFC 3261 §18, RFC 5626 §3.5.1)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure

from hotline.sip.message import MAX_BODY_BYTES, MAX_HEAD_BYTES
from hotline.sip.uri import host_port

_LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*\r?$")
MAX_WAITING_BYTES = 262_144
"""What may wait in one TCP connection for a peer that does not read."""
CONNECT_SECONDS = 5
STRANGER_SECONDS = 30.0
"""How long a connection may be idle before anybody proved on it who he is."""


@dataclass(frozen=True, slots=True)
class Hop:
    """The far end of a packet or connection."""

    transport: Literal["udp", "tcp"]
    host: str
    port: int

    @property
    def reliable(self) -> bool:
        return self.transport == "tcp"

    def __str__(self) -> str:
        return f"{self.transport}:{host_port(self.host, self.port)}"


class Receiver(Protocol):
    """Who is told of messages."""

    def received(self, data: bytes, source: Hop) -> None:
        """One datagram, or one framed message of a stream."""
        ...

    def connection_closed(self, hop: Hop) -> None: ...

    def connection_allowed(self, host: str, open_from_host: int) -> bool: ...

    def connection_trusted(self, host: str) -> bool:
        """Whether connections from there may be idle for long."""
        ...


class Transports:
    """All sockets of the edge."""

    def __init__(self, reactor: Any, receiver: Receiver, *, idle_seconds: float) -> None:
        self._reactor, self._receiver = reactor, receiver
        self._idle_seconds = idle_seconds
        self._datagram: dict[str, _Datagrams] = {}
        self._ports: list[Any] = []
        self._streams: dict[Hop, _Stream] = {}
        self._from_host: Counter[str] = Counter()

    def listen_udp(self, host: str, port: int) -> None:
        """Raises twisted.internet.error.CannotListenError."""
        protocol = _Datagrams(self._receiver)
        self._ports.append(self._reactor.listenUDP(port, protocol, interface=host, maxPacketSize=65_536))
        self._datagram[host] = protocol

    def listen_tcp(self, host: str, port: int) -> None:
        """Raises twisted.internet.error.CannotListenError."""
        self._ports.append(self._reactor.listenTCP(port, _StreamFactory(self), interface=host))

    def send(self, data: bytes, hop: Hop) -> bool:
        """False when it surely went nowhere."""
        if hop.transport == "udp":
            socket = self._datagram.get(hop.host) or next(iter(self._datagram.values()), None)
            return socket is not None and socket.send(data, hop)
        stream = self._streams.get(hop)
        if stream is None:
            stream = self._connect(hop)
        return stream.send(data)

    def reaches(self, host: str) -> bool:
        """Whether one of our sockets is of the address's family."""
        return any((":" in host) == (":" in ours) for ours in self._datagram)

    def connected(self, hop: Hop) -> bool:
        """Whether a TCP connection with that far end stands."""
        return hop in self._streams

    def keep(self, hop: Hop) -> None:
        """Whoever is there has shown a password: his connection may be idle for long."""
        stream = self._streams.get(hop)
        if stream is not None:
            stream.stay(self._idle_seconds)

    def __len__(self) -> int:
        """How many TCP connections stand."""
        return len(self._streams)

    def close(self) -> None:
        for port in self._ports:
            port.stopListening()
        for stream in list(self._streams.values()):
            stream.close()

    def _connect(self, hop: Hop) -> _Stream:
        stream = _Stream(self._reactor, self, hop, self._receiver, self._idle_seconds)
        self._streams[hop] = stream
        self._reactor.connectTCP(hop.host, hop.port, _OneStream(self, stream, hop), timeout=CONNECT_SECONDS)
        return stream

    def stream(self, hop: Hop) -> _Stream:
        """For a connection that somebody else made."""
        trusted = self._receiver.connection_trusted(hop.host)
        seconds = self._idle_seconds if trusted else min(STRANGER_SECONDS, self._idle_seconds)
        return _Stream(self._reactor, self, hop, self._receiver, seconds)

    def accept(self, host: str) -> bool:
        return self._receiver.connection_allowed(host, self._from_host[host])

    def opened(self, stream: _Stream) -> None:
        if stream.hop not in self._streams:
            self._from_host[stream.hop.host] += 1
            stream.counted = True
        self._streams[stream.hop] = stream

    def closed(self, stream: _Stream) -> None:
        if stream.counted:
            self._from_host[stream.hop.host] -= 1
            if not self._from_host[stream.hop.host]:
                del self._from_host[stream.hop.host]
        if self._streams.get(stream.hop) is stream:
            del self._streams[stream.hop]
            self._receiver.connection_closed(stream.hop)


class _Datagrams(DatagramProtocol):
    noisy = False

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def send(self, data: bytes, hop: Hop) -> bool:
        if self.transport is None:
            return False
        try:
            cast(Any, self.transport).write(data, (hop.host, hop.port))
        except (OSError, ValueError):  # no way there; an address that no socket of this kind takes
            return False
        return True

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self._receiver.received(datagram, Hop("udp", addr[0], addr[1]))


class _Stream(TwistedProtocol):
    """One TCP connection, ours or theirs."""

    def __init__(
        self, reactor: Any, owner: Transports, hop: Hop, receiver: Receiver, idle_seconds: float
    ) -> None:
        self.hop, self.counted = hop, False
        self._owner, self._receiver, self._idle_seconds = owner, receiver, idle_seconds
        self._buffer = bytearray()
        self._unsent: list[bytes] | None = []
        self._reactor = reactor
        self._idle_timer: Any = None

    def send(self, data: bytes) -> bool:
        if self._unsent is None:
            transport = cast(Any, self.transport)
            transport.write(data)
            if len(transport.dataBuffer) + transport._tempDataLen > MAX_WAITING_BYTES:
                transport.abortConnection()
                return False
            return True
        if sum(map(len, self._unsent)) + len(data) > MAX_WAITING_BYTES:
            return False
        self._unsent.append(data)
        return True

    def stay(self, seconds: float) -> None:
        """Change how long it may be idle."""
        self._idle_seconds = seconds
        self._idle_timer.reset(seconds)

    def close(self) -> None:
        if self.transport is not None:
            cast(Any, self.transport).loseConnection()

    def connectionMade(self) -> None:
        cast(Any, self.transport).setTcpNoDelay(True)
        cast(Any, self.transport).setTcpKeepAlive(True)
        self._owner.opened(self)
        waiting, self._unsent = self._unsent or [], None
        for data in waiting:
            self.send(data)
        self._idle_timer = self._reactor.callLater(self._idle_seconds, self._idle)

    def failed(self) -> None:
        """The connection could not be made."""
        self._owner.closed(self)

    def dataReceived(self, data: bytes) -> None:
        self._idle_timer.reset(self._idle_seconds)
        self._buffer += data
        while self._next():
            pass

    def _next(self) -> bool:
        """Take one message or keep-alive from the buffer; False when more bytes are needed."""
        if self._buffer.startswith(b"\r\n\r\n"):
            del self._buffer[:4]
            self.send(b"\r\n")
            return True
        if self._buffer.startswith((b"\r", b"\n")):
            if self._buffer == b"\r\n\r" or len(self._buffer) < 3:
                return False
            del self._buffer[:2]
            return True
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > MAX_HEAD_BYTES:
            return self._abort() if len(self._buffer) > MAX_HEAD_BYTES else False
        length = _LENGTH.search(bytes(self._buffer[: end + 2]))
        size = int(length[1]) if length else 0
        if size > MAX_BODY_BYTES:
            return self._abort()
        if len(self._buffer) < end + 4 + size:
            return False
        message = bytes(self._buffer[: end + 4 + size])
        del self._buffer[: end + 4 + size]
        self._receiver.received(message, self.hop)
        if not length:
            self.close()
        return bool(length)

    def _abort(self) -> bool:
        self._buffer.clear()
        cast(Any, self.transport).abortConnection()
        return False

    def _idle(self) -> None:
        cast(Any, self.transport).abortConnection()

    def connectionLost(self, reason: Failure | None = None) -> None:
        if self._idle_timer.active():
            self._idle_timer.cancel()
        self._buffer.clear()
        self._owner.closed(self)


class _StreamFactory(Factory):
    noisy = False

    def __init__(self, owner: Transports) -> None:
        self._owner = owner

    def buildProtocol(self, addr: IAddress | None) -> TwistedProtocol | None:
        peer = cast(Any, addr)
        if not self._owner.accept(peer.host):
            return None
        return self._owner.stream(Hop("tcp", peer.host, peer.port))


class _OneStream(Factory):
    """Makes our own connection to somebody."""

    noisy = False

    def __init__(self, owner: Transports, stream: _Stream, hop: Hop) -> None:
        self._stream = stream

    def buildProtocol(self, addr: IAddress | None) -> TwistedProtocol:
        return self._stream

    def startedConnecting(self, connector: Any) -> None:
        pass

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        self._stream.failed()

    def clientConnectionLost(self, connector: Any, reason: Failure) -> None:
        pass


Send = Callable[[bytes, Hop], bool]
