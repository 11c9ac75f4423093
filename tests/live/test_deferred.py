"""Decoders that break in the middle of a sentence, and recordings heard later, with the real service."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.api import Hit, SearchQuery, SqlStore
from hotline.demo.voices import synthesise
from hotline.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    Event,
    Heard,
    LegAnswered,
    LegStarted,
    Record,
    RecordingFinished,
    TranscriptionDeferred,
)
from hotline.journal import read
from tests.live.harness.service import wait_until
from tests.live.harness.town import Town

PATIENCE_SECONDS = 60.0
MID_SENTENCE_MS = 700


class Fragile(Town):
    """Its decoders can be made to fail."""

    def __init__(self, folder: Path) -> None:
        self.fault = folder / "fault"
        found_first = [str(Path(__file__).parent / "faulty_decoder"), os.environ.get("PYTHONPATH", "")]
        environment = {
            "HOTLINE_TEST_FAULT": str(self.fault), "PYTHONPATH": os.pathsep.join(filter(None, found_first)),
        }
        overrides = {"speech.stuck_seconds": 4.0, "speech.deferred.retry_seconds": 1.0}
        super().__init__(folder, overrides, environment=environment)

    def arm(self, how: str, after_ms: int = MID_SENTENCE_MS) -> None:
        """The next decoder that hears anything fails after so much sound."""
        beside = self.fault.with_suffix(".new")
        beside.write_text(f"{how} {after_ms}")
        beside.rename(self.fault)

    def later(self, call_id: str) -> list[Record]:
        """What was heard of a call from its recording; waits for it."""
        names = [self.service.journals / place / f"{call_id}.later.jsonl" for place in (".", "done")]
        wait_until(
            lambda: any(path.exists() for path in names), PATIENCE_SECONDS,
            f"{call_id} was not transcribed later; {self.service.log_end()}",
        )  # fmt: skip
        return [entry.record for path in names for entry in read(path)]

    def said_later(self, call_id: str) -> str:
        return "".join(record.text for record in self.later(call_id) if isinstance(record, Heard))

    def search(self, words: str, call_id: str) -> list[Hit]:
        """What the database finds; waits until it finds something."""
        store = SqlStore(f"sqlite:///{self.service.state / 'hotline.db'}")
        found: list[Hit] = []

        def there() -> bool:
            found[:] = store.search(SearchQuery(words, call_id=call_id))
            return bool(found)

        try:
            wait_until(there, PATIENCE_SECONDS, f"{words} was not found in {call_id}")
        finally:
            store.close()
        return found


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    with Fragile(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.mark.parametrize("how", ["block", "raise", "exit"])
def test_a_decoder_that_dies_in_the_middle_of_a_sentence(town: Fragile, how: str) -> None:
    """The call goes on, keys work, the caller is heard again, and no word is lost."""
    phone = town.caller()
    town.arm(how)
    call_id = town.ring(phone)
    phone.say(town.line("leak"))
    failed = town.watch.wait_for("call_failed", 20, call_id=call_id)
    assert failed.what.startswith("recogniser")
    phone.press("9")
    declared = town.watch.wait_for("emergency_declared", 10, call_id=call_id)
    assert declared.by in ("key", "speech")
    town.watch.wait_for("prompt_started", 10, call_id=call_id, where=lambda r: "不要点火" in r.text)
    phone.say(town.line("address"))
    town.watch.wait_for("heard", 30, call_id=call_id, where=lambda r: "滨江路" in r.text)
    phone.hangup()
    town.watch.wait_for("call_ended", 10, call_id=call_id)
    deferred = [r for r in town.watch.of(call_id) if r.kind == "transcription_deferred"]
    assert deferred and {r.reason for r in deferred} == {"failed"}
    live = "".join(r.text for r in town.watch.of(call_id) if r.kind == "heard")
    assert "厨房" in town.said_later(call_id) and "煤气味" in live + town.said_later(call_id)
    assert all(record.source == "recording" for record in town.later(call_id) if isinstance(record, Heard))
    assert town.search("厨房", call_id)


def test_a_decoder_that_takes_the_process_with_it(town: Fragile) -> None:
    """The caller is called back; the leak that nobody heard is found in the recording and pages a crew."""
    phone = town.caller()
    town.arm("kill")
    call_id = town.ring(phone)
    phone.say(town.line("leak"))
    phone.wait_for("said", 20)
    Path(f"{town.fault}.now").touch()
    assert town.watch.wait_for("call_ended", 30, call_id=call_id).by == "worker_died"
    owed = [r for r in town.watch.of(call_id) if r.kind == "callback_requested"]
    assert len(owed) == 1 and owed[0].number.endswith(phone.user)
    recovered = town.later(call_id)
    assert [r.kind for r in recovered].count("transcription_finished") == 1
    assert [r.kind for r in recovered].count("emergency_declared") == 1, town.said_later(call_id)
    wait_until(lambda: call_id in town.stored_tickets(), PATIENCE_SECONDS, "no ticket")


def test_a_decoder_that_never_works_again_leaves_keys_and_persons(town: Fragile) -> None:
    agent = town.softphone("1001")
    agent.answer_calls()
    phone = town.caller()
    town.arm("block")
    call_id = town.ring(phone)
    phone.say(town.line("person"))
    town.watch.wait_for("call_failed", 20, call_id=call_id)
    phone.press("0")
    agent.wait_for("answered", 40)
    phone.hangup()
    agent.wait_for("ended", 10)
    town.watch.wait_for("call_ended", 10, call_id=call_id)
    agent.close()
    assert town.later(call_id)


# ---- a long recording, while calls go on
MINUTES = 3
SENTENCES = ("我家厨房里没有热水", "燃气灶打不着火", "你们什么时候能来看看", "好的谢谢")


def long_recording(path: Path, minutes: float) -> float:
    """Both sides speak by turns; returns its seconds."""
    said = b"".join(synthesise(text, "f4", lead_ms=400, tail_ms=1800) for text in SENTENCES)
    quiet = bytes(len(said))
    path.parent.mkdir(parents=True, exist_ok=True)
    turn = b"".join(
        left[at : at + 2] + right[at : at + 2]
        for left, right in ((said, quiet), (quiet, said)) for at in range(0, len(said), 2)
    )  # fmt: skip
    times = int(minutes * 60 * 32000 / len(turn)) + 1
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        for _ in range(times):
            file.writeframes(turn)
    return times * len(turn) / 32000


def long_call(town: Town, call_id: str, minutes: float) -> float:
    """A conversation with an agent that nobody has heard, as a busy machine leaves it."""
    path = town.service.recordings / "2026/11/22" / f"{call_id}.wav"
    seconds = long_recording(path, minutes)
    began = datetime.now(UTC) - timedelta(seconds=seconds)
    legs = (("leg-1", "caller", "left"), ("leg-2", "agent", "right"))
    events: list[tuple[type[Event], dict[str, Any]]] = [
        (CallArrived, {"direction": "inbound", "purpose": "inbound", "caller": "+8613900000077",
                       "dialled": "962677", "trunk": "", "sip_call_id": "x"}),
        *((LegStarted, {"leg_id": leg, "role": role, "remote": "x"}) for leg, role, _ in legs),
        *((LegAnswered, {"leg_id": leg}) for leg, _, _ in legs),
        (CallAnswered, {"flow": "main", "flow_version": "1"}),
        *((TranscriptionDeferred, {"leg_id": leg, "role": role, "side": side, "start_ms": 0,
                                   "reason": "busy"}) for leg, role, side in legs),
        (RecordingFinished, {"path": str(path.relative_to(town.service.recordings)), "seconds": seconds}),
        (CallEnded, {"by": "caller"}),
    ]  # fmt: skip
    lines = [
        kind(event_id=f"{call_id}/{number}", call_id=call_id, at=began, **fields).model_dump_json() + "\n"
        for number, (kind, fields) in enumerate(events, 1)
    ]
    beside = town.service.journals / f".{call_id}.new"
    beside.write_text("".join(lines), encoding="utf-8")
    beside.rename(town.service.journals / f"{call_id}.jsonl")
    return seconds


def test_a_long_recording_is_heard_while_calls_go_on_and_the_listener_is_killed(town: Fragile) -> None:
    seconds = long_call(town, "long-1", MINUTES)
    progress = town.service.state / "transcription" / "progress" / "long-1.jsonl"
    wait_until(lambda: progress.exists() and progress.stat().st_size > 0, PATIENCE_SECONDS, "it is not begun")
    died = town.service.kill_role("transcriber")
    phone = town.caller()
    call_id = town.ring(phone)
    phone.say(town.line("leak"))
    town.watch.wait_for("emergency_declared", 20, call_id=call_id)
    phone.hangup()
    town.watch.wait_for("call_ended", 10, call_id=call_id)
    assert town.service.wait_role("transcriber", other_than=died) != died
    heard = [record for record in town.later("long-1") if isinstance(record, Heard)]
    turns = round(seconds / (2 * sum(len(synthesise(text, "f4", lead_ms=400, tail_ms=1800))
                                     for text in SENTENCES) / 16000))  # fmt: skip
    for role in ("caller", "agent"):
        texts = [record.text for record in heard if record.role == role]
        assert len(texts) == turns * len(SENTENCES)
        assert sum("打不着火" in text for text in texts) == turns
    starts = [(record.role, record.start_ms) for record in heard]
    assert len(set(starts)) == len(starts)
    assert len(town.search("打不着", "long-1")) > turns
    assert not list((town.service.state / "transcription" / "waiting").iterdir())


def test_the_listener_is_below_everybody_else(town: Fragile) -> None:
    pid = town.service.wait_role("transcriber")
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    assert os.sched_getscheduler(pid) == os.SCHED_IDLE


def test_what_was_stored_before_the_index_is_indexed_beside_the_listener(town: Fragile) -> None:
    command = [sys.executable, "-m", "hotline.service.indexing", "--config", str(town.service.config)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
