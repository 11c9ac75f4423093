"""The worker's SIP and media stack: one UDP port, no thread of its own, clocked by the reactor.

pjlib is set up so that no native thread ever calls into Python: SIP and RTP sockets are read
when the reactor says so (`handle_events`), and the conference bridge turns when it is told to
(`turn`). Nothing here may happen before the fork.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import pjsua2 as pj
import structlog

from hotline.settings import Settings

log = structlog.get_logger()

SAMPLE_RATE_HZ = 8000
TURN_MS = 20
TURN_BYTES = SAMPLE_RATE_HZ * TURN_MS // 1000 * 2
SILENCE = bytes(TURN_BYTES)
CODECS = {"PCMA/8000": 255, "PCMU/8000": 254}
RTP_PORTS_PER_WORKER = 8
"""Four legs with RTP and RTCP; a port in use is passed over."""
MAX_EVENTS_AT_ONCE = 200
_AUDIO_FRAME = 1


class _Frame(ctypes.Structure):
    """pjmedia_frame of pjproject 2.15 (the wheel is pinned)."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buf", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("timestamp", ctypes.c_uint64),
        ("bit_info", ctypes.c_uint32),
    )


@dataclass(frozen=True, slots=True)
class Incoming:
    """An INVITE that opened a new dialog."""

    pj_call_id: int
    message: str
    """The whole request."""
    source: str
    """`address:port`."""


