"""Telephone lines for the training: band, room, noise, level, G.711, all at random from one generator."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hotline.speech.making.features import RATE_HZ
from hotline.speech.making.types import Array

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

FULL_SCALE = 32768.0
MOST_BABBLERS = 40
UNSPOKEN = ("white", "pink", "brown", "hum", "tone", "keys", "zero", "clicks", "mix")
NOISES = ("white", "pink", "pink", "brown", "hum", "babble", "babble")
KEYS_HZ = ((697, 1209), (697, 1336), (770, 1209), (852, 1477), (941, 1336), (770, 1477), (941, 1209))
TONES_HZ = (350, 425, 450, 480, 620, 1000, 1400)


def _table(encode: str) -> Array:
    """16-bit sample (as unsigned index) → what a codec makes of it."""
    every = np.arange(65536, dtype=np.uint16).view(np.int16).astype("<i2").tobytes()
    coded = getattr(audioop, f"lin2{encode}")(every, 2)
    return np.frombuffer(getattr(audioop, f"{encode}2lin")(coded, 2), "<i2").copy()


_CODECS = {"ulaw": _table("ulaw"), "alaw": _table("alaw")}


def coded(samples: Array, codec: str) -> Array:
    """Through a codec; `none` only rounds."""
    whole = np.clip(np.round(samples), -32768, 32767).astype(np.int16)
    return np.asarray(_CODECS[codec][whole.view(np.uint16)] if codec in _CODECS else whole)


def to_telephone_rate(samples: Array, rate_hz: int) -> Array:
    """Band-limited to 4 kHz by way of the spectrum."""
    block = rate_hz // math.gcd(rate_hz, RATE_HZ)
    size = block * _smooth(-(-len(samples) // block))
    length = size * RATE_HZ // rate_hz
    spectrum = np.fft.rfft(samples, size)[: length // 2 + 1]
    whole = np.fft.irfft(spectrum, length) * (length / size)
    return np.asarray(whole[: round(len(samples) * RATE_HZ / rate_hz)])


def _smooth(length: int) -> int:
    """The next length that transforms fast: no prime factor above 5."""
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1


def _filtered(sound: Array, gain: Callable[[Array], Array], tail: int = 0) -> Array:
    """The sound with its spectrum changed; `gain` gets the frequencies in Hz."""
    size = 2 * _smooth(-(-(len(sound) + tail) // 2))
    spectrum = np.fft.rfft(sound, size) * gain(np.fft.rfftfreq(size, 1 / RATE_HZ))
    return np.asarray(np.fft.irfft(spectrum, size)[: len(sound)])


def level(samples: Array) -> float:
    """Root mean square, never quite 0."""
    return float(np.sqrt(np.mean(samples**2))) + 1e-9


def _pink(hertz: Array) -> Array:
    return np.asarray(1 / np.sqrt(np.maximum(hertz, 0.5)))


def _brown(hertz: Array) -> Array:
    return np.asarray(1 / np.maximum(hertz, 4))


@dataclass
class LineMaker:
    """Makes of clean speech what a line brings. Earlier speakers babble behind later ones."""

    chance: np.random.Generator
    _babble: list[Array] = field(default_factory=list)

    def call(self, speech: Array, lead: int, tail: int) -> Array:
        """Clean speech at 8 kHz with so many samples of quiet around it → 16-bit samples of a line."""
        loudness = level(speech)
        if len(self._babble) < MOST_BABBLERS:
            self._babble.append(speech)
        sound = np.concatenate([np.zeros(lead), speech, np.zeros(tail)])
        if self.chance.random() < 0.6:
            sound = self._band(sound)
        if self.chance.random() < 0.2:
            sound = self._room(sound)
        if self.chance.random() < 0.75:
            sound = sound + self._noise(len(sound)) * loudness
        return self._sent(sound / loudness, -34, -12)

    def nothing_said(self) -> Array:
        """Some seconds of a line on which nobody speaks: noise, tones, keys, clicks, digital silence."""
        length = int(self.chance.uniform(2, 5) * RATE_HZ)
        sound = self._unspoken(str(self.chance.choice(UNSPOKEN)), length)
        return self._sent(sound / level(sound) if sound.any() else sound, -60, -18)

    def _sent(self, sound: Array, lowest_dbfs: float, highest_dbfs: float) -> Array:
        gain = 10 ** (self.chance.uniform(lowest_dbfs, highest_dbfs) / 20) * FULL_SCALE
        return coded(sound * gain, str(self.chance.choice(["ulaw", "alaw", "none"], p=[0.4, 0.4, 0.2])))

    def _band(self, sound: Array) -> Array:
        low, high = self.chance.uniform(80, 320), self.chance.uniform(3200, 3800)
        steepness = 2 * int(self.chance.choice([2, 4]))

        def gain(hertz: Array) -> Array:
            above = np.sqrt(1 + (hertz / high) ** steepness)
            return np.asarray(1 / above / np.sqrt(1 + (low / np.maximum(hertz, 1)) ** steepness))

        return _filtered(sound, gain, tail=RATE_HZ // 20)

    def _room(self, sound: Array) -> Array:
        length = int(self.chance.uniform(0.03, 0.15) * RATE_HZ)
        echo = self.chance.standard_normal(length) * np.exp(-np.arange(length) / (length / 5))
        echo[0] = self.chance.uniform(4, 12)
        echo /= abs(echo[0])
        return _filtered(sound, lambda hertz: np.fft.rfft(echo, 2 * len(hertz) - 2), tail=length)

    def _noise(self, length: int) -> Array:
        kind = str(self.chance.choice(NOISES))
        snr_db = self.chance.uniform(8 if kind == "babble" else 3, 32)
        sound = self._crowd(length) if kind == "babble" else self._unspoken(kind, length)
        return sound / level(sound) * 10 ** (-snr_db / 20)

    def _crowd(self, length: int) -> Array:
        sound = np.zeros(length)
        for _ in range(self.chance.integers(3, 7)):
            other = self._babble[self.chance.integers(len(self._babble))]
            start = self.chance.integers(len(other))
            sound += np.resize(np.roll(other, -start), length)
        return sound

    def _unspoken(self, kind: str, length: int) -> Array:
        seconds = np.arange(length) / RATE_HZ
        white = self.chance.standard_normal(length)
        if kind in ("pink", "brown"):
            return _filtered(white, _pink if kind == "pink" else _brown)
        if kind == "hum":
            return self._hum(seconds) + 0.2 * white
        if kind == "tone":
            hertz = self.chance.choice([*TONES_HZ, self.chance.uniform(200, 2000)])
            on = seconds % self.chance.choice([0.7, 1, 2, 5, 9]) < self.chance.choice([0.35, 0.5, 1, 9])
            return np.asarray(np.sin(2 * np.pi * hertz * seconds) * on)
        if kind == "keys":
            return self._keys(length, seconds)
        if kind == "clicks":
            white *= 0.02
            white[self.chance.integers(0, length, 8)] = self.chance.uniform(-20, 20, 8)
            return white
        if kind == "mix":
            return self._unspoken("pink", length) + self._unspoken("hum", length) * self.chance.random()
        return np.zeros(length) if kind == "zero" else white

    def _hum(self, seconds: Array) -> Array:
        """The mains' 50 Hz and what rides on them."""
        sound = np.zeros(len(seconds))
        for times in (1, 2, 3, 5):
            phase = 2 * np.pi * 50 * times * seconds + self.chance.uniform(0, 6)
            sound += self.chance.uniform(0.2, 1) * np.sin(phase)
        return sound

    def _keys(self, length: int, seconds: Array) -> Array:
        sound = np.zeros(length)
        for start in range(0, length, 2400):
            low, high = KEYS_HZ[self.chance.integers(len(KEYS_HZ))]
            pressed = slice(start, min(start + 1200, length))
            at = seconds[pressed]
            sound[pressed] = np.sin(2 * np.pi * low * at) + np.sin(2 * np.pi * high * at)
        return sound
