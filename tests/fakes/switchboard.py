"""A switchboard without SIP: the far ends are moved by the test, time by a twisted Clock.

It meets the same contract as the real one (tests/contract/test_switchboard_contract.py).
Like there, callbacks never come from inside a call of ours: they come with the next turn
of the clock (`clock.advance(0)`); what the far end does (`ring`, `press` …) comes at once.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from twisted.internet.task import Clock

from hotline.calls.ports import DtmfMethod, EndCause, Leg, LegListener, Timer
from hotline.events import LegRole

State = Literal["incoming", "dialling", "ringing", "up", "over"]
MAX_LEGS = 4


@dataclass
class FakeLeg:
    """One leg; the methods below `the far end` are the test's hands."""

    switchboard: FakeSwitchboard
    leg_id: str
    role: LegRole
    remote: str
    listener: LegListener
    state: State
    uri: str = ""
    caller_id: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    played: list[tuple[Path, ...]] = field(default_factory=list)
    """Every play list ever started, in order."""
    sent_keys: str = ""
    refused_with: int = 0
    """The status of our own refusal of an incoming leg."""
    held: bool = False
    playing: tuple[Path, ...] = ()
    looping: Path | None = None
    _playing_timer: Timer | None = None

    # ---- hotline.calls.ports.Leg
    def answer(self) -> None:
        if self.state == "incoming":
            self.state = "ringing"
            self._later(self._up)

    def hangup(self, sip_status: int = 0) -> None:
        if self.state == "over":
            return
        if self.state == "incoming":
            self.refused_with = sip_status or 603
        self._over("local", sip_status)

    def play(self, files: Sequence[Path], finished: Callable[[], None]) -> None:
        self.stop_playing()
        if self.state == "over":
            return
        self.playing = tuple(files)
        self.played.append(self.playing)

        def end() -> None:
            self.playing, self._playing_timer = (), None
            finished()

        self._playing_timer = self.switchboard.clock.callLater(
            sum(self.switchboard.seconds_of(file) for file in files), end
        )

    def loop(self, file: Path) -> None:
        self.stop_playing()
        if self.state != "over":
            self.looping = file

    def stop_playing(self) -> None:
        if self._playing_timer is not None and self._playing_timer.active():
            self._playing_timer.cancel()
        self.playing, self.looping, self._playing_timer = (), None, None

    def send_keys(self, keys: str) -> None:
        if self.state == "up":
            self.sent_keys += keys

    # ---- the far end
    def ring(self) -> None:
        """180."""
        if self.state == "dialling":
            self.state = "ringing"

    def remote_answer(self) -> None:
        """200 to our INVITE."""
        if self.state in ("dialling", "ringing"):
            self._up()

    def remote_reject(self, sip_status: int = 486) -> None:
        """A final refusal of our INVITE."""
        if self.state in ("dialling", "ringing"):
            self._over(cause_of(sip_status), sip_status)

    def remote_hangup(self) -> None:
        """BYE, or CANCEL of a call not yet answered."""
        if self.state != "over":
            self._over("remote", 200 if self.state == "up" else 487)

    def vanish(self) -> None:
        """The far end died: no more RTP, no BYE."""
        if self.state == "up":
            self._over("dead_peer", 0)

    def press(self, keys: str, method: DtmfMethod = "rfc4733") -> None:
        for key in keys:
            if self.state == "up":
                self.listener.leg_key(self, key, method)

    def hold(self, held: bool = True) -> None:
        if self.state == "up" and held != self.held:
            self.held = held
            self.listener.leg_held(self, held)

    def say_audio(self, pcm: bytes, chunk_ms: int = 60) -> None:
        """Speech of this leg, 16-bit 8 kHz mono, in chunks; time does not pass by itself."""
        size = chunk_ms * 16
        for start in range(0, len(pcm), size):
            if self.state == "up":
                self.listener.leg_audio(self, pcm[start : start + size])

    # ---- inside
    def _later(self, function: Callable[[], None]) -> None:
        self.switchboard.clock.callLater(0, function)

    def _up(self) -> None:
        if self.state in ("dialling", "ringing"):
            self.state = "up"
            self.switchboard.leg_up()
            self.listener.leg_answered(self)

    def _over(self, cause: EndCause, sip_status: int) -> None:
        self.stop_playing()
        self.state = "over"
        self.switchboard.forget(self)
        if cause == "local":
            self._later(lambda: self.listener.leg_ended(self, cause, sip_status))
        else:
            self.listener.leg_ended(self, cause, sip_status)


