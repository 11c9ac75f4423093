"""Whole calls against one real worker: pjsua2 as the caller's, the agent's and the crew's phone."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotline import ipc
from hotline.calls.recording import repair_recording
from hotline.events import CallFailed, KeyPressed, LegEnded, RecordingFinished
from tests.live import sounds
from tests.live.phone import Phone
from tests.live.worker_rig import Link, WorkerRig, wait_until

CALL = "call-1"


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    with Phone(random.randrange(28000, 30900, 100), tmp_path / "phone") as one:
        yield one


@pytest.fixture
def prompt(tmp_path: Path) -> Path:
    return sounds.write_wav(tmp_path / "prompt.wav", sounds.tone(440, 1.5))


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return sounds.write_wav(tmp_path / "voice.wav", sounds.tone(1000, 1.0))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[WorkerRig]:
    folder = tmp_path / "hotline"
    folder.mkdir()
    with WorkerRig(folder) as one:
        yield one


def ring_up(phone: Phone, worker: Link, call_id: str = CALL) -> None:
    phone.order("call", uri=f"sip:962677@127.0.0.1:{worker.port}", headers={"X-Hotline-Call": call_id})


def connect(phone: Phone, worker: Link) -> None:
    ring_up(phone, worker)
    phone.wait_for("state", lambda event: event["state"] == "CONFIRMED")


def over(phone: Phone) -> int:
    """Until the phone's call is over; its status."""
    return int(phone.wait_for("state", lambda event: event["state"] == "DISCONNECTED")["status"])


def notes(rig: WorkerRig) -> list[dict[str, Any]]:
    path = rig.folder / "run" / f"{CALL}.notes"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def noted(rig: WorkerRig, what: str) -> bool:
    return any(note["what"] == what for note in notes(rig))


def of_kind(rig: WorkerRig, kind: type[Any]) -> list[Any]:
    return [record for record in rig.records(CALL) if isinstance(record, kind)]


