"""Keeps silence away from the decoder, which costs a silent caller 1.1 % of a core.

Pure: samples in, samples out. Times are positions in the leg's audio, in bytes.
"""

from __future__ import annotations

import warnings
from collections import deque
from dataclasses import dataclass, field

from hotline.speech.recogniser import BYTES_PER_MS

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # gone with Python 3.13, which pyproject excludes
    import audioop

FULL_SCALE = 32768
PREROLL_MS = 300
"""Sound before the gate opened that belongs to the word: soft initials are below the threshold."""
QUIETEST_THRESHOLD_DBFS = -60
"""A clean line lets even a whisper through."""
MARGIN = 2.0
"""Over the line's own noise, as an amplitude ratio (6 dB)."""
FLOOR_RISE = 1.02
"""How fast the noise estimate follows a line that got louder, per piece."""


def amplitude(dbfs: float) -> float:
    """-46 → the RMS of 16-bit samples at that level."""
    return float(FULL_SCALE * 10 ** (dbfs / 20))


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive audio that may hold speech."""

    offset: int
    """Where it stands in the leg's audio, in bytes."""
    pcm: bytes
    rms: int
    loud: bool = True
    """Louder than silence on this line."""


@dataclass(slots=True)
class Gate:
    """Opens on sound, stays open for `hangover_seconds` after it."""

    threshold_dbfs: float
    """No sound above that is ever held back; on quiet lines the gate opens earlier by itself."""
    hangover_seconds: float
    quiet_ms: float = 0
    """How long it has been quiet now."""
    open: bool = False
    _floor: float = field(default=FULL_SCALE, init=False)
    _preroll: deque[Piece] = field(default_factory=deque, init=False)
    _position: int = field(default=0, init=False)

    def push(self, pcm: bytes) -> list[Piece]:
        """What of the line's next samples (and of those kept back) goes to the decoder."""
        rms = audioop.rms(pcm, 2) if pcm else 0
        loud = rms >= self._threshold()
        piece = Piece(self._position, pcm, rms, loud)
        self._position += len(pcm)
        self._floor = max(1.0, min(float(rms), self._floor * FLOOR_RISE))
        self.quiet_ms = 0 if loud else self.quiet_ms + len(pcm) / BYTES_PER_MS
        if loud and not self.open:
            return self._open(piece)
        if self.open and not loud and self.quiet_ms > self.hangover_seconds * 1000:
            self.open = False
        if self.open:
            return [piece]
        self._keep(piece)
        return []

    def close(self) -> None:
        """The utterance is over: what follows waits for the next sound."""
        self.open = False

    def _threshold(self) -> float:
        lowest, highest = amplitude(QUIETEST_THRESHOLD_DBFS), amplitude(self.threshold_dbfs)
        return min(highest, max(lowest, self._floor * MARGIN))

    def _open(self, piece: Piece) -> list[Piece]:
        self.open = True
        kept = [*self._preroll, piece]
        self._preroll.clear()
        return kept

    def _keep(self, piece: Piece) -> None:
        self._preroll.append(piece)
        while sum(len(p.pcm) for p in self._preroll) - len(self._preroll[0].pcm) >= PREROLL_MS * BYTES_PER_MS:
            self._preroll.popleft()
