"""What is not heard live is on record to be heard later, and no call waits for a recogniser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hotline.calls.hearing import REOPEN_SECONDS, REOPENED_AT_MOST
from hotline.events import TranscriptionDeferred
from hotline.flow import commands, inputs
from hotline.speech.budget import Board
from hotline.speech.recogniser import SpeechListener, Transcript
from tests.fakes.ears_by_hand import EarsByHand, StreamByHand
from tests.journeys.stage import Stage
from tests.unit.calls.test_conversation_faults import INBOUND, Hears, Script

SECOND = bytes(16000)


def to_a_person(event: inputs.Input) -> Sequence[commands.Command]:
    """Rings agents at once, and waits for ever afterwards."""
    if isinstance(event, inputs.Connected):
        return [commands.StartTimer("noinput", 1000), commands.Transfer("agents", 20)]
    return []


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = staged(tmp_path)
    yield made
    if not made.finished:
        made.caller.remote_hangup()
        made.wait(3)
    assert made.finished == 1


def staged(tmp_path: Path, **speech: Any) -> Stage:
    (tmp_path / "run").mkdir()
    stage = Stage(tmp_path, Script(to_a_person), Hears(), INBOUND, speech={"engine": "none", **speech})
    stage.controller.answers["find_agents"] = ("ok", {"users": "1001"})
    stage.ring()
    stage.wait(1)
    return stage


def agent_answers(stage: Stage) -> StreamByHand | None:
    """The agent's ear; None when he is not heard."""
    before = len(stage.ears.streams)
    stage.switchboard.dialled()[0].remote_answer()
    stage.wait(0.5)
    return stage.ears.streams[before] if len(stage.ears.streams) > before else None


def deferred(stage: Stage) -> list[tuple[str, str, int, int | None, str]]:
    """The last word on each stretch: leg, side, start, end, reason."""
    last: dict[tuple[str, int], TranscriptionDeferred] = {}
    for record in stage.of("transcription_deferred"):
        last[record.leg_id, record.start_ms] = record
    return [(r.leg_id, r.side, r.start_ms, r.end_ms, r.reason) for r in last.values()]


def test_both_sides_are_heard_each_by_an_ear_of_its_own(stage: Stage) -> None:
    agent = agent_answers(stage)
    assert agent is not None
    stage.ear.say("厨房的灶打不着火")
    agent.say("您的地址是哪里")
    heard = [(record.leg_id, record.role, record.text) for record in stage.of("heard")]
    assert heard == [("leg-1", "caller", "厨房的灶打不着火"), ("leg-2", "agent", "您的地址是哪里")]
    assert deferred(stage) == []


def test_an_agents_leak_declares_nothing(stage: Stage) -> None:
    agent = agent_answers(stage)
    assert agent is not None
    agent.say("您家有没有漏气")
    assert not stage.of("emergency_declared")


def test_a_decoder_that_breaks_is_opened_again_and_the_gap_is_on_record(stage: Stage) -> None:
    stage.ear.listener.final(Transcript("您好", 100, 700, 0.9))
    stage.caller.say_audio(SECOND)
    stage.ear.listener.failed("it broke")
    assert stage.of("call_failed")[0].what == "recogniser: it broke"
    assert deferred(stage) == [("leg-1", "left", 700, None, "failed")]
    stage.wait(REOPEN_SECONDS + 0.25)
    assert deferred(stage) == [("leg-1", "left", 700, 2000, "failed")]
    stage.ears.streams[-1].say("漏气了")
    assert stage.of("emergency_declared")


def test_one_that_breaks_again_and_again_is_left_alone(stage: Stage) -> None:
    for number in range(REOPENED_AT_MOST + 1):
        stage.caller.say_audio(SECOND)
        assert len(stage.ears.streams) == number + 1
        stage.ears.streams[-1].listener.failed("again")
        stage.wait(REOPEN_SECONDS + 0.25)
    assert len(stage.ears.streams) == REOPENED_AT_MOST + 1
    assert [end for _, _, _, end, _ in deferred(stage)][-1] is None
    stage.caller.press("1")
    assert stage.of("key_pressed")


