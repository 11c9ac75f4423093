"""A real worker against SIPp: what pjsua2's own phones would never do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hotline.events import CallEnded, KeyPressed, LegEnded
from hotline.sip.player import key_tone
from tests.live import sounds
from tests.live.worker_rig import Link, WorkerRig

CALL = "call-1"
SCENARIOS = Path(__file__).with_name("sipp_worker")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[WorkerRig]:
    with WorkerRig(tmp_path, dead_peer_seconds=3) as one:
        yield one


def start(
    rig: WorkerRig, worker: Link, scenario: str, call_id: str = CALL, seconds: int = 30
) -> subprocess.Popen[bytes]:
    (rig.folder / "voice.al").write_bytes(sounds.a_law(sounds.tone(1000, 1.0)))
    return subprocess.Popen(
        ["sipp", f"127.0.0.1:{worker.port}", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", "127.0.0.1",
         "-p", str(worker.port - 1500), "-mi", "127.0.0.1", "-mp", str(10000 + worker.port % 1000 * 12),
         "-m", "1", "-nostdin", "-s", "962677", "-key", "hotline_call", call_id, "-timeout", f"{seconds}s",
         "-timeout_error", "-trace_err", "-error_file", str(rig.folder / f"sipp-{call_id}.txt")],
        cwd=rig.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def finish(rig: WorkerRig, running: subprocess.Popen[bytes], call_id: str = CALL) -> None:
    """Raises with SIPp's own words when the scenario did not go as it says."""
    try:
        status = running.wait(100)
    finally:
        running.kill()
    errors = rig.folder / f"sipp-{call_id}.txt"
    assert status == 0, errors.read_text() if errors.exists() else f"sipp: status {status}"


def sipp(rig: WorkerRig, worker: Link, scenario: str) -> None:
    finish(rig, start(rig, worker, scenario))


def notes(rig: WorkerRig) -> list[str]:
    path = rig.folder / "run" / f"{CALL}.notes"
    return [json.loads(line)["what"] for line in path.read_text().splitlines()]


def ended(rig: WorkerRig, call_id: str = CALL) -> LegEnded:
    [record] = [one for one in rig.records(call_id) if isinstance(one, LegEnded)]
    return record


def test_keys_as_tones(rig: WorkerRig) -> None:
    silence = np.zeros(4000, dtype="<i2")
    tones = np.frombuffer(b"".join(key_tone(key) for key in "0157#"), dtype="<i2")
    (rig.folder / "tones.al").write_bytes(sounds.a_law(np.concatenate((silence, tones, silence))))
    worker = rig.fork(CALL)
    sipp(rig, worker, "inband")
    worker.wait_done()
    keys = [(one.key, one.method) for one in rig.records(CALL) if isinstance(one, KeyPressed)]
    assert keys == [(key, "inband") for key in "0157#"]


def test_answer_that_is_never_acknowledged(rig: WorkerRig) -> None:
    worker = rig.fork(CALL)
    sipp(rig, worker, "no_ack")
    worker.wait_done()
    assert ended(rig).cause == "dead_peer"


def test_hang_up_instead_of_an_acknowledgement(rig: WorkerRig) -> None:
    worker = rig.fork(CALL)
    sipp(rig, worker, "bye_without_ack")
    worker.wait_done()
    assert ended(rig).cause == "remote"


def test_every_way_of_holding(rig: WorkerRig) -> None:
    worker = rig.fork(CALL)
    sipp(rig, worker, "hold_ways")
    worker.wait_done()
    assert [what for what in notes(rig) if what != "audio"] == ["held", "resumed"] * 3
    assert ended(rig).cause == "remote"
    left = sounds.read_wav(next(iter(rig.recordings())))[:, 0]
    assert sounds.has_tone(left[:3000], 1000) and sounds.has_tone(left[-4000:], 1000)


def test_offer_in_the_answer(rig: WorkerRig, tmp_path: Path) -> None:
    prompt = sounds.write_wav(tmp_path / "prompt.wav", sounds.tone(440, 1.0))
    worker = rig.fork(CALL, facts={"play": str(prompt)})
    sipp(rig, worker, "late_offer")
    worker.wait_done()
    both = sounds.read_wav(next(iter(rig.recordings())))
    assert sounds.has_tone(both[:, 0], 1000)
    assert sounds.seconds_of_tone(both[:, 1], 440) >= 0.8
    assert "played" in notes(rig)


def test_session_timer_is_refreshed_in_time(tmp_path: Path) -> None:
    """The shortest timer that there is, 90 s: the re-INVITE comes within 55 (RFC 4028 §10 asks for half)."""
    with WorkerRig(tmp_path, dead_peer_seconds=300) as rig:
        worker = rig.fork(CALL)
        finish(rig, start(rig, worker, "session_timer", seconds=90))
        worker.wait_done()
        assert ended(rig).cause == "remote"


def test_many_calls(rig: WorkerRig) -> None:
    """200, each by a worker of its own; none crashes, each ends in order with its journal whole."""
    for batch in range(40):
        call_ids = [f"many-{batch}-{number}" for number in range(5)]
        workers = [rig.fork(call_id) for call_id in call_ids]
        callers = [
            start(rig, worker, "short", call_id) for worker, call_id in zip(workers, call_ids, strict=True)
        ]
        for worker, caller, call_id in zip(workers, callers, call_ids, strict=True):
            finish(rig, caller, call_id)
            worker.wait_done()
            assert isinstance(rig.records(call_id)[-1], CallEnded)
            assert ended(rig, call_id).cause == "remote"
    log = (rig.folder / "zygote.log").read_text()
    assert "died" not in log and "Traceback" not in log