def recorded_ms(rig: WorkerRig) -> int:
    """Length of what is on disk."""
    return sum((path.stat().st_size - 44) // 32 for path in rig.recordings())


def test_prompt_voice_and_keys(rig: WorkerRig, phone: Phone, prompt: Path, voice: Path) -> None:
    worker = rig.fork(CALL, facts={"play": str(prompt)})
    connect(phone, worker)
    phone.order("play", file=str(voice))
    wait_until(lambda: noted(rig, "played"), "prompt did not end")
    phone.order("keys", keys="12")
    phone.wait_for("key", lambda event: event["key"] == "2")
    phone.order("info", keys="3")
    phone.wait_for("key", lambda event: event["key"] == "3")
    phone.order("hangup")
    worker.wait_done()
    assert [(key.key, key.method) for key in of_kind(rig, KeyPressed)] == [
        ("1", "rfc4733"), ("2", "rfc4733"), ("3", "info"),
    ]  # fmt: skip
    [ended], [finished] = of_kind(rig, LegEnded), of_kind(rig, RecordingFinished)
    assert (ended.cause, ended.sip_status) == ("remote", 200)
    path = rig.folder / "recordings" / finished.path
    assert path.stat().st_mode & 0o777 == 0o600
    both = sounds.read_wav(path)
    assert len(both) / sounds.RATE_HZ == finished.seconds
    assert sounds.has_tone(both[:, 0], 1000) and not sounds.has_tone(both[:, 0], 440, 0.02)
    assert sounds.seconds_of_tone(both[:, 1], 440) >= 1.4 and not sounds.has_tone(both[:, 1], 1000, 0.02)
    assert sounds.seconds_of_tone(sounds.read_wav(phone.heard)[:, 0], 440) >= 1.3
    [audio] = [note for note in notes(rig) if note["what"] == "audio"]
    assert abs(audio["leg-1"] - finished.seconds * 1000) <= 120


def test_hold_and_resume(rig: WorkerRig, phone: Phone, voice: Path) -> None:
    worker = rig.fork(CALL)
    connect(phone, worker)
    phone.order("play", file=str(voice))
    wait_until(lambda: recorded_ms(rig) > 600, "nothing recorded")
    phone.order("hold")
    wait_until(lambda: noted(rig, "held"), "hold was not noticed")
    before = recorded_ms(rig)
    wait_until(lambda: recorded_ms(rig) > before + 1500, "the recording stopped on hold")
    phone.order("resume")
    wait_until(lambda: noted(rig, "resumed"), "resume was not noticed")
    phone.order("play", file=str(voice))
    resumed = recorded_ms(rig)
    wait_until(lambda: recorded_ms(rig) > resumed + 1500, "the recording stopped after hold")
    phone.order("hangup")
    worker.wait_done()
    left = sounds.read_wav(next(iter(rig.recordings())))[:, 0]
    held_at, resumed_at = (
        next(note["at_ms"] for note in notes(rig) if note["what"] == what) * 8 for what in ("held", "resumed")
    )
    assert sounds.has_tone(left[:held_at], 1000)
    assert not sounds.has_tone(left[held_at + 1600 : resumed_at - 800], 1000)
    assert sounds.has_tone(left[resumed_at + 1600 :], 1000)


def test_caller_cancels_before_the_answer(rig: WorkerRig, phone: Phone) -> None:
    worker = rig.fork(CALL, facts={"ringing": "yes"})
    ring_up(phone, worker)
    phone.wait_for("state", lambda event: event["state"] == "CALLING")
    phone.order("hangup")
    assert over(phone) == 487
    worker.wait_done()
    [ended] = of_kind(rig, LegEnded)
    assert (ended.cause, ended.sip_status) == ("remote", 487)
    assert not list(rig.recordings())


def test_refusal(rig: WorkerRig, phone: Phone) -> None:
    worker = rig.fork(CALL, facts={"refuse": "480"})
    ring_up(phone, worker)
    assert over(phone) == 480
    worker.wait_done()


def test_hotline_hangs_up_and_an_error_does_not(rig: WorkerRig, phone: Phone) -> None:
    worker = rig.fork(CALL)
    connect(phone, worker)
    phone.order("keys", keys="8")
    wait_until(lambda: bool(of_kind(rig, KeyPressed)), "key was not heard")
    phone.order("keys", keys="5")
    phone.wait_for("key", lambda event: event["key"] == "5")
    phone.order("keys", keys="9")
    assert over(phone) == 200
    worker.wait_done()
    assert [ended.cause for ended in of_kind(rig, LegEnded)] == ["local"]


@pytest.mark.parametrize("where", ["creation", "incoming"])
def test_broken_conversation_refuses_so_that_the_caller_is_called_back(
    rig: WorkerRig, phone: Phone, where: str
) -> None:
    worker = rig.fork(CALL, facts={"break": where})
    ring_up(phone, worker)
    assert over(phone) == 503
    assert "broken on purpose" in of_kind(rig, CallFailed)[0].what
    if where == "creation":
        worker.wait_done()


def test_strangers_and_transfers_are_refused(rig: WorkerRig, phone: Phone, tmp_path: Path) -> None:
    worker = rig.fork(CALL)
    ring_up(phone, worker, "another-call")
    assert over(phone) == 486
    connect(phone, worker)
    ring_up(phone, worker)
    assert over(phone) == 486
    phone.order("refer", uri="sip:elsewhere@127.0.0.1:9")
    phone.order("keys", keys="4")
    phone.wait_for("key", lambda event: event["key"] == "4")
    phone.order("hangup")
    worker.wait_done()
    assert len(of_kind(rig, LegEnded)) == 1


def test_killed_worker_leaves_a_recording_that_can_be_played(
    rig: WorkerRig, phone: Phone, prompt: Path, voice: Path
) -> None:
    worker = rig.fork(CALL, facts={"play": str(prompt)})
    connect(phone, worker)
    phone.order("play", file=str(voice))
    wait_until(lambda: noted(rig, "played"), "prompt did not end")
    spoken_ms = next(note["at_ms"] for note in notes(rig) if note["what"] == "played")
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.next() is None
    [path] = rig.recordings()
    samples = sounds.read_wav(path)
    assert len(samples) / 8 >= spoken_ms - 1000
    assert sounds.has_tone(samples[:, 0], 1000) and sounds.has_tone(samples[:, 1], 440)
    with path.open("ab") as file:
        file.write(b"\1\2\3\4\5")
    assert repair_recording(path) == (len(samples) + 1) / sounds.RATE_HZ
    assert len(sounds.read_wav(path)) == len(samples) + 1


def test_frozen_phone_is_noticed(tmp_path: Path, phone: Phone) -> None:
    folder = tmp_path / "impatient"
    folder.mkdir()
    with WorkerRig(folder, dead_peer_seconds=2) as rig:
        worker = rig.fork(CALL)
        connect(phone, worker)
        phone.order("freeze")
        wait_until(lambda: bool(of_kind(rig, LegEnded)), "dead peer was not noticed")
        assert of_kind(rig, LegEnded)[0].cause == "dead_peer"
        worker.wait_done()


def test_two_legs_are_bridged_and_recorded(tmp_path: Path, phone: Phone, voice: Path) -> None:
    agent_voice = sounds.write_wav(tmp_path / "agent.wav", sounds.tone(600, 1.0))
    folder = tmp_path / "bridging"
    folder.mkdir()
    with Phone(phone.port + 50, tmp_path / "agent") as agent, WorkerRig(folder, edge_port=agent.port) as rig:
        worker = rig.fork(CALL, facts={"agent": f"sip:6001@127.0.0.1:{agent.port}"})
        connect(phone, worker)
        message = agent.wait_for("incoming")["message"]
        assert f"X-Hotline-Call: {CALL}" in message and "sip:13800000000@" in message
        agent.order("answer")
        agent.wait_for("state", lambda event: event["state"] == "CONFIRMED")
        phone.order("play", file=str(voice))
        agent.order("play", file=str(agent_voice))
        start = recorded_ms(rig)
        wait_until(lambda: recorded_ms(rig) > start + 2500, "nothing was recorded")
        phone.order("hold")
        wait_until(lambda: noted(rig, "held"), "hold was not noticed")
        phone.order("resume")
        wait_until(lambda: noted(rig, "resumed"), "resume was not noticed")
        phone.order("play", file=str(voice))
        resumed = recorded_ms(rig)
        wait_until(lambda: recorded_ms(rig) > resumed + 2000, "nothing was recorded after hold")
        agent.order("hangup")
        assert over(agent) == 200
        phone.order("hangup")
        over(phone)
        worker.wait_done()
        both = sounds.read_wav(next(iter(rig.recordings())))
        assert sounds.seconds_of_tone(both[:, 0], 1000) > 2.5
        assert sounds.seconds_of_tone(both[:, 1], 600) > 2.5
        assert sounds.has_tone(both[-14000:, 0], 1000) and sounds.has_tone(both[-14000:, 1], 600)
        assert sounds.seconds_of_tone(sounds.read_wav(agent.heard)[:, 0], 1000) > 2.5
        assert sounds.seconds_of_tone(sounds.read_wav(phone.heard)[:, 0], 600) > 2.5
        assert [note["leg-2"] > 3000 for note in notes(rig) if note["what"] == "audio"] == [True]


@pytest.mark.parametrize(("answer", "cause"), [(486, "busy"), (603, "rejected"), (480, "no_answer")])
def test_outbound_call_is_refused(tmp_path: Path, phone: Phone, answer: int, cause: str) -> None:
    with WorkerRig(tmp_path, edge_port=phone.port) as rig:
        worker = rig.fork(CALL, "page", dial=f"sip:13911112222@127.0.0.1:{phone.port}")
        assert "X-Test: yes" in phone.wait_for("incoming")["message"]
        phone.order("reject", status=answer)
        worker.wait_done()
        assert [(ended.cause, ended.sip_status) for ended in of_kind(rig, LegEnded)] == [(cause, answer)]


def test_hostile_or_long_facts_of_an_outbound_call(tmp_path: Path, phone: Phone) -> None:
    """A number from outside cannot write headers, and a long INVITE still goes by UDP."""
    facts = {"caller_id": "110>\r\nX-Evil: 1\r\n<sip:x@y", "more": "word " * 500 + "\r\nX-Evil: 2"}
    with WorkerRig(tmp_path, edge_port=phone.port) as rig:
        worker = rig.fork(CALL, "page", dial=f"sip:13911112222@127.0.0.1:{phone.port}", facts=facts)
        message = phone.wait_for("incoming")["message"]
        assert "\nX-Evil" not in message and "word " * 500 in message
        assert "<sip:110X-Evil1sipxy@127.0.0.1>" in message
        assert "Session-Expires: 600" in message
        assert "a=rtpmap:8 PCMA/8000" in message and "G722" not in message
        phone.order("reject", status=486)
        worker.wait_done()


def test_outbound_call_is_answered(tmp_path: Path, phone: Phone) -> None:
    with WorkerRig(tmp_path, edge_port=phone.port) as rig:
        worker = rig.fork(CALL, "page", dial=f"sip:13911112222@127.0.0.1:{phone.port}")
        phone.wait_for("incoming")
        phone.order("ring")
        phone.order("answer")
        phone.wait_for("state", lambda event: event["state"] == "CONFIRMED")
        phone.order("keys", keys="1")
        phone.wait_for("key")
        phone.order("hangup")
        worker.wait_done()
        assert [ended.cause for ended in of_kind(rig, LegEnded)] == ["remote"]


def test_worker_outlives_zygote_and_finds_the_edge_again(rig: WorkerRig, phone: Phone) -> None:
    worker = rig.fork(CALL)
    connect(phone, worker)
    assert rig.zygote is not None
    rig.zygote.kill()
    rig.zygote.wait()
    worker.close()
    again = rig.accept(ipc.WorkerReady)
    assert isinstance(again.hello, ipc.WorkerReady)
    [dialog] = again.hello.dialogs
    assert dialog.local_tag and dialog.remote_tag
    assert dialog.remote_target.startswith(f"sip:phone@127.0.0.1:{phone.port}")
    phone.order("keys", keys="7")
    phone.wait_for("key", lambda event: event["key"] == "7")
    phone.order("hangup")
    again.wait_done()
    worker.done = True
    assert [ended.cause for ended in of_kind(rig, LegEnded)] == ["remote"]
