"""What is still to be heard: found in the journal, queued once, tried again, set aside, never lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hotline.events import (
    CallEnded,
    Heard,
    LegAnswered,
    LegEnded,
    LegStarted,
    Record,
    TranscriptionFinished,
)
from hotline.service.deferred import DeferredIntake, DeferredQueue, job_of
from hotline.service.deferred_work import BeingTranscribedError, Progress, work
from hotline.service.transcriber import Transcriber
from hotline.settings import Deferred, Speech
from hotline.speech.wavefile import WavFile
from tests.support.deferred import CALL, NOON, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


# ---- what is to be heard
def test_a_call_that_was_heard_needs_nothing(scene: Scene) -> None:
    scene.heard(500)
    scene.end()
    assert scene.spans() == []


def test_the_last_word_on_a_stretch_counts(scene: Scene) -> None:
    scene.deferred(700)
    scene.deferred(700, 9000)
    scene.deferred(20_000, reason="busy")
    scene.end()
    assert scene.spans() == [("leg-1", 700, 9000), ("leg-1", 20_000, None)]


def test_stretches_that_overlap_are_heard_once(scene: Scene) -> None:
    for start, end in ((700, 9000), (8000, 12_000), (30_000, None), (31_000, 32_000)):
        scene.deferred(start, end)
    scene.end()
    assert scene.spans() == [("leg-1", 700, 12_000), ("leg-1", 30_000, None)]


def test_what_was_skipped_ends_with_the_next_words(scene: Scene) -> None:
    scene.deferred(5000, reason="behind")
    scene.heard(9000)
    scene.end()
    assert scene.spans() == [("leg-1", 5000, 9000)]


def test_of_a_dead_worker_the_last_words_are_heard(scene: Scene) -> None:
    scene.heard(1000)
    scene.record(LegStarted, leg_id="leg-2", role="agent", remote="1001")
    scene.now += timedelta(seconds=12)
    scene.record(LegAnswered, leg_id="leg-2")
    scene.end("worker_died")
    assert scene.spans() == [("leg-1", 1900, None), ("leg-2", 12_000, None)]
    assert [span.side for span in scene.job.spans] == ["left", "right"]


def test_the_whole_call_is_every_leg_from_answer_to_end(scene: Scene) -> None:
    scene.record(LegStarted, leg_id="leg-2", role="agent", remote="1001")
    scene.now += timedelta(seconds=12)
    scene.record(LegAnswered, leg_id="leg-2")
    scene.now += timedelta(seconds=5)
    scene.record(LegEnded, leg_id="leg-2", role="agent", sip_status=200, cause="remote")
    scene.end()
    job = job_of(scene.records, whole=True)
    assert job is not None
    assert [(span.role, span.start_ms, span.end_ms) for span in job.spans] == [
        ("caller", 0, None), ("agent", 12_000, 17_000),
    ]  # fmt: skip


def test_without_a_recording_there_is_nothing_to_hear(scene: Scene) -> None:
    scene.deferred(700)
    scene.record(CallEnded, by="caller")
    assert scene.spans() == []


# ---- the queue
def queue(scene: Scene) -> DeferredQueue:
    return DeferredQueue(scene.settings.paths.state, scene.settings.speech.deferred)


def test_the_end_of_a_call_queues_it_once_however_often_it_is_told(scene: Scene) -> None:
    scene.deferred(700)
    scene.end()
    intake = DeferredIntake(scene.settings.paths.state, Deferred())
    for _ in range(3):
        for record in scene.records:
            intake.take(record)
    assert [job.call_id for job in intake.queue.waiting()] == [CALL]


def test_another_who_cannot_digest_the_end_does_not_keep_it_from_the_queue(scene: Scene) -> None:
    scene.deferred(700)
    scene.end()
    intake = DeferredIntake(scene.settings.paths.state, Deferred())

    def refuse(record: Record) -> None:
        raise ValueError(record.kind)

    with pytest.raises(ValueError, match="call_ended"):
        intake.after(refuse)(scene.records[-1])
    assert intake.queue.waiting()


def test_a_caller_whom_nobody_heard_comes_first(scene: Scene) -> None:
    scene.deferred(700)
    scene.end()
    waiting = queue(scene)
    busy = [span.model_copy(update={"reason": "busy"}) for span in scene.job.spans]
    earlier = NOON - timedelta(days=1)
    waiting.add(scene.job.model_copy(update={"call_id": "c0", "spans": tuple(busy), "began_at": earlier}))
    waiting.add(scene.job)
    first = waiting.due(NOON)
    assert first is not None and first.call_id == CALL


def test_it_is_heard_and_becomes_a_journal_of_its_own(scene: Scene) -> None:
    scene.deferred(5000, 25_000)
    scene.end()
    transcriber = scene.transcriber()
    transcriber.queue.add(scene.job)
    assert transcriber.try_next()
    *words, last = scene.later
    assert [(w.start_ms, w.at, w.source) for w in words if isinstance(w, Heard)] == [
        (start_ms, NOON + timedelta(milliseconds=start_ms + 1000), "recording")
        for start_ms in (9_700, 19_700)
    ]
    assert isinstance(last, TranscriptionFinished) and last.utterances == 2 and last.seconds == 20
    assert [record.event_id for record in scene.later] == [f"{CALL}/later/{n}" for n in (1, 2, 3)]
    assert transcriber.queue.counts() == (0, 0)
    assert not transcriber.queue.add(scene.job), "it is done"
    assert not transcriber.try_next()


def test_a_recording_that_fails_is_tried_again_later_and_later_then_set_aside(scene: Scene) -> None:
    scene.deferred(0)
    scene.end()
    scene.break_at_ms = 1000
    transcriber = scene.transcriber()
    transcriber.queue.add(scene.job)
    waits = []
    while transcriber.queue.counts()[0]:
        began = scene.now
        while not transcriber.try_next():
            scene.now += timedelta(seconds=10)
        waits.append((scene.now - began).total_seconds())
    assert waits == [0, 60, 120, 240, 480, 960]
    (aside,) = transcriber.queue.set_aside()
    assert "RuntimeError" in aside.why
    assert transcriber.queue.counts() == (0, 1)
    scene.break_at_ms = -1
    assert transcriber.do(aside, count=False) == 4, "by hand it can be tried again"
    assert transcriber.queue.counts() == (0, 0)


def test_one_that_gets_further_each_time_is_never_set_aside(scene: Scene) -> None:
    scene.deferred(0)
    scene.end()
    transcriber = scene.transcriber()
    transcriber.queue.add(scene.job)
    scene.break_at_ms = 3000
    tried = 0
    while transcriber.queue.counts()[0]:
        scene.now += timedelta(hours=1)
        tried += transcriber.try_next()
    assert tried > 2 and transcriber.queue.counts() == (0, 0)
    assert len([record for record in scene.later if isinstance(record, Heard)]) == 4


def test_an_attempt_that_is_ended_from_outside_does_not_count(scene: Scene) -> None:
    scene.deferred(0)
    scene.end()

    def stop() -> None:
        raise SystemExit

    transcriber = Transcriber(scene.settings, scene.decoder, lambda: scene.now, wait=stop)
    transcriber.queue.add(scene.job)
    for _ in range(10):
        with pytest.raises(SystemExit):
            transcriber.try_next()
    assert transcriber.queue.counts() == (1, 0)


@pytest.mark.parametrize("steps", range(10))
def test_killed_after_any_step_it_goes_on_and_is_stored_once(scene: Scene, steps: int) -> None:
    scene.deferred(0)
    scene.end()
    path = scene.settings.paths.recordings / scene.job.recording
    transcriber = scene.transcriber()
    transcriber.queue.add(scene.job)
    file = WavFile(path)
    with Progress(transcriber.queue.progress_path(CALL)) as progress:
        walk = work(scene.job, file, Speech(), scene.decoder, progress)
        for _ in zip(range(steps), walk, strict=False):
            pass
    file.close()
    with transcriber.queue.progress_path(CALL).open("ab") as torn:
        torn.write(b'{"span": 0, "resu')
    assert transcriber.try_next()
    assert [r.start_ms for r in scene.later if isinstance(r, Heard)] == [0, 9_700, 19_700, 29_700]


def test_killed_between_result_and_queue_nothing_is_heard_twice(scene: Scene) -> None:
    scene.deferred(0)
    scene.end()
    transcriber = scene.transcriber()
    transcriber.queue.add(scene.job)
    transcriber.try_next()
    before = (scene.journals / f"{CALL}.later.jsonl").read_bytes()
    (scene.settings.paths.state / "transcription" / "waiting" / f"{CALL}.json").write_text(
        scene.job.model_dump_json()
    )
    transcriber.try_next()
    assert (scene.journals / f"{CALL}.later.jsonl").read_bytes() == before
    assert transcriber.queue.counts() == (0, 0)


def test_two_processes_do_not_hear_the_same_recording(scene: Scene) -> None:
    scene.deferred(0)
    scene.end()
    transcriber = scene.transcriber()
    transcriber.queue.add(scene.job)
    with Progress(transcriber.queue.progress_path(CALL)):
        with pytest.raises(BeingTranscribedError, match=CALL):
            transcriber.do(scene.job)
        assert not transcriber.try_next()


def test_a_job_that_cannot_be_read_holds_up_no_other(scene: Scene) -> None:
    scene.deferred(0)
    scene.end()
    transcriber = scene.transcriber()
    (scene.settings.paths.state / "transcription" / "waiting" / "a.json").write_text('{"call_id": ')
    transcriber.queue.add(scene.job)
    assert transcriber.try_next()
    assert scene.later
