"""A listener that notes what it is told, and a reactor's queue for one test."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from queue import Queue

from hotline.speech.gate import amplitude
from hotline.speech.recogniser import BYTES_PER_MS, Transcript

PATIENCE_SECONDS = 60
"""No test waits so long unless something is broken."""
PIECE_MS = 60


class Notes:
    """A `SpeechListener`."""

    def __init__(self) -> None:
        self.partials: list[tuple[str, int]] = []
        self.finals: list[Transcript] = []
        self.failures: list[str] = []
        self.skips: list[tuple[int, int]] = []

    def partial(self, text: str, end_ms: int) -> None:
        self.partials.append((text, end_ms))

    def final(self, transcript: Transcript) -> None:
        self.finals.append(transcript)

    def skipped(self, start_ms: int, end_ms: int) -> None:
        self.skips.append((start_ms, end_ms))

    def failed(self, reason: str) -> None:
        self.failures.append(reason)

    @property
    def text(self) -> str:
        return "".join(final.text for final in self.finals)

    @property
    def anything(self) -> bool:
        return bool(self.partials or self.finals or self.failures)


class Calls:
    """`call_from_thread`, pumped by the test in its own thread."""

    def __init__(self) -> None:
        self._queue: Queue[tuple[Callable[..., object], tuple[object, ...]]] = Queue()

    def __call__(self, function: Callable[..., object], *arguments: object) -> None:
        self._queue.put((function, arguments))

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Run what comes until the condition holds. Raises queue.Empty when it never does."""
        while not condition():
            function, arguments = self._queue.get(timeout=PATIENCE_SECONDS)
            function(*arguments)

    def run_all(self) -> None:
        """Run what is there now."""
        while not self._queue.empty():
            function, arguments = self._queue.get()
            function(*arguments)


def pieces(pcm: bytes, size: int) -> list[bytes]:
    """Audio as ticks bring it."""
    return [pcm[at : at + size] for at in range(0, len(pcm), size)]


def tone(dbfs: float, milliseconds: int = PIECE_MS) -> bytes:
    """A 400 Hz tone of that RMS level."""
    peak = amplitude(dbfs) * math.sqrt(2)
    samples = [round(peak * math.sin(2 * math.pi * 400 * n / 8000)) for n in range(milliseconds * 8)]
    return struct.pack(f"<{len(samples)}h", *samples)


def silence(milliseconds: int = PIECE_MS) -> bytes:
    return bytes(milliseconds * BYTES_PER_MS)
