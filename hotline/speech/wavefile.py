"""Any PCM WAV file, hours long or short, a stretch at a time, as a telephone would carry it."""

from __future__ import annotations

import warnings
import wave
from pathlib import Path

import numpy as np

from hotline.speech.audio import AudioFileError, resampled, to_int16
from hotline.speech.recogniser import SAMPLE_RATE_HZ

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # gone with Python 3.13, which pyproject excludes
    import audioop

EDGE_MS = 200
"""Read beyond both ends of a stretch that is resampled, so that it fits to the next."""
WIDTH = 2


class WavFile:
    """One or several channels; read anywhere. Raises AudioFileError, OSError."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = wave.open(str(path), "rb")
        except (wave.Error, EOFError) as error:
            advice = "not a PCM WAV file; convert it with `sox IN -e signed -b 16 OUT.wav`"
            raise AudioFileError(f"{path}: {advice} ({error})") from error
        self.channels = self._file.getnchannels()
        self._rate_hz = self._file.getframerate()
        self.milliseconds = self._file.getnframes() * 1000 // max(1, self._rate_hz)
        if self._rate_hz < SAMPLE_RATE_HZ:
            self._file.close()
            raise AudioFileError(f"{path}: {self._rate_hz} Hz is less than a telephone has; use 8000 or more")

    def read(self, channel: int, start_ms: int, length_ms: int) -> bytes:
        """8 kHz, 16-bit, mono; shorter at the end of the file."""
        end_ms = min(start_ms + length_ms, self.milliseconds)
        if end_ms <= start_ms:
            return b""
        if self._rate_hz == SAMPLE_RATE_HZ:
            return self._samples(channel, start_ms, end_ms)
        from_ms, to_ms = max(0, start_ms - EDGE_MS), min(end_ms + EDGE_MS, self.milliseconds)
        wide = np.frombuffer(self._samples(channel, from_ms, to_ms), "<i2").astype(np.float64)
        telephone = to_int16(resampled(wide, self._rate_hz))
        per_ms = SAMPLE_RATE_HZ * WIDTH // 1000
        return telephone[(start_ms - from_ms) * per_ms : (end_ms - from_ms) * per_ms]

    def close(self) -> None:
        self._file.close()

    def _samples(self, channel: int, start_ms: int, end_ms: int) -> bytes:
        """One channel as 16-bit samples of the file's own rate."""
        first, last = (ms * self._rate_hz // 1000 for ms in (start_ms, end_ms))
        self._file.setpos(min(first, self._file.getnframes()))
        frames, width = self._file.readframes(last - first), self._file.getsampwidth()
        if width == 1:
            frames = audioop.bias(frames, 1, -128)  # 8-bit WAV is unsigned
        if width != WIDTH:
            frames = audioop.lin2lin(frames, width, WIDTH)
        whole = len(frames) // (WIDTH * self.channels) * WIDTH * self.channels
        return np.frombuffer(frames[:whole], "<i2")[channel :: self.channels].tobytes()
