"""What a telephone says and hears, frame by frame (20 ms of 8 kHz 16-bit mono): pure but for files."""

from __future__ import annotations

import math
import wave
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

FRAME_BYTES = 320
FRAME_SECONDS = 0.020
RATE_HZ = 8000
SILENCE = bytes(FRAME_BYTES)
SPEECH_RMS = 260
"""About -42 dBFS: above line noise, below the quietest prompt."""
SPEECH_STARTS_FRAMES = 3
SPEECH_ENDS_SECONDS = 0.3


class Teller(Protocol):
    def __call__(self, event: str, /, **fields: object) -> None: ...


def rms(pcm: bytes) -> float:
    """Loudness of 16-bit samples, 0 … 32767."""
    samples = array("h", pcm)
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0.0


@dataclass(slots=True)
class Line:
    """One thing to say or do, and when: after `delay_seconds`, once the far end has spoken and stopped."""

    name: str
    pcm: bytes
    after_quiet_seconds: float | None
    """None: without waiting for the far end."""
    delay_seconds: float
    command: dict[str, Any] | None = None
    """Obeyed instead of saying anything: keys, hangup …"""

    @classmethod
    def read(cls, path: Path, after_quiet_seconds: float | None, delay_seconds: float) -> Line:
        """A WAV of 8 kHz 16 bit mono. Raises ValueError for any other, OSError."""
        with wave.open(str(path), "rb") as file:
            if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (RATE_HZ, 2, 1):
                raise ValueError(f"{path} is not 8 kHz 16-bit mono")
            return cls(path.stem, file.readframes(file.getnframes()), after_quiet_seconds, delay_seconds)


class Mouth:
    """Says its lines one after the other.

    Tells `speaking`, `voice_ended` (last loud frame) and `said`; `acting` for commands.
    """

    def __init__(self, tell: Teller, obey: Callable[[dict[str, Any]], None]) -> None:
        self._tell, self._obey = tell, obey
        self._lines: deque[Line] = deque()
        self._position = 0
        self._last_loud = 0
        self._waited_seconds = 0.0
        self._far_end_spoke = False

    def add(self, line: Line) -> None:
        self._lines.append(line)

    def clear(self) -> None:
        self._lines.clear()
        self._start_waiting()

    def next_frame(self, quiet_seconds: float) -> bytes:
        """The next 20 ms; `quiet_seconds` is for how long the far end has been silent."""
        if not self._lines:
            return SILENCE
        line = self._lines[0]
        if self._position == 0 and not self._may_start(line, quiet_seconds):
            return SILENCE
        if line.command is not None:
            self._lines.popleft()
            self._start_waiting()
            self._tell("acting", **line.command)
            self._obey(dict(line.command))
            return SILENCE
        frame = line.pcm[self._position : self._position + FRAME_BYTES]
        self._position += FRAME_BYTES
        if self._position - FRAME_BYTES == self._last_loud:
            self._tell("voice_ended", line=line.name)
        if self._position >= len(line.pcm):
            self._lines.popleft()
            self._start_waiting()
            self._tell("said", line=line.name)
        return frame.ljust(FRAME_BYTES, b"\0")

    def _may_start(self, line: Line, quiet_seconds: float) -> bool:
        self._waited_seconds += FRAME_SECONDS
        self._far_end_spoke = self._far_end_spoke or quiet_seconds < FRAME_SECONDS
        if line.after_quiet_seconds is not None and not (
            self._far_end_spoke and quiet_seconds >= line.after_quiet_seconds
        ):
            return False
        if self._waited_seconds < line.delay_seconds:
            return False
        if line.command is not None:
            return True
        starts = range(0, len(line.pcm), FRAME_BYTES)
        loud = [at for at in starts if rms(line.pcm[at : at + FRAME_BYTES]) >= SPEECH_RMS]
        self._last_loud = loud[-1] if loud else -1
        self._tell("speaking", line=line.name)
        return True

    def _start_waiting(self) -> None:
        self._position = 0
        self._waited_seconds = 0.0
        self._far_end_spoke = False


class Ear:
    """Notices when the far end speaks and falls silent; tells `hears` and `quiet`."""

    def __init__(self, tell: Teller) -> None:
        self._tell = tell
        self.reset()

    def reset(self) -> None:
        self._loud_frames = 0
        self._speaking = False
        self.quiet_seconds = math.inf
        """How long the far end has been silent; infinite before its first word."""

    def hear(self, pcm: bytes) -> None:
        if rms(pcm) >= SPEECH_RMS:
            self._loud_frames += 1
            if self._speaking or self._loud_frames >= SPEECH_STARTS_FRAMES:
                self.quiet_seconds = 0.0
            if not self._speaking and self._loud_frames >= SPEECH_STARTS_FRAMES:
                self._speaking = True
                self._tell("hears")
            return
        self._loud_frames = 0
        self.quiet_seconds += FRAME_SECONDS
        if self._speaking and self.quiet_seconds >= SPEECH_ENDS_SECONDS:
            self._speaking = False
            self._tell("quiet")


class StereoFile:
    """A WAV: left what this phone says, right what it hears."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._wave = wave.open(str(path), "wb")  # closed with the call or the phone
        self._wave.setnchannels(2)
        self._wave.setsampwidth(2)
        self._wave.setframerate(RATE_HZ)

    def write(self, left: bytes, right: bytes) -> None:
        both = array("h", bytes(2 * FRAME_BYTES))
        both[0::2], both[1::2] = array("h", left), array("h", right)
        self._wave.writeframes(both.tobytes())

    def close(self) -> None:
        self._wave.close()
