"""MFCC as Kaldi computes them in a decoder with `CONF`, for whole utterances at once."""

from __future__ import annotations

import numpy as np

from hotline.speech.making.types import Array

RATE_HZ = 8000
CEPSTRA = MEL_BINS = 40
LOW_HZ, HIGH_HZ = 60, 3800
FRAME, SHIFT, FFT = 200, 80, 256
"""Samples: 25 ms every 10 ms."""
LIFTER = 22.0
CONF = (
    f"--sample-frequency={RATE_HZ}\n--use-energy=false\n--num-mel-bins={MEL_BINS}\n"
    f"--num-ceps={CEPSTRA}\n--low-freq={LOW_HZ}\n--high-freq={HIGH_HZ}\n--dither=0\n"
)


def frame_count(samples: int) -> int:
    """Only whole frames count (`snip-edges`)."""
    return 0 if samples < FRAME else 1 + (samples - FRAME) // SHIFT


def mfcc(samples: Array) -> Array:
    """Samples at 8 kHz in the range of 16 bits → (frames, 40) of float32."""
    starts = SHIFT * np.arange(frame_count(len(samples)))
    frames = samples.astype(np.float32)[starts[:, None] + np.arange(FRAME)]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft((frames - 0.97 * before) * _WINDOW, FFT, axis=1)) ** 2
    energies = np.log(np.maximum(power[:, : FFT // 2] @ _MEL, np.finfo(np.float32).eps))
    return np.asarray((energies @ _DCT) * _LIFTER, np.float32)


def _mel(hertz: Array | float) -> Array:
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0), np.float64)


def _filters() -> Array:
    """(FFT / 2, bins): triangles of equal width on the mel scale."""
    low, high = float(_mel(LOW_HZ)), float(_mel(HIGH_HZ))
    width = (high - low) / (MEL_BINS + 1)
    left = low + width * np.arange(MEL_BINS)
    mel = _mel(RATE_HZ / FFT * np.arange(FFT // 2))[:, None]
    rising, falling = (mel - left) / width, (left + 2 * width - mel) / width
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))


def _cosines() -> Array:
    """(bins, cepstra): the orthonormal transform."""
    order = np.arange(CEPSTRA)
    table = np.sqrt(2 / MEL_BINS) * np.cos(np.pi / MEL_BINS * (np.arange(MEL_BINS)[:, None] + 0.5) * order)
    table[:, 0] = np.sqrt(1 / MEL_BINS)
    return np.asarray(table)


_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1))) ** 0.85
_MEL, _DCT = _filters(), _cosines()
_LIFTER = 1 + 0.5 * LIFTER * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER)
