"""The telephone's 8 kHz for a model that was made for more: a windowed sinc, without a seam."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hotline.speech.recogniser import SAMPLE_RATE_HZ

CONFIGURATIONS = ("conf/mfcc.conf", "mfcc.conf")
HALF = 16
"""Samples of the telephone on each side that one new sample is made of: 2 ms."""
KAISER_BETA = 8.0
"""Images more than 80 dB down."""


def wanted_rate_hz(model: Path) -> int:
    """The rate at which a Kaldi model wants its audio from us: its own, unless it resamples by itself."""
    for name in CONFIGURATIONS:
        try:
            said = (model / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        rate = re.search(r"^--sample-frequency=(\d+)", said, re.MULTILINE)
        by_itself = re.search(r"^--allow-upsample=true", said, re.MULTILINE)
        own_hz = int(rate[1]) if rate and not by_itself else SAMPLE_RATE_HZ
        return own_hz if own_hz > SAMPLE_RATE_HZ else SAMPLE_RATE_HZ
    return SAMPLE_RATE_HZ


class Upsampler:
    """One stream's."""

    def __init__(self, rate_hz: int) -> None:
        """Raises ValueError for a rate that is no multiple of 8 kHz."""
        self._factor, rest = divmod(rate_hz, SAMPLE_RATE_HZ)
        if rest or not self._factor:
            raise ValueError(f"a model for {rate_hz} Hz cannot hear a telephone; one for 8000 or 16000 can")
        at = np.arange(-HALF * self._factor, HALF * self._factor) / self._factor
        shape = np.sinc(at) * np.kaiser(len(at), KAISER_BETA)
        self._phases = [shape[phase :: self._factor][::-1] for phase in range(self._factor)]
        self._before: npt.NDArray[np.float64] = np.zeros(2 * HALF - 1)

    def push(self, pcm: bytes) -> bytes:
        """The next samples at the higher rate, 16 bit; 2 ms late."""
        if self._factor == 1 or not pcm:
            return pcm
        samples = np.concatenate((self._before, np.frombuffer(pcm, "<i2").astype(np.float64)))
        self._before = samples[len(samples) - (2 * HALF - 1) :]
        made = np.empty((len(samples) - 2 * HALF + 1, self._factor))
        for phase, taps in enumerate(self._phases):
            made[:, phase] = np.correlate(samples, taps, "valid")
        return np.clip(np.round(made.ravel()), -32768, 32767).astype("<i2").tobytes()
