"""What was heard from a recording becomes a journal of its own, whole at one stroke, and is stored like all.

A leak that comes to light in it, in a call where nobody knew of one, is acted on: unsure is a leak
also when nobody heard it in time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from hotline.calls.ears import Emergency, Understanding
from hotline.events import (
    CallArrived,
    CallbackRequested,
    CallEnded,
    EmergencyDeclared,
    Event,
    Heard,
    LegStarted,
    Record,
    TranscriptionFinished,
)
from hotline.segments import LATER
from hotline.service.deferred import Span, TranscriptionJob
from hotline.settings import Settings
from hotline.speech.correction import better
from hotline.speech.recogniser import Transcript

log = structlog.get_logger()
Found = Sequence[tuple[Span, Transcript]]


def late_leak(
    records: Sequence[Record], found: Found, understanding: Callable[[], Understanding]
) -> Emergency | None:
    """A danger in the caller's unheard words that nobody has declared; with all he said, in order."""
    served = any(isinstance(record, LegStarted) and record.role == "caller" for record in records)
    if not served or any(isinstance(record, EmergencyDeclared) for record in records):
        return None
    said = [(r.start_ms, r.text) for r in records if isinstance(r, Heard) and r.role == "caller"]
    said += [(one.start_ms, one.text) for span, one in found if span.role == "caller"]
    rules = understanding()
    last: Emergency | None = None
    for _, words in sorted(said):
        last = rules.of(words, True).emergency or last
    return last


def write_result(
    journals: Path, job: TranscriptionJob, found: Found, records: Sequence[Record],
    leak: Emergency | None, settings: Settings, now: datetime,
) -> Path:  # fmt: skip
    """The later journal; replaces nothing that is there. Raises OSError."""
    path = journals / f"{job.call_id}{LATER}.jsonl"
    beside = journals / f".{path.name}.{os.getpid()}.new"
    lines = [event.model_dump_json() + "\n" for event in _events(job, found, records, leak, settings, now)]
    with open(beside, "w", encoding="utf-8", opener=_private) as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    return path


def _events(
    job: TranscriptionJob, found: Found, records: Sequence[Record], leak: Emergency | None,
    settings: Settings, now: datetime,
) -> list[Event]:  # fmt: skip
    numbers = iter(range(1, 1 << 30))

    def made(kind: type[Event], at: datetime, **fields: Any) -> Event:
        return kind(event_id=f"{job.call_id}/later/{next(numbers)}", call_id=job.call_id, at=at, **fields)

    heard = [
        made(
            Heard, job.began_at + timedelta(milliseconds=one.end_ms), leg_id=span.leg_id, role=span.role,
            text=one.text, start_ms=one.start_ms, end_ms=one.end_ms, confidence=one.confidence,
            words=one.words, corrected=better(one.text), source="recording",
        )
        for span, one in found
    ]  # fmt: skip
    seconds = sum(_seconds(span, found) for span in job.spans)
    model = settings.speech.model.name if settings.speech.model is not None else ""
    end = made(TranscriptionFinished, now, seconds=seconds, utterances=len(found), model=model)
    if leak is None:
        return [*heard, end]
    return [*_known(records, CallArrived), *heard, _alarm(made, job, records, leak, settings, now),
            *_known(records, CallEnded), end]  # fmt: skip


def _known(records: Sequence[Record], kind: type[Event]) -> Sequence[Event]:
    """Who called, told once more: dispatch may have forgotten the call. It is stored once all the same."""
    return [record for record in records if isinstance(record, kind)][:1]


def _alarm(
    made: Callable[..., Event], job: TranscriptionJob, records: Sequence[Record], leak: Emergency,
    settings: Settings, now: datetime,
) -> Event:  # fmt: skip
    late_seconds = (now - job.began_at).total_seconds()
    log.error("a leak was found in words that nobody had heard", call_id=job.call_id,
              late_seconds=round(late_seconds))  # fmt: skip
    if late_seconds <= settings.speech.deferred.leak_within_seconds:
        return made(
            EmergencyDeclared, now, by="speech", hazard=leak.hazard, place=leak.place, words=leak.words,
            confidence=leak.confidence, reasons=leak.reasons,
        )  # fmt: skip
    number = next((record.caller for record in records if isinstance(record, CallArrived)), "")
    within = settings.callbacks.abandoned_seconds
    return made(
        CallbackRequested, now, number=number, reason="unanswered_question", within_seconds=within
    )


def _seconds(span: Span, found: Found) -> float:
    end_ms = span.end_ms
    if end_ms is None:
        end_ms = max((one.end_ms for other, one in found if other == span), default=span.start_ms)
    return (end_ms - span.start_ms) / 1000


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
