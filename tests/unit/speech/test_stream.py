"""A decoder that is slow, stuck, broken or absent never holds up the call."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from hotline.settings import Speech
from hotline.speech.recogniser import BYTES_PER_MS
from hotline.speech.stream import ThreadedStream
from hotline.speech.transcriber import DecodedWord, Decoder
from tests.support.speech import PATIENCE_SECONDS, Calls, Notes, silence, tone


class Heard:
    """Says one word for everything it was given."""

    def __init__(self) -> None:
        self.given = b""

    def accept(self, pcm: bytes) -> bool:
        self.given += pcm
        return False

    def partial(self) -> str:
        return "喂"

    def take(self) -> list[DecodedWord]:
        return [DecodedWord("喂", 0, 100, 1.0)]

    def flush(self) -> list[DecodedWord]:
        return self.take()


class Broken(Heard):
    def accept(self, pcm: bytes) -> bool:
        raise RuntimeError("no more memory")


class Stuck(Heard):
    """Hangs until the test lets go."""

    def __init__(self) -> None:
        super().__init__()
        self.hanging, self.let_go = threading.Event(), threading.Event()

    def accept(self, pcm: bytes) -> bool:
        self.hanging.set()
        self.let_go.wait(PATIENCE_SECONDS)
        return super().accept(pcm)


class Wall:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def stream(
    make: Callable[[], Decoder], settings: Speech | None = None
) -> tuple[ThreadedStream, Notes, Calls, Wall]:
    notes, calls, wall = Notes(), Calls(), Wall()
    return ThreadedStream(make, settings or Speech(), notes, calls, monotonic=wall), notes, calls, wall


def no_decoder() -> Decoder:
    raise MemoryError("no room for a decoder")


@pytest.mark.parametrize("make", [Broken, no_decoder])
def test_a_broken_decoder_is_reported_once_and_the_stream_is_deaf(make: Callable[[], Decoder]) -> None:
    ear, notes, calls, _ = stream(make)
    ear.feed(tone(-20, 300))
    calls.run_until(lambda: bool(notes.failures))
    for _ in range(20):
        ear.feed(tone(-20))
    calls.run_all()
    assert len(notes.failures) == 1 and not notes.partials


def test_a_broken_decoder_still_lets_the_leg_end() -> None:
    ear, notes, calls, _ = stream(Broken)
    ends: list[bool] = []
    ear.feed(tone(-20, 300))
    ear.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    calls.run_all()
    assert ends == [True] and len(notes.failures) == 1


def test_a_stuck_decoder_is_given_up_while_the_call_goes_on() -> None:
    stuck = Stuck()
    ear, notes, calls, wall = stream(lambda: stuck)
    ear.feed(tone(-20, 300))
    assert stuck.hanging.wait(PATIENCE_SECONDS)
    wall.now = 9.9
    ear.feed(tone(-20))
    assert not notes.failures
    wall.now = 10.1
    ear.feed(tone(-20))
    assert len(notes.failures) == 1 and "stuck" in notes.failures[0]
    stuck.let_go.set()
    calls.run_all()


def test_a_stuck_decoder_lets_the_leg_end() -> None:
    stuck = Stuck()
    ear, notes, calls, _ = stream(lambda: stuck, Speech(stuck_seconds=0.05))
    ends: list[bool] = []
    ear.feed(tone(-20, 300))
    ear.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    assert len(notes.failures) == 1
    stuck.let_go.set()


def test_a_decoder_that_is_behind_skips_the_oldest_speech_and_says_how_much() -> None:
    stuck = Stuck()
    ear, notes, calls, _ = stream(lambda: stuck, Speech(backlog_seconds=2))
    ends: list[bool] = []
    ear.feed(tone(-20, 100))
    assert stuck.hanging.wait(PATIENCE_SECONDS)
    for number in range(50):
        ear.feed(tone(-20 - number * 0.1, 100))
    stuck.let_go.set()
    ear.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    assert 2900 <= ear.skipped_ms <= 3200
    assert stuck.given.endswith(tone(-20 - 49 * 0.1, 100))
    assert not notes.failures


def test_a_silent_caller_costs_no_thread() -> None:
    def never() -> Decoder:
        raise AssertionError("a decoder for silence")

    ear, notes, calls, _ = stream(never)
    before = threading.active_count()
    for _ in range(500):
        ear.feed(silence())
    assert threading.active_count() == before
    ear.close()
    calls.run_all()
    assert not notes.anything


@pytest.mark.parametrize(("what", "after_ms"), [("open", 900), ("digits", 800), ("yes_no", 500)])
def test_the_expected_answer_decides_how_much_silence_ends_it(what: str, after_ms: int) -> None:
    ear, notes, calls, _ = stream(Heard)
    ear.expect(what)  # type: ignore[arg-type]  # one of the literals, by parametrize
    ear.feed(tone(-20, 300))
    for _ in range(after_ms // 50 - 1):
        ear.feed(silence(50))
    ear.feed(silence(50))
    calls.run_until(lambda: bool(notes.finals))
    ear.close()


def test_a_pause_shorter_than_that_ends_nothing() -> None:
    ear, notes, calls, _ = stream(Heard)
    ends: list[bool] = []
    for _ in range(5):
        ear.feed(tone(-20, 300))
        ear.feed(silence(800))
    ear.feed(tone(-20, 300))
    ear.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    assert len(notes.finals) == 1


def test_what_the_decoder_gets_is_what_was_said_whatever_the_pieces() -> None:
    decoder = Heard()
    ear, _, calls, _ = stream(lambda: decoder)
    ends: list[bool] = []
    line = tone(-20, 1000)
    at = 0
    for size in [1, 7, 320, 961, 15, 4000, len(line)]:
        ear.feed(line[at : at + size])
        at += size
    ear.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    assert line.startswith(decoder.given)
    assert len(line) - len(decoder.given) < 20 * BYTES_PER_MS