def test_a_recogniser_that_cannot_be_opened_leaves_the_whole_leg_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EarsByHand, listener: SpeechListener, origin_ms: int) -> StreamByHand:
        raise MemoryError("no room for a decoder")

    monkeypatch.setattr(EarsByHand, "open", refuse)
    stage = staged(tmp_path)
    assert deferred(stage) == [("leg-1", "left", 0, None, "failed")]
    assert stage.switchboard.dialled()
    stage.caller.remote_hangup()
    stage.wait(0.25)
    assert stage.of("call_ended")
    assert deferred(stage) == [("leg-1", "left", 0, 1000, "failed")]


def test_what_was_skipped_is_one_stretch_with_its_end(stage: Stage) -> None:
    listener = stage.ear.listener
    for start in range(2000, 4000, 100):
        listener.skipped(start, start + 100)
    assert deferred(stage) == [("leg-1", "left", 1500, None, "behind")]
    listener.final(Transcript("阀门关不上", 4200, 5000, 0.9))
    assert deferred(stage) == [("leg-1", "left", 1500, 4500, "behind")]
    assert len(stage.of("transcription_deferred")) == 2


def test_last_words_that_do_not_come_out_in_time_are_heard_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StreamByHand, "close", lambda self, flushed=None: None)
    stage.ear.listener.final(Transcript("您好", 100, 700, 0.9))
    stage.caller.remote_hangup()
    stage.wait(3)
    assert deferred(stage) == [("leg-1", "left", 700, None, "unfinished")]
    assert stage.of("call_ended")


def busy(tmp_path: Path, urgent: float) -> Board:
    """Another worker that uses so many cores; it stands before us."""
    board = Board(tmp_path / "run" / "decoders")
    board.write(urgent, 0, 0)
    return board


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Board]:
    """Record locks belong to a process: the test's own board would share ours, so it is another file."""
    (tmp_path / "others").mkdir()
    board = Board(tmp_path / "others" / "decoders")
    yield board
    board.close()


def test_on_a_busy_machine_a_conversation_is_heard_later(
    stage: Stage, other: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.write(50.0, 0, 0)
    reader = Board(other_path(stage))
    monkeypatch.setattr(Board, "others", lambda self: reader_others(reader))
    assert agent_answers(stage) is None
    stage.wait(2)
    assert deferred(stage) == [("leg-2", "right", 1000, None, "busy")]
    assert not stage.ears.streams[0].closed, "nothing was measured of the caller yet: he costs nothing"
    reader.close()


def other_path(stage: Stage) -> Path:
    return Path(stage.conversation.context.settings.paths.run).parent / "others" / "decoders"


def reader_others(reader: Board) -> Any:
    return REAL_OTHERS(reader)


REAL_OTHERS = Board.others


def test_talk_gives_way_and_the_caller_is_heard_again_when_he_is_back_at_the_menu(
    stage: Stage, other: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = agent_answers(stage)
    assert agent is not None
    stage.ear.listener.final(Transcript("您好", 100, 700, 0.9))
    other.write(0.0, 0, 30.0)
    reader = Board(other_path(stage))
    monkeypatch.setattr(Board, "others", lambda self: reader_others(reader))
    stage.wait(1.5)
    assert agent.closed and stage.ears.streams[0].closed
    assert [(leg, start, end, why) for leg, _, start, end, why in deferred(stage)] == [
        ("leg-1", 700, None, "busy"), ("leg-2", 1000, None, "busy"),
    ]
    stage.switchboard.dialled()[0].remote_hangup()
    stage.wait(0.25)
    ends = {leg: end for leg, _, _, end, _ in deferred(stage)}
    assert all(end is not None for end in ends.values())
    stage.ears.streams[-1].say("漏气了")
    assert stage.of("emergency_declared"), "at the menu he is heard at once"
    reader.close()


def test_who_is_in_danger_is_heard_whatever_the_load(
    stage: Stage, other: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.ear.say("漏气了")
    other.write(0.0, 0, 30.0)
    reader = Board(other_path(stage))
    monkeypatch.setattr(Board, "others", lambda self: reader_others(reader))
    agent_answers(stage)
    stage.wait(3)
    assert not stage.ears.streams[0].closed
    assert {leg for leg, *_ in deferred(stage)} == {"leg-2"}
    reader.close()
