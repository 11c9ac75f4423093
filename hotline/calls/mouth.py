"""What the caller hears from us: prompts rendered aside, played in order, never a dead end.

A prompt ends with exactly one `finished`, also when rendering fails, the far end has no
media or the player never says that it is through: silence is the one thing not allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from hotline.calls.ports import Clock, Leg, Timer
from hotline.flow.commands import Segment

PCM_BYTES_PER_SECOND = 16000
"""8 kHz, 16 bit, mono."""
WAV_HEADER_BYTES = 44


class Prompts(Protocol):
    """Turns prompt texts into playable files."""

    def prepare(self, segments: Sequence[Segment], done: Callable[[Sequence[Path]], None]) -> None:
        """`done` comes exactly once in the reactor's thread, at once when all is cached."""
        ...

    def hold_music(self) -> Path: ...


class Mouth:
    """Speaks to one leg."""

    def __init__(self, leg: Leg, prompts: Prompts, clock: Clock, grace_seconds: float = 3.0) -> None:
        """`grace_seconds`: how long after a prompt's length its end is taken for granted."""
        self._leg = leg
        self._prompts = prompts
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._turn = 0
        self._watchdog: Timer | None = None
        self.speaking = False
        self.music = False

    def say(self, segments: Sequence[Segment], finished: Callable[[], None]) -> None:
        """Play a prompt in place of what is playing; `finished` comes once unless it is stopped."""
        self.stop()
        turn = self._turn
        self.speaking = True

        def end() -> None:
            if turn == self._turn:
                self._quiet()
                finished()

        def play(files: Sequence[Path]) -> None:
            if turn != self._turn:
                return
            self._watchdog = self._clock.callLater(seconds(files) + self._grace_seconds, end)
            self._leg.play(files, end)

        self._prompts.prepare(segments, play)

    def hold(self) -> None:
        """Music until something is said or stopped."""
        self.stop()
        self.music = True
        self._leg.loop(self._prompts.hold_music())

    def stop(self) -> None:
        """Fall silent; a prompt that was playing is not finished any more."""
        playing = self.speaking or self.music
        self._quiet()
        if playing:
            self._leg.stop_playing()

    def _quiet(self) -> None:
        self._turn += 1
        self.speaking = self.music = False
        if self._watchdog is not None and self._watchdog.active():
            self._watchdog.cancel()
        self._watchdog = None


def seconds(files: Sequence[Path]) -> float:
    """Playing time of prompt files by their size; a missing file counts nothing."""
    sizes = (max(file.stat().st_size - WAV_HEADER_BYTES, 0) for file in files if file.exists())
    return sum(sizes) / PCM_BYTES_PER_SECOND
