"""What every recogniser keeps to: Vosk, sherpa-onnx, the scripted fake, and as far as it hears, Deaf.

sherpa-onnx hears with a tiny transducer that knows 25 hanzi, and is spoken to in those.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rapidfuzz.distance import Levenshtein

from hotline.demo.voices import synthesise
from hotline.settings import Speech
from hotline.speech.recogniser import BYTES_PER_MS, Deaf, Recogniser
from hotline.speech.sherpa_engine import SherpaRecogniser
from hotline.speech.sherpa_engine import load_model as load_transducer
from hotline.speech.vosk_engine import VoskRecogniser, load_model
from tests.fakes.ears import Said, ScriptedEars
from tests.support.speech import Calls, Notes, pieces
from tests.support.tiny_transducer import FOLDER as TRANSDUCER

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

Make = Callable[[], Recogniser]
MODEL = Path(__file__).parents[2] / "models" / "vosk-demo-gas-zh"
FIRST, SECOND = "楼道里有很浓的煤气味", "你们快点来看看"
FOR_25_HANZI = "楼道里有很浓的煤气", "我家厨房有味道"
"""What the tiny transducer is spoken to in. It has no language model: two hanzi may be wrong."""
LEAD_MS, PAUSE_MS, TAIL_MS = 600, 2500, 2500
TICK_BYTES = 60 * BYTES_PER_MS
NEAR_MS = 250


@dataclass(frozen=True)
class Spoken:
    pcm: bytes
    script: tuple[Said, ...]
    text: str


def spoken(make: Make) -> Spoken:
    """What is said to a recogniser."""
    return _spoken(*(FOR_25_HANZI if make is sherpa else (FIRST, SECOND)))


@cache
def _spoken(begin: str, last: str) -> Spoken:
    """Two sentences with a long pause, as they come over an A-law line."""
    first = synthesise(begin, "f4", lead_ms=LEAD_MS, tail_ms=PAUSE_MS)
    second = synthesise(last, "f4", tail_ms=TAIL_MS)
    first_ms, second_ms = len(first) // BYTES_PER_MS, len(second) // BYTES_PER_MS
    script = (
        Said(begin, LEAD_MS, first_ms - PAUSE_MS),
        Said(last, first_ms, first_ms + second_ms - TAIL_MS),
    )
    return Spoken(audioop.alaw2lin(audioop.lin2alaw(first + second, 2), 2), script, begin + last)


@cache
def model() -> Any:
    return load_model(MODEL)


def vosk() -> Recogniser:
    return VoskRecogniser(model(), Speech(backlog_seconds=60))  # the test speaks faster than callers do


@cache
def transducer() -> Any:
    return load_transducer(TRANSDUCER)


def sherpa() -> Recogniser:
    return SherpaRecogniser(transducer(), Speech(engine="sherpa", backlog_seconds=60))


def scripted() -> Recogniser:
    return ScriptedEars(_spoken(FIRST, SECOND).script)


ALL = pytest.mark.parametrize("make", [vosk, sherpa, scripted, Deaf])
HEARING = pytest.mark.parametrize("make", [vosk, sherpa, scripted])


def listen(make: Make, pcm: bytes, size: int = TICK_BYTES, origin_ms: int = 0) -> Notes:
    """Feed everything, close, and wait for what is still unsaid."""
    notes, calls, ends = Notes(), Calls(), []
    stream = make().open_stream(notes, calls, origin_ms=origin_ms)
    for piece in pieces(pcm, size):
        stream.feed(piece)
    stream.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    calls.run_all()
    assert len(ends) == 1
    return notes


def alike(make: Make, heard: str, said: str) -> bool:
    """Two hanzi in each sentence for the tiny transducer, none for the others."""
    sentences = 1 if said in (one.text for one in spoken(make).script) else 2
    return Levenshtein.distance(heard, said) <= (2 * sentences if make is sherpa else 0)


@HEARING
def test_each_sentence_is_a_final_transcript_with_its_place_in_the_recording(make: Make) -> None:
    notes = listen(make, spoken(make).pcm)
    assert len(notes.finals) == 2
    for final, said in zip(notes.finals, spoken(make).script, strict=True):
        assert alike(make, final.text, said.text)
    for final, said in zip(notes.finals, spoken(make).script, strict=True):
        assert abs(final.start_ms - said.start_ms) < NEAR_MS
        assert abs(final.end_ms - said.end_ms) < NEAR_MS
        assert 0 < final.confidence <= 1


@HEARING
def test_the_words_of_a_final_are_its_text_in_order(make: Make) -> None:
    for final in listen(make, spoken(make).pcm).finals:
        assert "".join(word for word, *_ in final.words) == final.text
        times = [time for _, start, end, _ in final.words for time in (start, end)]
        assert times == sorted(times)
        assert (times[0], times[-1]) == (final.start_ms, final.end_ms)


@HEARING
def test_a_partial_tells_it_before_the_final(make: Make) -> None:
    notes, calls = Notes(), Calls()
    stream = make().open_stream(notes, calls)
    ending = spoken(make).script[0].text[-3:]
    end_of_first = (spoken(make).script[0].end_ms + 600) * BYTES_PER_MS
    for piece in pieces(spoken(make).pcm[:end_of_first], TICK_BYTES):
        stream.feed(piece)
    calls.run_until(lambda: any(ending in text for text, _ in notes.partials))
    assert not notes.finals
    stream.close()


@HEARING
@pytest.mark.parametrize("size", [1, 333, 1600, 16001])
def test_any_size_of_piece_gives_the_same_words(make: Make, size: int) -> None:
    assert alike(make, listen(make, spoken(make).pcm, size).text, spoken(make).text)


@HEARING
def test_places_count_from_the_recording_not_from_the_leg(make: Make) -> None:
    here, later = listen(make, spoken(make).pcm), listen(make, spoken(make).pcm, origin_ms=70_000)
    assert [f.start_ms + 70_000 for f in here.finals] == [f.start_ms for f in later.finals]


@HEARING
def test_words_spoken_while_hanging_up_are_reported_before_the_end(make: Make) -> None:
    cut = spoken(make).pcm[: spoken(make).script[0].end_ms * BYTES_PER_MS]
    assert listen(make, cut).text.startswith(spoken(make).script[0].text[:-3])


@HEARING
@pytest.mark.parametrize("expectation", ["digits", "yes_no", "nothing"])
def test_a_leak_is_heard_whatever_is_expected(make: Make, expectation: Any) -> None:
    notes, calls, ends = Notes(), Calls(), []
    stream = make().open_stream(notes, calls)
    stream.expect(expectation)
    for piece in pieces(spoken(make).pcm, TICK_BYTES):
        stream.feed(piece)
    stream.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    assert alike(make, notes.text, spoken(make).text)


@ALL
def test_nothing_is_reported_after_close(make: Make) -> None:
    notes, calls = Notes(), Calls()
    stream = make().open_stream(notes, calls)
    for piece in pieces(spoken(make).pcm[: len(spoken(make).pcm) // 2], TICK_BYTES):
        stream.feed(piece)
    calls.run_all()
    before = len(notes.partials), len(notes.finals)
    stream.close()
    stream.feed(spoken(make).pcm)
    calls.run_all()
    assert (len(notes.partials), len(notes.finals)) == before
    assert not notes.failures


@pytest.mark.parametrize("make", [vosk, sherpa, Deaf])
def test_silence_says_nothing(make: Make) -> None:
    assert not listen(make, bytes(10_000 * BYTES_PER_MS)).anything


@ALL
def test_a_stream_that_was_never_fed_ends_at_once(make: Make) -> None:
    assert not listen(make, b"").finals


def test_deaf_says_that_it_is() -> None:
    assert not Deaf().hears and vosk().hears and scripted().hears
