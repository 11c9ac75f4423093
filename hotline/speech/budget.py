"""Decoder time of one machine, shared by workers that know nothing of each other.

Each worker writes what its decoders use into its own place of one small file in the run directory and
reads the others' every second. A place is held by a lock that the kernel gives up with the process,
and what was not written lately does not count: a worker that was killed leaves nothing to clear up.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

BOARD = "decoders"
"""Name of the file in the run directory."""
PLACES = 2048
_PLACE = struct.Struct("<dddd")
FRESH_SECONDS = 3.5
"""A place that was not written for so long is nobody's."""
LAG_SECONDS = 1.5
"""Callers who speak to the menu are decoded so late: the machine is busy, whatever the sum says."""
STREAM_CORES = 0.05
"""What a stream is taken to need before it has been measured."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one worker's decoders use, in cores (seconds of processor time per second)."""

    place: int
    urgent: float
    """Emergencies, and callers who speak to the menu."""
    talk: float
    """Conversations between people: they can be heard later."""
    lag_seconds: float = 0.0
    """How late the urgent words are decoded."""


def must_defer(own: Load, others: Sequence[Load], cores: float) -> bool:
    """Whether this worker's talk must wait: all that is urgent goes first, then talk in order of places.

    So every worker comes to the same result by itself, and no more talk is put off than needed.
    """
    if any(load.lag_seconds > LAG_SECONDS for load in (own, *others)):
        return True
    urgent = own.urgent + sum(load.urgent for load in others)
    before = sum(load.talk for load in others if load.place < own.place)
    return own.talk > 0 and urgent + before + own.talk > cores


def may_begin(own: Load, others: Sequence[Load], cores: float) -> bool:
    """Whether there is room for one more conversation."""
    more = replace(own, talk=own.talk + STREAM_CORES)
    total = more.urgent + more.talk + sum(load.urgent + load.talk for load in others)
    return total <= cores and not must_defer(more, others, cores)


def busy_share(loads: Sequence[Load], cores: float) -> float:
    """How much of the budget is used; above 1 also when words are decoded late."""
    if any(load.lag_seconds > LAG_SECONDS for load in loads):
        return 2.0
    return sum(load.urgent + load.talk for load in loads) / cores


def cores_of(configured: float | None) -> float:
    """The budget: as configured, else half of the machine."""
    return configured if configured is not None else max(0.5, len(os.sched_getaffinity(0)) / 2)


class Board:
    """The file. None of its methods raises: without it everybody decodes what comes."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic`: one clock for all processes of the machine (CLOCK_MONOTONIC is)."""
        self._monotonic = monotonic
        self._place: int | None = None
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            self._file = -1

    def write(self, urgent: float, talk: float, lag_seconds: float) -> Load:
        """Say what we use; returns it with our place."""
        if self._place is None:
            self._place = self._claim()
        load = Load(PLACES if self._place is None else self._place, urgent, talk, lag_seconds)
        if self._place is not None:
            self._put(_PLACE.pack(self._monotonic(), urgent, talk, lag_seconds))
        return load

    def others(self) -> list[Load]:
        """What the others said lately."""
        try:
            content = os.pread(self._file, PLACES * _PLACE.size, 0)
        except OSError:
            return []
        whole = len(content) // _PLACE.size * _PLACE.size
        oldest = self._monotonic() - FRESH_SECONDS
        return [
            Load(place, urgent, talk, lag)
            for place, (at, urgent, talk, lag) in enumerate(_PLACE.iter_unpack(content[:whole]))
            if at >= oldest and place != self._place
        ]

    def close(self) -> None:
        if self._place is not None:
            self._put(bytes(_PLACE.size))
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._place = None

    def _claim(self) -> int | None:
        for place in range(PLACES if self._file >= 0 else 0):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place * _PLACE.size)
                return place
            except OSError:
                continue
        return None

    def _put(self, content: bytes) -> None:
        try:
            os.pwrite(self._file, content, (self._place or 0) * _PLACE.size)
        except OSError:
            self._place = None