class Endpoint:
    """One per worker process, and one process per Endpoint: pjlib lives once."""

    def __init__(self, settings: Settings, port_offset: int, incoming: Callable[[Incoming], None]) -> None:
        """Open the SIP port. `port_offset` spreads neighbours over the ranges of ports.

        Raises OSError when no SIP port is free.
        """
        self._settings = settings
        self.host = settings.workers.host
        self._incoming = incoming
        self._posted: deque[Callable[[], None]] = deque()
        self._handling = False
        self.wanted: Callable[[], None] = lambda: None
        """Called when something was posted outside of `handle_events`: run `run_posted` soon."""
        self._library = _pj()
        self._bridge, self.sip_port, self.sip_fd = 0, 0, -1
        self._out = ctypes.create_string_buffer(TURN_BYTES)
        self._in = ctypes.create_string_buffer(TURN_BYTES)
        self._frame_out = _Frame(_AUDIO_FRAME, ctypes.addressof(self._out), TURN_BYTES, 0, 0)
        self._frame_in = _Frame(_AUDIO_FRAME, ctypes.addressof(self._in), TURN_BYTES, 0, 0)
        self._open(port_offset)

    # ---- events
    def post(self, function: Callable[[], None]) -> None:
        """Run `function` as soon as pjlib is not on the stack; in order."""
        self._posted.append(function)
        if not self._handling:
            self.wanted()

    def handle_events(self, *, all_waiting: bool) -> None:
        """Let pjlib do its SIP, timers and RTP, then run what its callbacks have posted."""
        self.busy_with(lambda: self._drain(MAX_EVENTS_AT_ONCE if all_waiting else 1))

    def busy_with(self, function: Callable[[], None]) -> None:
        """Run `function`, and after it what was posted meanwhile."""
        self._handling = True
        try:
            function()
        finally:
            self._handling = False
        if self._posted:
            self.run_posted()

    def _drain(self, events: int) -> None:
        """One call handles one SIP message, but all RTP that waits."""
        while events > 0 and self._library.libHandleEvents(0) > 0:
            events -= 1

    def run_posted(self) -> None:
        while self._posted:
            function = self._posted.popleft()
            try:
                function()
            except Exception:
                log.exception("a call's event failed; the call goes on")

    def turn(self, to_bridge: bytes) -> bytes:
        """Turn the bridge by 20 ms: slot 0 says `to_bridge` and returns what it hears."""
        ctypes.memmove(self._out, to_bridge, TURN_BYTES)
        self._frame_out.type, self._frame_out.size = _AUDIO_FRAME, TURN_BYTES
        _put_frame(self._bridge, ctypes.addressof(self._frame_out))
        self._frame_in.type, self._frame_in.size = _AUDIO_FRAME, TURN_BYTES
        _get_frame(self._bridge, ctypes.addressof(self._frame_in))
        return self._in.raw if self._frame_in.type == _AUDIO_FRAME else SILENCE

    def slot_0(self) -> pj.AudioMedia:
        """The bridge's own end, which `turn` speaks for and listens to."""
        return self._library.audDevManager().getCaptureDevMedia()

    # ---- set-up
    def _open(self, port_offset: int) -> None:
        _c.pj_log_set_level(0)
        self._library.libCreate()
        _c.pj_srand(int.from_bytes(os.urandom(4), "little"))  # workers of one second must not be alike
        self._library.libInit(_library_settings())
        self._bridge = int(self._library.audDevManager().setNoDev())
        for codec in self._library.codecEnum2():
            self._library.codecSetPriority(codec.codecId, _priority(codec.codecId))
        before = _udp_sockets()
        self._open_transport(port_offset)
        self.sip_fd = next(iter(_udp_sockets() - before))
        self._library.libStart()
        self.account = _Account(self._incoming)
        self.account.create(self._account_settings())

    def _open_transport(self, port_offset: int) -> None:
        workers = self._settings.workers
        low, high = workers.sip_ports
        for attempt in range(high - low + 1):
            port = low + (port_offset + attempt) % (high - low + 1)
            if not _free(workers.host, port):
                continue
            transport = pj.TransportConfig()
            transport.port, transport.boundAddress = port, workers.host
            transport.publicAddress = workers.host
            try:
                self._library.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
            except pj.Error:
                continue
            self.sip_port = port
            return
        raise OSError(f"no SIP port of {low}-{high} is free (workers.sip_ports)")

    def _account_settings(self) -> pj.AccountConfig:
        settings, account = self._settings, pj.AccountConfig()
        account.idUri = f"sip:{settings.service_number}@{settings.workers.host}"
        edge = settings.edge.listen
        account.sipConfig.proxies.append(f"sip:{_reachable(edge.host)}:{edge.udp_port};lr")
        account.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
        account.callConfig.timerSessExpiresSec = settings.workers.session_expires_seconds
        account.callConfig.timerMinSESec = 90
        account.callConfig.prackUse = pj.PJSUA_100REL_NOT_USED
        account.natConfig.sipOutboundUse = 0
        account.natConfig.contactRewriteUse = 0
        account.natConfig.viaRewriteUse = 0
        account.natConfig.sdpNatRewriteUse = 0
        media = account.mediaConfig
        media.srtpUse, media.srtpSecureSignaling, media.lockCodecEnabled = 0, 0, False
        media.transportConfig.port, media.transportConfig.portRange = self._rtp_ports()
        media.transportConfig.boundAddress = settings.workers.media_host
        media.transportConfig.publicAddress = settings.workers.media_host
        return account

    def _rtp_ports(self) -> tuple[int, int]:
        """Where this worker's RTP ports begin, and how many follow up to the end of the range."""
        low, high = self._settings.workers.rtp_ports
        index = self.sip_port - self._settings.workers.sip_ports[0]
        slots = max((high - low + 1) // RTP_PORTS_PER_WORKER, 1)
        first = low + index % slots * RTP_PORTS_PER_WORKER
        first += first % 2
        return first, high - first


class _Account(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """Takes new dialogs in."""

    def __init__(self, incoming: Callable[[Incoming], None]) -> None:
        super().__init__()
        self._hand_over = incoming

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        self._hand_over(Incoming(prm.callId, str(prm.rdata.wholeMsg), str(prm.rdata.srcAddress)))


_c = ctypes.CDLL(pj._pjsua2.__file__)
_get_frame = _c.pjmedia_port_get_frame
_get_frame.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
_put_frame = _c.pjmedia_port_put_frame
_put_frame.argtypes = (ctypes.c_void_p, ctypes.c_void_p)


def _pj() -> pj.Endpoint:
    return pj.Endpoint()


def _library_settings() -> pj.EpConfig:
    """What notes of measurements recommend: no thread, no voice detection, no echo canceller."""
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.uaConfig.maxCalls = 4
    config.uaConfig.userAgent = "gas-hotline"
    media = config.medConfig
    media.hasIoqueue, media.threadCnt = False, 0
    media.clockRate = media.sndClockRate = SAMPLE_RATE_HZ
    media.audioFramePtime = media.ptime = TURN_MS
    media.noVad, media.ecTailLen = True, 0
    return config


def _priority(codec: str) -> int:
    return next((priority for name, priority in CODECS.items() if codec.startswith(name)), 0)


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _udp_sockets() -> set[int]:
    """Open descriptors that are sockets."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                found.add(int(name))
        except OSError:
            continue
    return found


def _reachable(host: str) -> str:
    """Where one's own machine is reached that listens at `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "") else host
