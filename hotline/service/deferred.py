"""What is still to be heard of recordings: a queue of files that survives a SIGKILL at any moment.

One call, one job: `state/transcription/waiting/<call_id>.json`, and beside it how far it has come
(`progress/<call_id>.jsonl`). The result is a journal of its own, `<call_id>.later.jsonl`, that appears
whole at one stroke and is stored like every journal; a job whose result is there is done, whatever else
was left behind. What cannot be transcribed is set aside, with an alarm, and can be tried by hand.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from hotline.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    Heard,
    LegAnswered,
    LegEnded,
    LegRole,
    LegStarted,
    Record,
    RecordingFinished,
    TranscriptionDeferred,
)
from hotline.journal import read
from hotline.segments import DONE, LATER, with_last_done
from hotline.service.process import write_atomically
from hotline.settings import Deferred

log = structlog.get_logger()

LONGEST_WAIT_SECONDS = 3600.0


class Span(BaseModel):
    """A stretch of one side of a recording that nobody has heard yet."""

    model_config = ConfigDict(frozen=True)

    leg_id: str
    role: LegRole
    side: Literal["left", "right"]
    start_ms: int
    end_ms: int | None = None
    """None: to the end of the recording."""
    reason: str = ""


class TranscriptionJob(BaseModel):
    """All that is still to be heard of one call."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    recording: str
    """Below `paths.recordings`."""
    began_at: AwareDatetime
    """When the recording began."""
    spans: tuple[Span, ...]
    attempts: int = 0
    """Since it last got any further."""
    reached_ms: int = -1
    """How much had been heard when the last attempt began."""
    not_before: AwareDatetime | None = None
    why: str = ""

    @property
    def alone(self) -> bool:
        """A caller spoke and nobody heard it: a leak may be in it."""
        return any(span.role == "caller" and span.reason != "busy" for span in self.spans)


def job_of(records: Sequence[Record], *, whole: bool = False) -> TranscriptionJob | None:
    """What is still to be heard of a call that is over, by its journal; None when there is nothing.

    `whole`: all of it, whatever was heard live.
    """
    finished = [record for record in records if isinstance(record, RecordingFinished)]
    answered = next((r for r in records if isinstance(r, CallAnswered | LegAnswered)), None)
    if not finished or answered is None:
        return None
    died = any(isinstance(record, CallEnded) and record.by == "worker_died" for record in records)
    spans = _every_leg(records, answered.at) if whole else _deferred(records)
    if died and not whole:
        spans += _cut_off(records, answered.at)
    length_ms = round(finished[-1].seconds * 1000)
    spans = [span for span in _merged(spans) if span.start_ms < length_ms]
    if not spans:
        return None
    path, call_id = finished[-1].path, finished[-1].call_id
    return TranscriptionJob(call_id=call_id, recording=path, began_at=answered.at, spans=tuple(spans))


def _deferred(records: Iterable[Record]) -> list[Span]:
    """The last word on each stretch; one that was skipped ends at the next words at the latest."""
    last: dict[tuple[str, int], Span] = {}
    for record in records:
        if isinstance(record, TranscriptionDeferred):
            last[record.leg_id, record.start_ms] = Span.model_validate(record.model_dump(include=_SPAN))
        elif isinstance(record, Heard):
            for key, span in last.items():
                skipped = span.reason == "behind" and span.end_ms is None and span.leg_id == record.leg_id
                if skipped and record.start_ms > span.start_ms:
                    last[key] = span.model_copy(update={"end_ms": record.start_ms})
    return list(last.values())


_SPAN = set(Span.model_fields)


