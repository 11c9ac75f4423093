"""`hotline transcribe`: what was said in a recording, by hand."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hotline.cli.data import NothingThereError, journal_of, store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json, print_rows
from hotline.errors import HotlineError, StoreUnavailableError
from hotline.events import RECORD, Heard, Record
from hotline.service.deferred import DeferredQueue, Span, TranscriptionJob, job_of
from hotline.service.deferred_work import Progress as Checkpoints
from hotline.service.deferred_work import work
from hotline.service.transcriber import Transcriber
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.speech.audio import AudioFileError
from hotline.speech.engines import decoder_maker
from hotline.speech.recogniser import Transcript
from hotline.speech.transcriber import Decoder
from hotline.speech.wavefile import WavFile

app = typer.Typer()

MS_PER_MINUTE = 60_000
Tell = Callable[[int, int], None]


class NotTranscribableError(HotlineError):
    """Nothing can be heard here. Check the file, the call's recording and `speech.model`."""


@app.command()
def transcribe(
    target: Annotated[
        str, typer.Argument(help="A WAV file, or a call as `hotline calls list` names it.")
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    model: Annotated[Path | None, typer.Option(help="Another speech model than the configured one.")] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Store what is missing of the call's transcript.")
    ] = False,
    waiting: Annotated[
        bool, typer.Option("--list", help="List what waits to be transcribed, and what could not be.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write down who says what in a recording; each side of a stereo file is one speaker.

    Broken off, it goes on where it was when called again.
    """
    settings = load_settings(config)
    if waiting:
        _list(settings, as_json)
        return
    if not target:
        raise NotTranscribableError("say which file or call, or --list")
    if model is not None:
        settings = settings.model_copy(update={"speech": settings.speech.model_copy(update={"model": model})})
    found = _call(target, settings) if not Path(target).is_file() else None
    if store:
        _store(found, target, settings)
        return
    path, spans = _what(found, target, settings)
    with _bar(target) as tell:
        heard = _listen(path, spans, settings, tell)
    _print(target, heard, as_json)


@dataclass(frozen=True, slots=True)
class _Call:
    call_id: str
    records: list[Record]


def _call(call_id: str, settings: Settings) -> _Call:
    """What is on record of a call; from its journal alone when the database is away."""
    found: list[dict[str, Any]] = []
    try:
        with store_of(settings) as database:
            found = database.timeline(call_id)
    except StoreUnavailableError:
        pass
    found = found or journal_of(settings, call_id)
    if not found:
        raise NothingThereError(f"no file and no call {call_id}")
    return _Call(call_id, [RECORD.validate_python(record) for record in found])


def _what(call: _Call | None, target: str, settings: Settings) -> tuple[Path, tuple[Span, ...]]:
    """The file, and which of its stretches belong to whom."""
    if call is not None:
        job = job_of(call.records, whole=True)
        if job is None:
            raise NotTranscribableError(f"call {call.call_id} has no recording")
        return settings.paths.recordings / job.recording, job.spans
    path = Path(target)
    file = _opened(path)
    stereo = file.channels > 1
    file.close()
    left = Span(leg_id="left" if stereo else "all", role="caller", side="left", start_ms=0)
    right = Span(leg_id="right", role="agent", side="right", start_ms=0)
    return path, (left, right) if stereo else (left,)


def _listen(
    path: Path, spans: tuple[Span, ...], settings: Settings, tell: Tell
) -> list[tuple[Span, Transcript]]:
    file = _opened(path)
    job = TranscriptionJob(call_id=path.stem, recording=path.name, began_at=datetime.now(UTC), spans=spans)
    kept = _checkpoints(path, settings)
    try:
        with Checkpoints(kept) as progress:
            for done, total in work(job, file, settings.speech, _decoders(settings), progress):
                tell(done, total)
            heard = progress.heard(spans)
    finally:
        file.close()
    if kept is not None:
        kept.unlink(missing_ok=True)
    return heard


def _store(call: _Call | None, target: str, settings: Settings) -> None:
    if call is None:
        raise NotTranscribableError(f"{target} is a file; only a call's transcript is stored")
    transcriber = Transcriber(settings, _decoders(settings), lambda: datetime.now(UTC))
    if transcriber.queue.finished(call.call_id):
        print(f"{call.call_id}: nothing is missing, it was transcribed from the recording already")
        return
    nothing_heard = not any(isinstance(record, Heard) for record in call.records)
    job = transcriber.queue.get(call.call_id) or job_of(call.records, whole=nothing_heard)
    if job is None:
        print(f"{call.call_id}: nothing is missing, everything was heard during the call")
        return
    try:
        with _bar(call.call_id) as tell:
            utterances = transcriber.do(job, tell, count=False)
    except (AudioFileError, OSError) as error:
        raise NotTranscribableError(str(error)) from error
    print(f"{call.call_id}: {utterances} utterances; the service stores them within seconds, or at its start")


def _decoders(settings: Settings) -> Callable[[], Decoder]:
    if settings.speech.model is None or settings.speech.engine == "none":
        raise NotTranscribableError("no speech model is configured; give one with --model")
    return decoder_maker(settings.speech.model)


def _opened(path: Path) -> WavFile:
    try:
        return WavFile(path)
    except (AudioFileError, OSError) as error:
        raise NotTranscribableError(str(error)) from error


def _checkpoints(path: Path, settings: Settings) -> Path | None:
    """Where the progress of this very file is kept; None when the state directory is not ours."""
    folder = settings.paths.state / "transcription" / "progress"
    about = path.stat()
    key = f"{path.resolve()} {about.st_size} {about.st_mtime_ns} {settings.speech!r}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = folder / f"file-{hashlib.sha256(key.encode()).hexdigest()[:16]}.jsonl"
        kept.touch(mode=0o600)
    except OSError:
        return None
    return kept


@contextmanager
def _bar(title: str) -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _print(target: str, heard: list[tuple[Span, Transcript]], as_json: bool) -> None:
    if as_json:
        print_json({"target": target, "utterances": [_row(span, one) for span, one in heard]})
        return
    for span, one in heard:
        minutes, rest = divmod(one.start_ms, MS_PER_MINUTE)
        name = span.leg_id if span.leg_id in ("left", "right", "all") else span.role
        print(f"{minutes:3}:{rest / 1000:06.3f}  {name:8} {one.text}")
    if not heard:
        print("nothing was said", file=sys.stderr)


def _row(span: Span, one: Transcript) -> dict[str, Any]:
    role = "" if span.leg_id in ("left", "right", "all") else span.role
    return {
        "leg": span.leg_id, "role": role, "start_ms": one.start_ms, "end_ms": one.end_ms,
        "confidence": one.confidence, "text": one.text, "words": one.words,
    }  # fmt: skip


def _list(settings: Settings, as_json: bool) -> None:
    queue = DeferredQueue(settings.paths.state, settings.speech.deferred)
    jobs = [("waits", job) for job in queue.waiting()] + [("set aside", job) for job in queue.set_aside()]
    rows = [
        {"call": job.call_id, "state": state, "recording": job.recording, "stretches": len(job.spans),
         "why": ", ".join(sorted({span.reason for span in job.spans})), "attempts": job.attempts,
         "fault": job.why}
        for state, job in jobs
    ]  # fmt: skip
    columns = {"call": "call", "state": "", "recording": "recording", "stretches": "stretches",
               "why": "not heard because", "attempts": "attempts", "fault": "last fault"}  # fmt: skip
    print_rows(rows, columns, as_json=as_json, empty="every recording is transcribed")
