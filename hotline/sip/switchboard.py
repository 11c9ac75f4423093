"""The legs of one conversation in PJSIP's conference bridge (hotline.calls.ports.Switchboard)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pjsua2 as pj
import structlog

from hotline.calls.echo import EchoRemover
from hotline.calls.ports import Clock, Leg, LegListener
from hotline.events import LegRole
from hotline.ipc import Dialog
from hotline.sip.dialogs import header, uri_of, user_of
from hotline.sip.endpoint import SILENCE, TURN_BYTES, Endpoint, Incoming
from hotline.sip.keys import KeyDetector
from hotline.sip.leg import PjCall, PjLeg
from hotline.sip.voice import FirstVoice, PortVoice, Voice
from hotline.sip.wiring import Wiring

log = structlog.get_logger()

CALL_HEADER = "X-Hotline-Call"
UNSAFE_IN_USER = re.compile(r"[^0-9A-Za-z+*#._-]")
"""A caller's number comes from outside and goes into a header."""
GIVEN_AT_LEAST_BYTES = 3 * TURN_BYTES
"""Listeners get audio in pieces of at least 60 ms."""


class Recorder(Protocol):
    """Where both sides of the first leg go."""

    @property
    def milliseconds(self) -> int: ...

    def add(self, left: bytes, right: bytes) -> None: ...

    def close(self) -> float: ...


