"""Keys heard as tones in the sound (ITU-T Q.23/Q.24), for far ends that send them no other way.

Strict on purpose: a caller's voice must never press a key. A key needs both its tones strong,
alike in strength, standing clear of everything else in the sound, for 40 ms at least, with a
pause before the next one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
BLOCK = 160
"""Samples looked at together: 20 ms, through a Hann window."""
LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYPAD = ("123A", "456B", "789C", "*0#D")
BLOCKS_NEEDED = 2
BLOCKS_OF_PAUSE = 2
LEAST_POWER = 10.0 ** (-36 / 10) * 32768.0**2 / 2
"""Mean square of both tones together: -36 dB below a full-scale tone."""
PURITY = 0.80
"""Share of the block's power that both tones must have."""
TWIST_HIGH_STRONGER, TWIST_LOW_STRONGER = 10.0 ** (6 / 10), 10.0 ** (9 / 10)
"""Power ratios allowed between the tones (Q.24 allows 4 and 8 dB; lines add a little)."""
NEXT_BEST = 10.0 ** (-8 / 10)
"""No other tone of the same group may be stronger than this share of the best."""

_at = np.arange(BLOCK) / RATE_HZ
_window = np.hanning(BLOCK)
_waves = np.exp(-2j * np.pi * np.outer(LOW_HZ + HIGH_HZ, _at)) * _window
_TONE_GAIN = 2.0 / float(_window.sum()) ** 2
_POWER_GAIN = 1.0 / float((_window**2).sum())


class InbandKeys:
    """Follows one leg's sound."""

    def __init__(self) -> None:
        self._rest: NDArray[np.int16] = np.empty(0, dtype=np.int16)
        self._current = ""
        self._blocks = 0
        self._pause = BLOCKS_OF_PAUSE
        self._told = False

    def feed(self, pcm: bytes) -> str:
        """Keys that became certain with this 16-bit 8 kHz mono sound."""
        sound = np.concatenate((self._rest, np.frombuffer(pcm, dtype="<i2")))
        whole = len(sound) // BLOCK
        self._rest = sound[whole * BLOCK :]
        if not whole:
            return ""
        blocks = sound[: whole * BLOCK].reshape(whole, BLOCK).astype(np.float64)
        if float((blocks**2).mean(axis=1).max()) < LEAST_POWER:
            return self._follow([""] * whole)
        return self._follow(keys_in(blocks))

    def _follow(self, found: list[str]) -> str:
        certain = ""
        for key in found:
            if key and key == self._current:
                self._blocks += 1
                self._pause = 0
            elif key:
                self._begin(key)
            else:
                self._pause += 1
                if self._pause >= BLOCKS_OF_PAUSE:
                    self._current, self._blocks, self._told = "", 0, False
            if self._blocks >= BLOCKS_NEEDED and not self._told:
                self._told = True
                certain += self._current
        return certain

    def _begin(self, key: str) -> None:
        self._current, self._blocks, self._pause, self._told = key, 1, 0, False


def keys_in(blocks: NDArray[np.float64]) -> list[str]:
    """The key of each block of 20 ms, or an empty string; `blocks`: n x 160 samples."""
    tones = np.abs(blocks @ _waves.T) ** 2 * _TONE_GAIN
    power = ((blocks * _window) ** 2).sum(axis=1) * _POWER_GAIN
    return [_key(tone, float(total)) for tone, total in zip(tones, power, strict=True)]


def _key(tones: NDArray[np.float64], power: float) -> str:
    low, high = tones[:4], tones[4:]
    row, column = int(low.argmax()), int(high.argmax())
    best_low, best_high = float(low[row]), float(high[column])
    both = best_low + best_high
    if both < LEAST_POWER or both < PURITY * power:
        return ""
    if best_high > best_low * TWIST_HIGH_STRONGER or best_low > best_high * TWIST_LOW_STRONGER:
        return ""
    others = (np.delete(low, row).max() > NEXT_BEST * best_low) or (
        np.delete(high, column).max() > NEXT_BEST * best_high
    )
    return "" if others else KEYPAD[row][column]
