"""What a telephone can carry: 8 kHz mono 16 bit, in the telephone band, at one level.

The one user of pydub. Nothing here needs ffmpeg: recordings must be PCM WAV.
"""

from __future__ import annotations

import os
import tempfile
import warnings
import wave
from pathlib import Path
from typing import Any, TypeAlias

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a pool of threads would be copied badly by fork

import numpy as np
import numpy.typing as npt

with warnings.catch_warnings():
    # audioop leaves with Python 3.13 (excluded by pyproject); ffmpeg is not needed for WAV.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

RATE_HZ = 8000
BAND_HZ = (200.0, 3600.0)
"""Slightly wider than 300-3400 Hz: the codec passes it, and voices sound less hollow."""
EDGE_HZ = 120.0
PEAK_DBFS = -1.0
SILENCE_DBFS = -50.0
FRAME_BYTES = 2

Sound: TypeAlias = Any
"""A pydub AudioSegment, which comes without type information."""
Samples = npt.NDArray[np.float64]


class AudioFileError(Exception):
    """The file is not audio that can be used. Save it as PCM WAV, 8 to 48 kHz, 16 or 24 bit."""


def read_wav(path: Path) -> Sound:
    """A PCM WAV file of any rate. Raises AudioFileError, FileNotFoundError."""
    try:
        with path.open("rb") as file:
            segment = AudioSegment.from_file(file, format="wav")
    except FileNotFoundError:
        raise
    except Exception as error:  # pydub asks for ffmpeg by many exceptions
        raise AudioFileError(f"not a PCM WAV file ({type(error).__name__})") from error
    if not 8000 <= segment.frame_rate <= 96000:
        raise AudioFileError(f"{segment.frame_rate} Hz; use 8000 to 48000 Hz")
    if not len(segment):
        raise AudioFileError("is empty")
    return segment


def from_pcm(pcm: bytes, rate_hz: int) -> Sound:
    """16-bit mono samples as a segment."""
    return AudioSegment(data=pcm, sample_width=FRAME_BYTES, frame_rate=rate_hz, channels=1)


def telephone(segment: Sound) -> Sound:
    """Mono, 16 bit, 8 kHz, without what lies outside the telephone band."""
    mono = segment.set_channels(1).set_sample_width(FRAME_BYTES)
    samples = np.frombuffer(mono.raw_data, np.int16).astype(np.float64)
    return from_pcm(to_int16(resampled(samples, mono.frame_rate)), RATE_HZ)


def resampled(samples: Samples, rate_hz: int, target_hz: int = RATE_HZ) -> Samples:
    """Band-limited resampling by way of the spectrum: no aliases, no delay."""
    if not len(samples):
        return samples
    block = rate_hz // np.gcd(rate_hz, target_hz)
    wanted = round(len(samples) * target_hz / rate_hz)
    blocks = _smooth(len(samples) // block + 1 + rate_hz // (20 * block))
    spectrum = np.fft.rfft(samples, blocks * block)
    length = blocks * block * target_hz // rate_hz
    bins = length // 2 + 1
    shaped = np.zeros(bins, complex)
    kept = min(bins, len(spectrum))
    shaped[:kept] = spectrum[:kept]
    frequencies = np.arange(bins) * target_hz / length
    out: Samples = np.fft.irfft(shaped * _band(frequencies), length) * (length / (blocks * block))
    return out[:wanted]


def _smooth(number: int) -> int:
    """The next number whose transform is fast."""
    while True:
        rest = number
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return number
        number += 1


def _band(frequencies: Samples) -> Samples:
    low, high = BAND_HZ
    rise = np.clip((frequencies - (low - EDGE_HZ)) / EDGE_HZ, 0, 1)
    fall = np.clip((high + EDGE_HZ - frequencies) / EDGE_HZ, 0, 1)
    shape: Samples = np.sin(rise * np.pi / 2) ** 2 * np.sin(fall * np.pi / 2) ** 2
    return shape


def to_int16(samples: Samples) -> bytes:
    """Rounded and clipped."""
    return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()


def levelled(segment: Sound, level_dbfs: float) -> Sound:
    """At `level_dbfs` RMS, less where peaks would clip."""
    if segment.rms == 0:
        return segment
    gain = min(level_dbfs - segment.dBFS, PEAK_DBFS - segment.max_dBFS)
    return segment.apply_gain(gain)


def trimmed(segment: Sound, keep_ms: int = 20) -> Sound:
    """Without the silence before and after, but for `keep_ms`."""
    start = max(0, detect_leading_silence(segment, SILENCE_DBFS, 10) - keep_ms)
    end = max(0, detect_leading_silence(segment.reverse(), SILENCE_DBFS, 10) - keep_ms)
    return segment[start : len(segment) - end]


def joined(*segments: Sound) -> Sound:
    """One after the other; all of the same format."""
    whole = segments[0]
    for segment in segments[1:]:
        whole += segment
    return whole


def silence(milliseconds: int) -> Sound:
    return AudioSegment.silent(milliseconds, RATE_HZ).set_sample_width(FRAME_BYTES)


def prompt(segment: Sound, level_dbfs: float, pause_ms: int = 0) -> Sound:
    """Anything recorded or synthesised as callers hear it: band, level, ends cut, a pause after it."""
    ready = levelled(trimmed(telephone(segment)), level_dbfs)
    return joined(ready, silence(pause_ms)) if pause_ms else ready


def save(segment: Sound, path: Path) -> None:
    """Write a WAV file that is there whole or not at all, whoever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as out:
            out.setnchannels(segment.channels)
            out.setsampwidth(segment.sample_width)
            out.setframerate(segment.frame_rate)
            out.writeframes(segment.raw_data)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def is_playable(path: Path) -> bool:
    """Whether the switchboard can play it as it is: 8 kHz mono 16-bit PCM WAV."""
    try:
        with wave.open(str(path), "rb") as file:
            return (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
    except (OSError, EOFError, wave.Error):
        return False


def seconds(path: Path) -> float:
    """Playing time of a WAV file; 0 when it cannot be read."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0