class PjSwitchboard:
    """Everything of it happens in the reactor's thread."""

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        call_id: str,
        open_recording: Callable[[], Recorder | None],
        detector: Callable[[], KeyDetector],
    ) -> None:
        """`open_recording` is asked when the first leg is answered."""
        self._endpoint, self._clock, self._call_id = endpoint, clock, call_id
        self._open_recording, self._detector = open_recording, detector
        self._recorder: Recorder | None = None
        self._left: list[bytes] = []
        self._right: list[bytes] = []
        self._sent_to_first: list[bytes] = []
        self._echo = EchoRemover()
        self._first: PjLeg | None = None
        self._legs: list[PjLeg] = []
        self._dying: set[PjCall] = set()
        self._wiring = Wiring()
        self._ports: list[PortVoice] = []
        self._made = 0
        self._ports_made = 0
        self.on_change: Callable[[], None] = lambda: None
        """Called when a leg or bridge came or went: the clock may have to run differently."""

    # ---- hotline.calls.ports.Switchboard
    def dial(
        self, uri: str, role: LegRole, listener: LegListener, *, caller_id: str, headers: dict[str, str]
    ) -> Leg:
        leg = self._new_leg(role, user_of(uri_of(uri)) or uri, listener, outbound=True)
        call = PjCall(self, self._endpoint.account, leg, pj.PJSUA_INVALID_ID)
        leg.call = call
        try:
            call.makeCall(uri, self._invitation(caller_id, headers))
        except pj.Error as error:
            log.warning("cannot dial", leg=leg.leg_id, role=role, why=error.reason)
            call.leg, leg.call = None, None
            leg.end("error", 503)
        self.on_change()
        return leg

    def bridge(self, first: Leg, second: Leg) -> None:
        self._wiring.bridge(*_ours(first, second))
        self.on_change()

    def unbridge(self, first: Leg, second: Leg) -> None:
        self._wiring.unbridge(*_ours(first, second))
        self.on_change()

    def recording_position_ms(self) -> int:
        return 0 if self._recorder is None else self._recorder.milliseconds

    # ---- the worker's side
    def incoming(self, invite: Incoming, role: LegRole, listener: LegListener) -> PjLeg | None:
        """A leg for an INVITE that is meant for this conversation; others are refused."""
        ours = header(invite.message, CALL_HEADER) == self._call_id and not self._made
        if not ours:
            self.refuse(invite, pj.PJSIP_SC_BUSY_HERE)
            return None
        remote = user_of(uri_of(header(invite.message, "from")))
        leg = self._new_leg(role, remote, listener, outbound=False)
        leg.call = PjCall(self, self._endpoint.account, leg, invite.pj_call_id)
        leg.notes.saw(invite.message)
        self.on_change()
        return leg

    def refuse(self, invite: Incoming, sip_status: int) -> None:
        call = PjCall(self, self._endpoint.account, None, invite.pj_call_id)
        self._dying.add(call)
        parameters = pj.CallOpParam()
        parameters.statusCode = sip_status
        try:
            call.hangup(parameters)
        except pj.Error:
            log.warning("an INVITE could not be refused")

    @property
    def live_legs(self) -> int:
        return len(self._legs)

    @property
    def dying_calls(self) -> int:
        """Calls that are hung up but wait for the far end's last word."""
        return len(self._dying)

    @property
    def bridged(self) -> bool:
        return self._wiring.bridged

    def dialogs(self) -> tuple[Dialog, ...]:
        return tuple(dialog for leg in self._legs if (dialog := leg.dialog()) is not None)

    def close_recording(self) -> float:
        """Seconds that were recorded; 0 when nothing was."""
        self._record()
        return 0.0 if self._recorder is None else self._recorder.close()

    def end_silent_legs(self, limit_seconds: float) -> None:
        """Dead-peer detection; to be called a few times within the limit."""
        for leg in list(self._legs):
            if leg.silent_for(self._clock.seconds()) >= limit_seconds:
                log.warning("far end sends nothing any more", leg=leg.leg_id, role=leg.role)
                call = leg.call
                leg.end("dead_peer", 0)
                if call is not None:
                    leg.guarded(call.hangup, pj.CallOpParam())

    def hangup_all(self) -> None:
        for leg in list(self._legs):
            leg.hangup()

    # ---- the bridge clock's side
    def turn(self, turns: int) -> None:
        """Let `turns` x 20 ms pass in the bridge, then give out what was said."""
        self._endpoint.busy_with(lambda: self._turn(turns))

    def _turn(self, turns: int) -> None:
        for _ in range(turns):
            self._turn_once()
        self._record()
        for leg in self._legs:
            if len(leg.gathered) * TURN_BYTES >= GIVEN_AT_LEAST_BYTES:
                self._give(leg)

    def _turn_once(self) -> None:
        for leg in self._legs:
            leg.voice.said = leg.next_to_say()
        first = self._first
        said = SILENCE if first is None else first.voice.said
        heard = self._endpoint.turn(said)
        if first is not None and isinstance(first.voice, FirstVoice):
            first.voice.last = heard
        for leg in self._legs:
            if leg.state == "up":
                leg.gathered.append(leg.voice.heard())
        if first is not None and first.state == "up":
            sent = self._what_first_hears(said)
            self._sent_to_first.append(sent)
            if self._recorder is not None:
                self._left.append(heard)
                self._right.append(sent)

    def _what_first_hears(self, said: bytes) -> bytes:
        if not self._wiring.bridged:
            return said
        others = self._wiring.partners(self._first)
        return mix([said, *(leg.gathered[-1] for leg in others if leg.gathered)])

    def _record(self) -> None:
        if self._left and self._recorder is not None:
            self._recorder.add(b"".join(self._left), b"".join(self._right))
            self._left.clear()
            self._right.clear()

    def _give(self, leg: PjLeg) -> None:
        pcm = b"".join(leg.gathered)
        leg.gathered.clear()
        own = pcm if leg is not self._first else self._without_echo(pcm)
        leg.tell(lambda: leg.listener.leg_audio(leg, own))
        for key in leg.keys.in_sound(pcm):
            leg.key(key, "inband")

    def _without_echo(self, pcm: bytes) -> bytes:
        """Recorded is what came; listened to is what the caller said."""
        sent = b"".join(self._sent_to_first)
        self._sent_to_first.clear()
        return self._echo.heard(pcm, sent)

    # ---- hotline.sip.leg.Board
    def post(self, function: Callable[[], None]) -> None:
        self._endpoint.post(function)

    def seconds(self) -> float:
        return self._clock.seconds()

    def wire(self, leg: PjLeg) -> None:
        if self._wiring.wire(leg) and leg is self._first and self._recorder is None:
            self._recorder = self._open_recording()

    def unwire(self, leg: PjLeg) -> None:
        self._wiring.unwire(leg)

    def leg_over(self, leg: PjLeg, call: PjCall | None) -> None:
        if call is not None:
            self._dying.add(call)
        self._wiring.forget(leg)
        if leg in self._legs:
            self._legs.remove(leg)
        if isinstance(leg.voice, PortVoice):
            self._ports.append(leg.voice)
        self.on_change()

    def call_disconnected(self, call: PjCall) -> None:
        self._dying.discard(call)

    # ---- inside
    def _new_leg(self, role: LegRole, remote: str, listener: LegListener, *, outbound: bool) -> PjLeg:
        self._made += 1
        if self._first is not None and self._first.state == "over" and self._recorder is None:
            self._first = None  # it was never answered: the next one is the conversation's
        leg = PjLeg(
            self, f"leg-{self._made}", role, remote, listener, self._voice(), self._detector(),
            outbound=outbound,
        )  # fmt: skip
        self._first = self._first or leg
        self._legs.append(leg)
        return leg

    def _voice(self) -> Voice:
        if self._first is None:
            return FirstVoice(self._endpoint)
        if self._ports:
            return self._ports.pop()
        self._ports_made += 1
        return PortVoice(self._endpoint, f"voice-{self._ports_made}")

    def _invitation(self, caller_id: str, headers: dict[str, str]) -> pj.CallOpParam:
        parameters = pj.CallOpParam()
        parameters.opt.audioCount, parameters.opt.videoCount = 1, 0
        if user := UNSAFE_IN_USER.sub("", caller_id):
            parameters.txOption.localUri = f"<sip:{user}@{self._endpoint.host}>"
        for name, value in {**headers, CALL_HEADER: self._call_id}.items():
            one = pj.SipHeader()
            one.hName, one.hValue = name, value.replace("\r", " ").replace("\n", " ")
            parameters.txOption.headers.append(one)
        return parameters


def mix(voices: list[bytes]) -> bytes:
    """Sum of equally long 16-bit pieces, clipped."""
    total = sum(np.frombuffer(voice, dtype="<i2").astype(np.int32) for voice in voices)
    return bytes(np.clip(total, -32768, 32767).astype("<i2").tobytes())


def _ours(first: Leg, second: Leg) -> tuple[PjLeg, PjLeg]:
    if not (isinstance(first, PjLeg) and isinstance(second, PjLeg)):
        raise TypeError("legs of another switchboard cannot be bridged here")
    return first, second
