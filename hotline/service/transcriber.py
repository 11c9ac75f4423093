"""Listens to recordings in the background.

`python -m hotline.service.transcriber --config FILE --instance ID`. It runs when nothing else does, and
stops between two steps while calls need the decoders. It can be killed at any moment, by an operator or
by a recording that its decoder cannot stand.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from hotline.calls.ears import Understanding
from hotline.errors import ConfigurationError, HotlineError
from hotline.events import Record
from hotline.logs import configure
from hotline.service.deferred import (
    DeferredQueue,
    TranscriptionJob,
    arrival_of,
    journal_records,
)
from hotline.service.deferred_result import late_leak, write_result
from hotline.service.deferred_work import BeingTranscribedError, Progress, work
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.speech.budget import BOARD, Board, busy_share, cores_of
from hotline.speech.engines import decoder_maker
from hotline.speech.transcriber import Decoder
from hotline.speech.wavefile import WavFile

log = structlog.get_logger()

LOOK_SECONDS = 1.0
PAUSE_SECONDS = 0.5
WITHOUT_MODEL_SECONDS = 60.0
LOWEST_PRIORITY = 19
FIRST_TO_GO = 500
"""When memory ends, this process goes before any that serves a call."""

MakeDecoder = Callable[[], Decoder]


class Transcriber:
    """One job after the other; used by the background process and by `hotline transcribe`."""

    def __init__(
        self, settings: Settings, make_decoder: MakeDecoder, utcnow: Callable[[], datetime],
        *, wait: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._settings, self._make_decoder, self._utcnow, self._wait = settings, make_decoder, utcnow, wait
        self._journals = settings.paths.state / "journal"
        self.queue = DeferredQueue(settings.paths.state, settings.speech.deferred)

    def try_next(self) -> bool:
        """Do what is due, if anything is. A recording that fails is tried again later."""
        job = self.queue.due(self._utcnow())
        if job is None:
            return False
        try:
            self.do(job)
        except BeingTranscribedError:
            return False
        except (SystemExit, KeyboardInterrupt):
            self.queue.give_back(job)
            raise
        except Exception as error:
            log.warning("recording not transcribed yet", call_id=job.call_id, why=repr(error))
            again = self.queue.get(job.call_id)
            if again is not None:
                self.queue.failed(again, repr(error))
        return True

    def do(
        self, job: TranscriptionJob, tell: Callable[[int, int], None] = lambda done, total: None,
        *, count: bool = True,
    ) -> int:  # fmt: skip
        """Hear a job to its end and hand over the result; how many utterances. Raises what breaks.

        `tell` is given how many ms of how many are done. `count`: it is an attempt of the queue.
        """
        if self.queue.finished(job.call_id):
            self.queue.done(job.call_id)
            return 0
        with Progress(self.queue.progress_path(job.call_id)) as progress:
            if count and self.queue.begin(job, progress.reached_ms, self._utcnow()) is None:
                return 0
            file = WavFile(self._settings.paths.recordings / job.recording)
            try:
                steps = work(
                    job, file, self._settings.speech, self._make_decoder, progress, wait=self._wait
                )
                for done, total in steps:
                    tell(done, total)
            finally:
                file.close()
            return self._hand_over(job, progress)

    def _hand_over(self, job: TranscriptionJob, progress: Progress) -> int:
        found = progress.heard(job.spans)
        records = journal_records(self._journals, job.call_id)
        leak = late_leak(records, found, self._understanding) if _complete(records) else None
        if leak is not None:
            records = [*arrival_of(self._journals, job.call_id), *records]
        write_result(self._journals, job, found, records, leak, self._settings, self._utcnow())
        self.queue.done(job.call_id)
        log.info("recording transcribed", call_id=job.call_id, utterances=len(found))
        return len(found)

    def _understanding(self) -> Understanding:
        """Loaded when it is needed: the process stays small."""
        from hotline.calls.understanding import RuleUnderstanding
        from hotline.triage import Gazetteer

        try:
            gazetteer: Gazetteer | None = Gazetteer.load(self._settings.dispatch.gazetteer)
        except ConfigurationError:
            gazetteer = None
        return RuleUnderstanding(gazetteer, self._settings.country, self._settings.area_code)


def _complete(records: Sequence[Record]) -> bool:
    return any(record.kind == "call_ended" for record in records)


class Background:
    """The process: low, patient, alone on its node."""

    def __init__(
        self, settings: Settings, config: Path, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings, self._config, self._sleep = settings, config, sleep
        self._board = Board(settings.paths.run / BOARD)
        self._cores = cores_of(settings.speech.decoder_cores)
        self._make: MakeDecoder | None = None
        self._model_due = 0.0
        self._indexing: subprocess.Popen[bytes] | None = None
        self._index_due: float | None = 0.0
        self._transcriber = Transcriber(settings, self._decoder, _utcnow, wait=self._wait)
        self._paused = False

    def run(self) -> None:
        while True:
            if not self._turn():
                self._sleep(LOOK_SECONDS)

    def _turn(self) -> bool:
        self._wait()
        self._index()
        return self._can_listen() and self._transcriber.try_next()

    def _wait(self) -> None:
        """While calls need the decoders, this one does not."""
        share = self._settings.speech.deferred.below_share
        while busy_share(self._board.others(), self._cores) > share:
            if not self._paused:
                log.info("listening to recordings waits: calls need the decoders")
            self._paused = True
            self._sleep(PAUSE_SECONDS)
        self._paused = False

    def _can_listen(self) -> bool:
        """The model is loaded when it is first needed; one that cannot be is no recording's fault."""
        speech = self._settings.speech
        if self._make is not None or speech.engine == "none" or speech.model is None:
            return self._make is not None
        now = time.monotonic()
        if now < self._model_due or not self._transcriber.queue.counts()[0]:
            return False
        self._model_due = now + WITHOUT_MODEL_SECONDS
        try:
            self._make = decoder_maker(speech.model)
        except Exception as error:
            log.error("recordings wait: the speech model cannot be loaded", why=str(error))
        return self._make is not None

    def _decoder(self) -> Decoder:
        if self._make is None:
            raise RuntimeError("no model is loaded")
        return self._make()

    def _index(self) -> None:
        """What was stored before there was a search index is indexed beside us, once."""
        now = time.monotonic()
        if self._indexing is not None and (status := self._indexing.poll()) is not None:
            self._indexing = None
            self._index_due = None if status == 0 else now + WITHOUT_MODEL_SECONDS
        if self._indexing is None and self._index_due is not None and now >= self._index_due:
            command = [sys.executable, "-m", "hotline.service.indexing", "--config", str(self._config)]
            self._indexing = subprocess.Popen(command, stdin=subprocess.DEVNULL)


def _utcnow() -> datetime:
    return datetime.now(UTC)


def make_low() -> None:
    """Nothing that serves a call waits for us, and we go first when memory ends."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, LOWEST_PRIORITY)
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_GO))


def only_one(state: Path) -> Any:
    """Wait for a predecessor, and hold the lock for the life of the process."""
    (state / "transcription").mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (state / "transcription" / "lock").open("a+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hotline-transcriber", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--instance", required=True)
    given = parser.parse_args(arguments)
    try:
        settings = load_settings(given.config)
    except HotlineError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    configure(settings.logging, "transcriber")
    make_low()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with only_one(settings.paths.state):
        Background(settings, given.config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