def _every_leg(records: Iterable[Record], began_at: datetime) -> list[Span]:
    """From each leg's answer to its end; the first leg is on the left."""
    first = next((record.leg_id for record in records if isinstance(record, LegStarted)), "")
    roles = {record.leg_id: record.role for record in records if isinstance(record, LegStarted)}
    ends = {record.leg_id: record.at for record in records if isinstance(record, LegEnded)}
    return [
        Span(
            leg_id=record.leg_id, role=roles[record.leg_id], reason="unfinished",
            side="left" if record.leg_id == first else "right", start_ms=_ms(record.at, began_at),
            end_ms=None if record.leg_id == first or record.leg_id not in ends
            else _ms(ends[record.leg_id], began_at),
        )
        for record in records if isinstance(record, LegAnswered) and record.leg_id in roles
    ]  # fmt: skip


def _cut_off(records: Sequence[Record], began_at: datetime) -> list[Span]:
    """The worker died over their last words."""
    over = {record.leg_id for record in records if isinstance(record, LegEnded)}
    until: dict[str, int] = {}
    for record in records:
        if isinstance(record, Heard):
            until[record.leg_id] = record.end_ms
    return [
        span.model_copy(update={"start_ms": until.get(span.leg_id, span.start_ms)})
        for span in _every_leg(records, began_at) if span.leg_id not in over
    ]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, leg by leg, without overlap: nothing is to be heard twice."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.leg_id, span.start_ms)):
        before = merged[-1] if merged and merged[-1].leg_id == span.leg_id else None
        if before is None or (before.end_ms is not None and before.end_ms < span.start_ms):
            merged.append(span)
        elif before.end_ms is not None:
            end_ms = None if span.end_ms is None else max(before.end_ms, span.end_ms)
            reason = before.reason if before.reason != "busy" else span.reason
            merged[-1] = before.model_copy(update={"end_ms": end_ms, "reason": reason})
    return merged


def _ms(at: datetime, began_at: datetime) -> int:
    return max(0, round((at - began_at).total_seconds() * 1000))


def journal_records(journals: Path, call_id: str) -> list[Record]:
    """A call's journal, stored or not; empty when it is there no more."""
    for folder in (journals, journals / DONE):
        records = [entry.record for entry in read(folder / f"{call_id}.jsonl")]
        if records:
            return records
    return []


def arrival_of(journals: Path, call_id: str) -> Sequence[Record]:
    """The record of a call's arrival, from the edge's journal: who called."""
    return [
        entry.record for path in with_last_done(journals) for entry in read(path)
        if entry.record.call_id == call_id and isinstance(entry.record, CallArrived)
    ][:1]


