"""What was said in a call, kept: caller on the left, all that he heard from us on the right.

One stereo WAV file (8 kHz, 16 bit) whose header is set right with every write, so that it can
be played after the writer was killed at any moment, with less than a second lost.
"""

from __future__ import annotations

import os
import struct
from datetime import datetime
from pathlib import Path

import numpy as np
import structlog

log = structlog.get_logger()

RATE_HZ = 8000
FRAME_BYTES = 4
"""One sample of both sides."""
HEADER_BYTES = 44
WRITE_EVERY_MS = 600
_RIFF_SIZE_AT, _DATA_SIZE_AT = 4, 40


def relative_path(call_id: str, began: datetime) -> Path:
    """Where a call's recording lies below `paths.recordings`; `began` in local time."""
    return Path(f"{began:%Y/%m/%d}") / f"{call_id}.wav"


class StereoRecording:
    """Writes one call's recording. A full or broken disk ends the recording, never the call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed = ""
        """Why nothing more is written; empty while all is well."""
        self._samples = 0
        self._written_bytes = 0
        self._left: list[bytes] = []
        self._right: list[bytes] = []
        self._waiting_samples = 0
        self._file = -1
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.open(path, flags, 0o600)
            os.pwrite(self._file, _header(0), 0)
        except OSError as error:
            self._fail(error)

    @property
    def milliseconds(self) -> int:
        """Length of what was given so far."""
        return self._samples * 1000 // RATE_HZ

    def add(self, left: bytes, right: bytes) -> None:
        """The same stretch of time from both sides: equally long 16-bit 8 kHz mono."""
        samples = len(left) // 2
        self._samples += samples
        self._waiting_samples += samples
        self._left.append(left)
        self._right.append(right)
        if self._waiting_samples * 1000 >= WRITE_EVERY_MS * RATE_HZ:
            self._write()

    def close(self) -> float:
        """Write the rest; returns the length in seconds. Harmless when closed already."""
        self._write()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        return self._samples / RATE_HZ

    def _write(self) -> None:
        stereo = interleave(b"".join(self._left), b"".join(self._right))
        self._left.clear()
        self._right.clear()
        self._waiting_samples = 0
        if self._file < 0 or not stereo:
            return
        try:
            self._written_bytes += os.pwrite(self._file, stereo, HEADER_BYTES + self._written_bytes)
            _set_lengths(self._file, self._written_bytes)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.failed = f"the recording cannot be written: {error}"
        log.error("recording failed; the call goes on", path=str(self.path), why=str(error))
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def interleave(left: bytes, right: bytes) -> bytes:
    """Two mono sides as one stereo stream; the shorter one is filled with silence."""
    samples = max(len(left), len(right)) // 2
    stereo = np.zeros((samples, 2), dtype="<i2")
    stereo[: len(left) // 2, 0] = np.frombuffer(left, dtype="<i2")
    stereo[: len(right) // 2, 1] = np.frombuffer(right, dtype="<i2")
    return stereo.tobytes()


def repair_recording(path: Path) -> float:
    """Set the header of a dead worker's recording to all that is in the file; returns seconds.

    Raises OSError, and ValueError when the file is not one of our recordings.
    """
    with path.open("r+b", buffering=0) as file:
        if file.read(4) != b"RIFF" or path.stat().st_size < HEADER_BYTES:
            raise ValueError(f"{path} is not a recording of ours")
        length = (path.stat().st_size - HEADER_BYTES) // FRAME_BYTES * FRAME_BYTES
        file.truncate(HEADER_BYTES + length)
        _set_lengths(file.fileno(), length)
    return length / FRAME_BYTES / RATE_HZ


def _set_lengths(file: int, data_bytes: int) -> None:
    os.pwrite(file, struct.pack("<I", HEADER_BYTES - 8 + data_bytes), _RIFF_SIZE_AT)
    os.pwrite(file, struct.pack("<I", data_bytes), _DATA_SIZE_AT)


def _header(data_bytes: int) -> bytes:
    pcm, channels, bits = 1, 2, 16
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", HEADER_BYTES - 8 + data_bytes, b"WAVE", b"fmt ", 16,
        pcm, channels, RATE_HZ, RATE_HZ * FRAME_BYTES, FRAME_BYTES, bits, b"data", data_bytes,
    )  # fmt: skip
