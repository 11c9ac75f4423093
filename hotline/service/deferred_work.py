"""Hears what a job names, step by step, and keeps each step: killed anywhere, it goes on from there."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hotline.errors import HotlineError
from hotline.service.deferred import Span, TranscriptionJob
from hotline.settings import Speech
from hotline.speech.recogniser import Transcript
from hotline.speech.replay import Replay
from hotline.speech.transcriber import Decoder
from hotline.speech.wavefile import WavFile

STEP_MS = 5000
"""Of sound between two looks at the rest of the machine: some 0.1 s of work with a small model."""


class BeingTranscribedError(HotlineError):
    """Another process listens to this recording just now. Wait for it, or look at its progress."""


@dataclass(slots=True)
class SpanProgress:
    """How far one span has been heard."""

    resume_ms: int = -1
    heard_until_ms: int = -1
    done: bool = False
    heard: list[Transcript] = field(default_factory=list)


class Progress:
    """Appended to a file after each step; only one process has it at a time."""

    def __init__(self, path: Path | None) -> None:
        """None: nothing is kept. Raises BeingTranscribedError."""
        self.spans: dict[int, SpanProgress] = {}
        self._file = -1
        if path is not None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._file)
                raise BeingTranscribedError(f"{path.stem} is being transcribed") from None
            self._recall(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def reached_ms(self) -> int:
        """Grows whenever something was heard; -1 before the first step."""
        return sum(span.resume_ms for span in self.spans.values()) if self.spans else -1

    def of(self, number: int) -> SpanProgress:
        return self.spans.setdefault(number, SpanProgress())

    def note(self, number: int, replay: Replay, heard: Sequence[Transcript], *, done: bool) -> None:
        """Keep a step in one append, so that a SIGKILL leaves a step whole or none of it."""
        words = [[one.text, one.start_ms, one.end_ms, one.confidence, one.words] for one in heard]
        line: dict[str, Any] = {
            "span": number, "resume_ms": replay.resume_ms, "heard_until_ms": replay.heard_until_ms,
            "done": done, "heard": words,
        }  # fmt: skip
        if self._file >= 0:
            os.write(self._file, (json.dumps(line, ensure_ascii=False) + "\n").encode())
        self._take(line)

    def heard(self, spans: Sequence[Span]) -> list[tuple[Span, Transcript]]:
        """All that was heard, in the order of its saying."""
        found = [
            (spans[number], one) for number, progress in self.spans.items() for one in progress.heard
        ]
        return sorted(found, key=lambda pair: (pair[1].start_ms, pair[0].leg_id))

    def _recall(self, path: Path) -> None:
        content = path.read_bytes()
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, len(content) - len(torn))
        for line in whole.splitlines():
            self._take(json.loads(line))

    def _take(self, line: dict[str, Any]) -> None:
        span = self.of(line["span"])
        span.resume_ms, span.heard_until_ms = line["resume_ms"], line["heard_until_ms"]
        span.done = line["done"]
        span.heard += [
            Transcript(text, start, end, confidence, tuple((w, s, e, c) for w, s, e, c in words))
            for text, start, end, confidence, words in line["heard"]
        ]


def work(
    job: TranscriptionJob,
    file: WavFile,
    settings: Speech,
    make_decoder: Callable[[], Decoder],
    progress: Progress,
    *,
    wait: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, int]]:
    """Hear all spans that are not done; after each step how many ms of how many are done.

    `wait` is called before each step and may take its time. Raises what decoder and disk raise.
    """
    lengths = [max(0, _end(span, file) - span.start_ms) for span in job.spans]
    for number, span in enumerate(job.spans):
        if progress.of(number).done:
            continue
        before = sum(lengths[:number])
        for at_ms in _hear(number, span, file, settings, make_decoder, progress, wait):
            yield before + min(at_ms - span.start_ms, lengths[number]), sum(lengths)


def _hear(
    number: int, span: Span, file: WavFile, settings: Speech, make_decoder: Callable[[], Decoder],
    progress: Progress, wait: Callable[[], None],
) -> Iterator[int]:
    known = progress.of(number)
    start_ms, end_ms = max(known.resume_ms, span.start_ms), _end(span, file)
    replay = Replay(make_decoder(), settings, start_ms=start_ms, heard_until_ms=known.heard_until_ms)
    channel = 0 if span.side == "left" or file.channels == 1 else 1
    for at_ms in range(start_ms, end_ms, STEP_MS):
        wait()
        step_ms = min(STEP_MS, end_ms - at_ms)
        progress.note(number, replay, list(replay.hear(file.read(channel, at_ms, step_ms))), done=False)
        yield at_ms + step_ms
    progress.note(number, replay, list(replay.finish()), done=True)
    yield end_ms


def _end(span: Span, file: WavFile) -> int:
    return file.milliseconds if span.end_ms is None else min(span.end_ms, file.milliseconds)