class DeferredQueue:
    """The jobs of one node. Every method may be interrupted by a SIGKILL and called again."""

    def __init__(self, state: Path, settings: Deferred) -> None:
        """`state`: `paths.state`."""
        self._journals = state / "journal"
        self._settings = settings
        folder = state / "transcription"
        self._waiting, self._progress, self._aside = (
            folder / name for name in ("waiting", "progress", "aside")
        )
        for one in (self._waiting, self._progress, self._aside):
            one.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add(self, job: TranscriptionJob) -> bool:
        """Queue a call's job unless it is known or done already."""
        known = self._path(job).exists() or (self._aside / f"{job.call_id}.json").exists()
        if known or self.finished(job.call_id):
            return False
        self._write(job)
        return True

    def finished(self, call_id: str) -> bool:
        """Whether the result is there."""
        name = f"{call_id}{LATER}.jsonl"
        return (self._journals / name).exists() or (self._journals / DONE / name).exists()

    def due(self, now: datetime) -> TranscriptionJob | None:
        """The next to be done: callers whom nobody has heard first, then the oldest."""
        jobs = [job for job in self.waiting() if job.not_before is None or job.not_before <= now]
        return min(jobs, key=lambda job: (not job.alone, job.began_at), default=None)

    def waiting(self) -> list[TranscriptionJob]:
        return self._jobs(self._waiting)

    def set_aside(self) -> list[TranscriptionJob]:
        """What could not be transcribed."""
        return self._jobs(self._aside)

    def counts(self) -> tuple[int, int]:
        """Waiting, set aside."""
        return len(list(self._waiting.glob("*.json"))), len(list(self._aside.glob("*.json")))

    def get(self, call_id: str) -> TranscriptionJob | None:
        """A job that waits or was set aside."""
        for folder in (self._waiting, self._aside):
            with contextlib.suppress(OSError, ValidationError):
                return _read(folder / f"{call_id}.json")
        return None

    def progress_path(self, call_id: str) -> Path:
        return self._progress / f"{call_id}.jsonl"

    def begin(self, job: TranscriptionJob, reached_ms: int, now: datetime) -> TranscriptionJob | None:
        """Count an attempt before it is made: a recording that kills its process counts too.

        None: it has got no further for too often and is set aside.
        """
        attempts = 1 if reached_ms > job.reached_ms else job.attempts + 1
        if attempts > self._settings.attempts:
            self.give_up(job)
            return None
        wait = min(self._settings.retry_seconds * 2 ** (attempts - 1), LONGEST_WAIT_SECONDS)
        not_before = now + timedelta(seconds=wait)
        begun = job.model_copy(
            update={"attempts": attempts, "reached_ms": reached_ms, "not_before": not_before}
        )
        self._write(begun)
        return begun

    def give_back(self, job: TranscriptionJob) -> None:
        """The attempt was ended from outside and does not count."""
        if self._path(job).exists():
            self._write(job.model_copy(update={"attempts": max(0, job.attempts - 1), "not_before": None}))

    def failed(self, job: TranscriptionJob, why: str) -> None:
        """It is tried again at `not_before`."""
        self._write(job.model_copy(update={"why": why}))

    def give_up(self, job: TranscriptionJob) -> None:
        log.error(
            "recording set aside, it cannot be transcribed", call_id=job.call_id, path=job.recording,
            why=job.why or "it ends the process that listens to it",
            advice="look at the file, then `hotline transcribe CALL --store`",
        )
        os.replace(self._path(job), self._aside / f"{job.call_id}.json")

    def done(self, call_id: str) -> None:
        """The result is there; what was needed for it goes."""
        for folder, suffix in ((self._waiting, "json"), (self._aside, "json"), (self._progress, "jsonl")):
            (folder / f"{call_id}.{suffix}").unlink(missing_ok=True)

    def _path(self, job: TranscriptionJob) -> Path:
        return self._waiting / f"{job.call_id}.json"

    def _write(self, job: TranscriptionJob) -> None:
        write_atomically(self._path(job), job.model_dump_json())

    def _jobs(self, folder: Path) -> list[TranscriptionJob]:
        jobs = []
        for path in sorted(folder.glob("*.json")):
            try:
                jobs.append(_read(path))
            except FileNotFoundError:
                continue
            except (OSError, ValidationError) as error:
                if folder == self._waiting:
                    log.error("transcription job unreadable, set aside", file=path.name, why=str(error))
                    with contextlib.suppress(OSError):
                        os.replace(path, self._aside / f"{path.name}.unreadable")
        return jobs


def _read(path: Path) -> TranscriptionJob:
    return TranscriptionJob.model_validate_json(path.read_bytes())


class DeferredIntake:
    """The controller's part: when a call is over, what is still to be heard of it is queued."""

    def __init__(self, state: Path, settings: Deferred) -> None:
        self._journals = state / "journal"
        self.queue = DeferredQueue(state, settings)

    def after(self, deliver: Callable[[Record], None]) -> Callable[[Record], None]:
        """The same delivery, with us as the last who is told, whatever the others make of it."""

        def both(record: Record) -> None:
            try:
                deliver(record)
            finally:
                self.take(record)

        return both

    def take(self, record: Record) -> None:
        """Called for every record before it counts as stored: told it again, it does the same."""
        if isinstance(record, CallEnded):
            job = job_of(journal_records(self._journals, record.call_id))
            if job is not None and self.queue.add(job):
                log.info("to be heard from the recording", call_id=job.call_id, stretches=len(job.spans))
