"""Sounds for the live tests, and what is found in what was recorded."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
Samples = NDArray[np.int16]


def tone(hz: float, seconds: float, level: int = 8000) -> Samples:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype("<i2")


def write_wav(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return path


def read_wav(path: Path) -> NDArray[np.int16]:
    """Samples x channels."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (RATE_HZ, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return samples.reshape(-1, file.getnchannels())


def has_tone(samples: NDArray[np.int16], hz: float, share: float = 0.1) -> bool:
    """Whether at least this share of the sound's power lies within 15 Hz of `hz`, and it is audible."""
    if not len(samples) or np.abs(samples).max() < 500:
        return False
    power = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    return bool(power[np.abs(frequencies - hz) <= 15].sum() > share * power.sum())


def seconds_of_tone(samples: NDArray[np.int16], hz: float) -> float:
    """For how long the tone stands, in steps of 100 ms."""
    step = RATE_HZ // 10
    pieces = [samples[start : start + step] for start in range(0, len(samples) - step + 1, step)]
    return sum(has_tone(piece, hz, 0.4) for piece in pieces) / 10


def onset(samples: NDArray[np.int16], threshold: int = 2000) -> int:
    """First loud sample; -1 when there is none."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) > threshold)
    return int(loud[0]) if len(loud) else -1


def a_law(samples: NDArray[np.int16]) -> bytes:
    """G.711 A-law of 16-bit samples."""
    value = samples.astype(np.int32)
    sign = np.where(value >= 0, 0x80, 0)
    magnitude = np.minimum(np.abs(value), 32635) >> 4
    exponent = np.zeros_like(magnitude)
    for segment in range(1, 8):
        exponent = np.where(magnitude >= (16 << segment), segment, exponent)
    exponent = np.where(magnitude >= 16, np.floor(np.log2(np.maximum(magnitude, 16) / 16)).astype(int) + 1, 0)
    mantissa = np.where(exponent > 1, magnitude >> np.maximum(exponent - 1, 0), magnitude) & 0x0F
    return bytes(((sign | (exponent << 4) | mantissa) ^ 0x55).astype(np.uint8).tobytes())
