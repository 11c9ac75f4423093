"""The seams of a conversation: what it needs of SIP, ears, prompts and the controller.

The real ones live in `sip/`, `speech/` and `calls/`; the fakes of the journeys in
`tests/` meet the same contract tests. All callbacks come in the reactor's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from hotline.events import LegRole

DtmfMethod = Literal["rfc4733", "info", "inband"]
EndCause = Literal["remote", "local", "no_answer", "busy", "rejected", "dead_peer", "error"]


class LegListener(Protocol):
    """Hears what happens to one leg."""

    def leg_answered(self, leg: Leg) -> None: ...

    def leg_key(self, leg: Leg, key: str, method: DtmfMethod) -> None: ...

    def leg_held(self, leg: Leg, held: bool) -> None: ...

    def leg_audio(self, leg: Leg, pcm: bytes) -> None:
        """Some 60-100 ms of what this leg says, 16-bit little-endian mono 8 kHz, without gaps."""
        ...

    def leg_ended(self, leg: Leg, cause: EndCause, sip_status: int) -> None:
        """Comes exactly once for every leg, the last call of all."""
        ...


class Leg(Protocol):
    """One SIP dialog of this conversation."""

    leg_id: str
    role: LegRole
    remote: str
    """User part or number of the far end."""

    def answer(self) -> None: ...

    def hangup(self, sip_status: int = 0) -> None:
        """BYE, CANCEL or a final refusal, as the leg's state asks for; safe at any time."""
        ...

    def play(self, files: Sequence[Path], finished: Callable[[], None]) -> None:
        """Play WAV files (8 kHz mono 16 bit) one after the other to this leg.

        Replaces what is playing. `finished` comes once, after the last sample, and not at all
        when stopped or replaced.
        """
        ...

    def loop(self, file: Path) -> None:
        """Play a file over and over (music on hold) until `stop_playing` or `play`."""
        ...

    def stop_playing(self) -> None: ...

    def send_keys(self, keys: str) -> None: ...


class Switchboard(Protocol):
    """The legs of one conversation and who hears whom."""

    def dial(
        self, uri: str, role: LegRole, listener: LegListener, *, caller_id: str, headers: dict[str, str]
    ) -> Leg: ...

    def bridge(self, first: Leg, second: Leg) -> None:
        """Both hear each other, at once or as soon as they have media; survives hold and re-INVITE."""
        ...

    def unbridge(self, first: Leg, second: Leg) -> None: ...

    def recording_position_ms(self) -> int:
        """How much has been recorded."""
        ...


class Timer(Protocol):
    def cancel(self) -> None: ...

    def active(self) -> bool: ...


class Clock(Protocol):
    """Twisted's IReactorTime, as far as conversations use it."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, function: Callable[..., object], *args: object) -> Timer: ...
