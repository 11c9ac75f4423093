"""Takes our own voice out of what a caller's line sends back.

A telephone line or a loudspeaker phone returns part of what the caller hears, some 20 to 800 ms later. Heard
as speech, a prompt that speaks of leaks would declare one. What came in is compared with what went out: only
sound that is ours, wave by wave, is taken away; whoever speaks at the same time is louder than his echo
and is left as he is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RATE_HZ = 8000
LONGEST_MS = 1000
"""Later than that it is no echo of this network."""
QUIET_RMS = 60.0
"""Below -55 dBFS nothing need be looked for, neither in what went out nor in what came in."""
LIKE_ENOUGH = 0.5
"""Correlation at the best delay, from which on it is looked at closely."""
TAPS = 32
"""4 ms: how much a line smears what it sends back."""
OURS = 0.8
"""Share of the energy that our own voice explains; whatever else is in it is weaker than the echo by 6 dB."""

Samples = npt.NDArray[np.float64]


@dataclass(slots=True)
class EchoRemover:
    """One leg's; to be given everything, piece by piece, without gaps."""

    _sent: Samples = field(default_factory=lambda: np.zeros(LONGEST_MS * RATE_HZ // 1000), init=False)

    def heard(self, came: bytes, went: bytes) -> bytes:
        """What the leg itself said. `came` and `went` are the same stretch of time: 16 bit, 8 kHz, mono."""
        sent = np.frombuffer(went, "<i2").astype(np.float64)
        history = self._sent = np.concatenate((self._sent[-LONGEST_MS * RATE_HZ // 1000:], sent))
        if len(came) != len(went) or not came or _rms(history) < QUIET_RMS:
            return came
        piece = np.frombuffer(came, "<i2").astype(np.float64)
        if _rms(piece) < QUIET_RMS or _explained(piece, history) < OURS:
            return came
        return bytes(len(came))


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples * samples)))


def _explained(piece: Samples, history: Samples) -> float:
    """How much of the piece's energy is the history's, at one delay and smeared a little."""
    likeness = _likeness(piece, history)
    best = int(np.argmax(likeness))
    if likeness[best] < LIKE_ENOUGH:
        return 0.0
    first = min(max(0, best - TAPS // 2), len(history) - len(piece) - TAPS + 1)
    windows = np.lib.stride_tricks.sliding_window_view(history[first : first + len(piece) + TAPS - 1], TAPS)
    square = windows.T @ windows
    square[np.diag_indices(TAPS)] += 1e-3 * np.trace(square) / TAPS + 1.0
    rest = piece - windows @ np.linalg.solve(square, windows.T @ piece)
    return 1.0 - float(rest @ rest) / float(piece @ piece)


def _likeness(piece: Samples, history: Samples) -> Samples:
    """Correlation (0 to 1, whatever the sign) of the piece with each stretch of the history."""
    places = len(history) - len(piece) + 1
    size = 1 << (len(history) + len(piece) - 1).bit_length()
    product = np.fft.rfft(history, size) * np.conj(np.fft.rfft(piece, size))
    together = np.fft.irfft(product, size)[:places]
    energy = np.concatenate(([0.0], np.cumsum(history * history)))
    each = energy[len(piece):] - energy[:-len(piece)]
    floor = QUIET_RMS**2 * len(piece) / 100
    alike: Samples = np.abs(together) / np.sqrt(np.maximum(each, floor) * float(piece @ piece))
    return alike
