"""A bad wire between one caller and the service: SIP and RTP pass, or are lost, late or swapped, by rule.

It stands between them like an address-translating router: each side sees only the relay, so
requests within a call (ACK, re-INVITE, BYE) and RTP take the bad wire as well.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

Address = tuple[str, int]
Direction = Literal["to_service", "to_caller"]
HOST = "127.0.0.1"
LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[^\r]*")


@dataclass(frozen=True, slots=True)
class Packet:
    """A datagram on its way."""

    kind: Literal["sip", "rtp"]
    direction: Direction
    number: int
    """Counts from 1, per kind and direction."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a packet."""

    drop: bool = False
    delay_seconds: float = 0.0


Rule = Callable[[Packet], Fate]


def lose_every(nth: int, kind: str = "rtp") -> Rule:
    """Lose each nth packet of a kind."""
    return lambda packet: Fate(drop=packet.kind == kind and packet.number % nth == 0)


def late_every(nth: int, seconds: float = 0.03, kind: str = "rtp") -> Rule:
    """Let each nth packet be overtaken by its follower."""
    return lambda packet: Fate(
        delay_seconds=seconds if packet.kind == kind and packet.number % nth == 0 else 0.0
    )


def lose_first(start: bytes, times: int = 1) -> Rule:
    """Lose the first SIP messages that begin with `start` (`b"INVITE"`, `b"SIP/2.0 200"`)."""
    lost = 0

    def rule(packet: Packet) -> Fate:
        nonlocal lost
        hit = packet.kind == "sip" and packet.data.startswith(start) and lost < times
        lost += hit
        return Fate(drop=hit)

    return rule


@dataclass
class Counts:
    passed: int = 0
    lost: int = 0


class _Wire(asyncio.DatagramProtocol):
    """The two sockets of one kind of traffic: one that the caller sees, one that the service sees."""

    def __init__(self, relay: Relay, kind: Literal["sip", "rtp"]) -> None:
        self.relay, self.kind = relay, kind
        self.caller: Address | None = None
        self.service: Address | None = None
        self.for_caller: asyncio.DatagramTransport
        self.for_service: asyncio.DatagramTransport

    async def open(self, loop: asyncio.AbstractEventLoop) -> _Wire:
        self.for_caller, _ = await loop.create_datagram_endpoint(
            lambda: _End(self.from_caller), local_addr=(HOST, 0)
        )
        self.for_service, _ = await loop.create_datagram_endpoint(
            lambda: _End(self.from_service), local_addr=(HOST, 0)
        )
        return self

    def from_caller(self, data: bytes, source: Address) -> None:
        self.caller = source
        self.relay.carry(self, "to_service", data)

    def from_service(self, data: bytes, source: Address) -> None:
        self.service = source
        self.relay.carry(self, "to_caller", data)

    def send(self, direction: Direction, data: bytes) -> None:
        target = self.caller if direction == "to_caller" else self.service
        socket = self.for_caller if direction == "to_caller" else self.for_service
        if target is not None and not socket.is_closing():
            socket.sendto(data, target)

    def close(self) -> None:
        self.for_caller.close()
        self.for_service.close()


class _End(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, source: Address) -> None:
        self._received(data, source)


def _port(transport: asyncio.DatagramTransport) -> int:
    return int(transport.get_extra_info("sockname")[1])


@dataclass
class Relay:
    """`with Relay(service_port, lose_every(20)) as wire: phone.call(f"sip:962677@127.0.0.1:{wire.port}")`."""

    service_port: int
    rule: Rule
    change: Callable[[Packet], bytes] = lambda packet: packet.data
    """What a packet that passes becomes."""
    payload: int | None = None
    """The only codec that the caller may offer, by its RTP payload type (RFC 3551)."""
    counts: dict[str, Counts] = field(default_factory=lambda: {"sip": Counts(), "rtp": Counts()})

    def __enter__(self) -> Self:
        self._numbers: dict[tuple[str, Direction], int] = {}
        self._media: dict[bytes, _Wire] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        opening = asyncio.run_coroutine_threadsafe(_Wire(self, "sip").open(self._loop), self._loop)
        self._sip = opening.result(5)
        self._sip.service = (HOST, self.service_port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def port(self) -> int:
        """Where the caller dials."""
        return _port(self._sip.for_caller)

    def carry(self, wire: _Wire, direction: Direction, data: bytes) -> None:
        number = self._numbers[wire.kind, direction] = self._numbers.get((wire.kind, direction), 0) + 1
        packet = Packet(wire.kind, direction, number, data)
        fate = self.rule(packet)
        if fate.drop:
            self.counts[wire.kind].lost += 1
            return
        self.counts[wire.kind].passed += 1
        changed = self.change(packet)
        self._loop.create_task(self._deliver(wire, direction, changed, fate.delay_seconds))

    async def _deliver(self, wire: _Wire, direction: Direction, data: bytes, delay_seconds: float) -> None:
        if delay_seconds:
            await asyncio.sleep(delay_seconds)
        wire.send(direction, await self._translate(direction, data) if wire.kind == "sip" else data)

    async def _translate(self, direction: Direction, data: bytes) -> bytes:
        """Each side's addresses become the relay's; the media port a pair of relay ports."""
        assert self._sip.caller is not None and self._sip.service is not None
        head, blank, body = data.partition(b"\r\n\r\n")
        near, far = _port(self._sip.for_caller), _port(self._sip.for_service)
        pairs = [(near, self._sip.service[1]), (self._sip.caller[1], far)]
        if direction == "to_caller":
            pairs = [(to, of) for of, to in pairs]
        ports = {b"%s:%d" % (HOST.encode(), of): b"%s:%d" % (HOST.encode(), to) for of, to in pairs}
        # At once, since one side's port may be the other's replacement.
        head = re.sub(rb"127\.0\.0\.1:\d+", lambda match: ports.get(match[0], match[0]), head)
        if match := re.search(rb"m=audio (\d+) ", body):
            port = await self._media_port(_call_id(head), direction, int(match[1]))
            body = body.replace(match[0], b"m=audio %d " % port)
            body = re.sub(rb"a=rtcp:[^\r]*\r\n", b"", body)
            if self.payload is not None:
                body = _only(body, self.payload)
            head = LENGTH.sub(b"Content-Length: %d" % len(body), head)
        return head + blank + body

    async def _media_port(self, call_id: bytes, direction: Direction, port: int) -> int:
        if call_id not in self._media:
            self._media[call_id] = await _Wire(self, "rtp").open(self._loop)
        wire = self._media[call_id]
        if direction == "to_service":
            wire.caller = (HOST, port)
            return _port(wire.for_service)
        wire.service = (HOST, port)
        return _port(wire.for_caller)

    async def _close(self) -> None:
        for wire in (self._sip, *self._media.values()):
            wire.close()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)


def _only(body: bytes, payload: int) -> bytes:
    """An offer of one codec and of telephone events."""

    def kept(match: re.Match[bytes]) -> bytes:
        dynamic = [number for number in match[2].split() if int(number) == payload or int(number) >= 96]
        events = [number for number in dynamic if b"a=rtpmap:%s telephone-event" % number in body]
        return match[1] + b" ".join([b"%d" % payload, *events])

    return re.sub(rb"(?m)^(m=audio \d+ RTP/AVP )([\d ]+)", kept, body)


def _call_id(head: bytes) -> bytes:
    match = re.search(rb"(?im)^(?:call-id|i)[ \t]*:[ \t]*([^\r]*)", head)
    return match[1] if match else b""