class FakeSwitchboard:
    """hotline.calls.ports.Switchboard."""

    def __init__(self, clock: Clock, prompt_seconds: float = 1.0) -> None:
        """`prompt_seconds`: how long a file plays that does not exist."""
        self.clock = clock
        self.prompt_seconds = prompt_seconds
        self.legs: list[FakeLeg] = []
        """All that ever were; `dialled()` are the outbound ones."""
        self.bridges: set[frozenset[str]] = set()
        self._recording_since: float | None = None
        self.recording_ms: int | None = None

    def incoming(self, listener: LegListener, remote: str = "13800000000") -> FakeLeg:
        """An INVITE came."""
        return self._add("caller", remote, listener, "incoming")

    def dialled(self) -> list[FakeLeg]:
        return [leg for leg in self.legs if leg.uri]

    def are_bridged(self, first: Leg, second: Leg) -> bool:
        return frozenset((first.leg_id, second.leg_id)) in self.bridges

    def finish_recording(self, done: Callable[[str, float], None]) -> None:
        """As WorkerContext.finish_recording."""
        self.recording_ms = self.recording_position_ms()
        done("fake.wav" if self.recording_ms else "", self.recording_ms / 1000)

    # ---- hotline.calls.ports.Switchboard
    def dial(
        self, uri: str, role: LegRole, listener: LegListener, *, caller_id: str, headers: dict[str, str]
    ) -> Leg:
        leg = self._add(role, uri.removeprefix("sip:").partition("@")[0], listener, "dialling")
        leg.uri, leg.caller_id, leg.headers = uri, caller_id, dict(headers)
        if sum(other.state != "over" for other in self.legs) > MAX_LEGS:
            self.clock.callLater(0, lambda: leg.state != "over" and leg._over("error", 503))
        return leg

    def bridge(self, first: Leg, second: Leg) -> None:
        self.bridges.add(frozenset((first.leg_id, second.leg_id)))

    def unbridge(self, first: Leg, second: Leg) -> None:
        self.bridges.discard(frozenset((first.leg_id, second.leg_id)))

    def recording_position_ms(self) -> int:
        if self.recording_ms is not None:
            return self.recording_ms
        if self._recording_since is None:
            return 0
        return round((self.clock.seconds() - self._recording_since) * 1000)

    # ---- inside
    def seconds_of(self, file: Path) -> float:
        if not file.exists():
            return self.prompt_seconds
        with wave.open(str(file)) as opened:
            return opened.getnframes() / opened.getframerate()

    def leg_up(self) -> None:
        if self._recording_since is None:
            self._recording_since = self.clock.seconds()

    def forget(self, leg: FakeLeg) -> None:
        self.bridges = {pair for pair in self.bridges if leg.leg_id not in pair}

    def _add(self, role: LegRole, remote: str, listener: LegListener, state: State) -> FakeLeg:
        leg = FakeLeg(self, f"leg-{len(self.legs) + 1}", role, remote, listener, state)
        self.legs.append(leg)
        return leg


def cause_of(sip_status: int) -> EndCause:
    """As hotline.sip.leg.cause_of; written anew so that the fake needs no pjsua2."""
    if sip_status in (486, 600):
        return "busy"
    if sip_status in (408, 480, 487):
        return "no_answer"
    return "rejected" if 300 <= sip_status < 700 else "error"
