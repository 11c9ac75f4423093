"""What we say into one leg: prompts one after the other, music over and over, or silence.

Pure: it is asked for the next 20 ms and knows nothing of SIP.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import structlog

log = structlog.get_logger()

RATE_HZ = 8000
TURN_BYTES = 320
SILENCE = bytes(TURN_BYTES)
KEY_MS, GAP_MS = 120, 80
_KEYPAD = {
    key: (row, column)
    for row, keys in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for column, key in zip((1209, 1336, 1477, 1633), keys, strict=True)
}


class Player:
    """Feeds one leg with 16-bit 8 kHz mono audio, 20 ms at a time."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        """`post` runs a function soon, outside of this object's methods."""
        self._post = post
        self._audio = b""
        self._at = 0
        self._loop = False
        self._finished: Callable[[], None] | None = None
        self._turn = 0
        """Counts what was played or stopped, so that a late end is known for late."""

    def play(self, files: Sequence[Path], finished: Callable[[], None]) -> None:
        """A file that cannot be read is passed over and logged; `finished` comes all the same."""
        self._start(b"".join(_read(file) for file in files), finished)

    def play_tones(self, keys: str) -> None:
        """Keys as tones, for far ends without telephone-event; replaces what is playing."""
        self._start(b"".join(key_tone(key) for key in keys), None)

    def loop(self, file: Path) -> None:
        self._start(_read(file), None)
        self._loop = bool(self._audio)

    def stop(self) -> None:
        self._turn += 1
        self._audio, self._at, self._loop, self._finished = b"", 0, False, None

    def next(self) -> bytes:
        """The next 20 ms."""
        audio, at = self._audio, self._at
        if at >= len(audio):
            self._end()
            return SILENCE
        self._at = at + TURN_BYTES
        piece = audio[at : self._at]
        return piece if self._at < len(audio) else self._last_of(piece)

    def _last_of(self, piece: bytes) -> bytes:
        if self._loop:
            missing = TURN_BYTES - len(piece)
            piece += (self._audio * (missing // len(self._audio) + 1))[:missing]
            self._at = missing % len(self._audio)
            return piece
        self._end()
        return piece.ljust(TURN_BYTES, b"\0")

    def _start(self, audio: bytes, finished: Callable[[], None] | None) -> None:
        self.stop()
        self._audio, self._finished = audio, finished

    def _end(self) -> None:
        """Tell, unless something else is played or all is stopped before that comes through."""
        finished, turn = self._finished, self._turn
        self._audio, self._at, self._finished = b"", 0, None
        if finished is not None:
            self._post(lambda: finished() if turn == self._turn else None)


def key_tone(key: str) -> bytes:
    """One key as a pair of tones (ITU-T Q.23) and a pause; nothing for what is not a key."""
    if key not in _KEYPAD:
        return b""
    at = np.arange(RATE_HZ * KEY_MS // 1000) / RATE_HZ
    low, high = _KEYPAD[key]
    wave_form = np.sin(2 * np.pi * low * at) + np.sin(2 * np.pi * high * at)
    return bytes((6000 * wave_form).astype("<i2").tobytes()) + bytes(RATE_HZ * GAP_MS // 1000 * 2)


def _read(file: Path) -> bytes:
    try:
        with wave.open(str(file)) as opened:
            shape = (opened.getnchannels(), opened.getsampwidth(), opened.getframerate())
            if shape != (1, 2, RATE_HZ):
                raise ValueError(f"not 8 kHz 16-bit mono but {shape}")
            return bytes(opened.readframes(opened.getnframes()))
    except (OSError, EOFError, ValueError, wave.Error) as error:
        log.error("prompt cannot be played; passed over", file=str(file), why=str(error))
        return b""
