"""The narrow ear with the real decoder: answers by voices it never met, and leaks said instead of one."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hotline.demo.voices import HELD_OUT, synthesise
from hotline.settings import Speech
from hotline.speech.provenance import bare
from hotline.speech.recogniser import BYTES_PER_MS, Expectation, Transcript
from hotline.speech.vosk_engine import answer_decoder, load_model, recogniser_for
from tests.support.speech import Calls, Notes, pieces

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "vosk-demo-gas-zh"
ROWS: list[dict[str, Any]] = YAML(typ="safe").load(
    (ROOT / "tests" / "data" / "caller_sentences.yaml").read_text(encoding="utf-8")
)["sentences"]
STORIES = [row["text"] for row in ROWS if row["kind"] in ("leak", "repair", "address")]


@cache
def model() -> Any:
    return load_model(MODEL)


def heard(text: str, voice: str, what: Expectation, **settings: Any) -> list[Transcript]:
    """What comes of a sentence over A-law while the flow waits for `what`."""
    notes, calls, ends = Notes(), Calls(), []
    speech = Speech(backlog_seconds=3600, **settings)  # the test speaks faster than callers do
    stream = recogniser_for(model(), speech).open_stream(notes, calls)
    stream.expect(what)
    pcm = synthesise(text, voice, lead_ms=400, tail_ms=1200)
    for piece in pieces(audioop.alaw2lin(audioop.lin2alaw(pcm, 2), 2), 60 * BYTES_PER_MS):
        stream.feed(piece)
    stream.close(lambda: ends.append(True))
    calls.run_until(lambda: bool(ends))
    assert not notes.failures
    return notes.finals


@pytest.mark.parametrize("voice", HELD_OUT[:4])
@pytest.mark.parametrize(
    ("text", "answer"), [("对的，没错", "对"), ("对对，没错", "对"), ("不对，不是", "不")]
)
def test_an_answer_has_a_narrow_reading(text: str, answer: str, voice: str) -> None:
    (final,) = heard(text, voice, "yes_no")
    assert final.narrowed.startswith(answer) and final.text


def test_digits_have_one_too() -> None:
    (final,) = heard("幺三九零二五六七七八九", "f4", "digits")
    assert len(final.narrowed) >= 9 and set(final.narrowed) <= set("零一幺二两三四五六七八九十")


@pytest.mark.parametrize("text", STORIES)
def test_a_leak_said_instead_of_an_answer_is_heard_as_ever(text: str) -> None:
    """Free reading as without the narrow ear, and no answer in it."""
    asked, open_question = heard(text, "m5", "yes_no"), heard(text, "m5", "open")
    assert all(not final.narrowed for final in asked + open_question)
    assert bare("".join(f.text for f in asked))[:6] == bare("".join(f.text for f in open_question))[:6]


def test_nothing_is_narrowed_when_it_is_switched_off_or_nothing_is_asked() -> None:
    assert [final.narrowed for final in heard("对的，没错", "f4", "open")] == [""]
    assert [final.narrowed for final in heard("对的，没错", "f4", "yes_no", second_ear=False)] == [""]


def test_where_nothing_is_asked_there_is_no_narrow_decoder() -> None:
    assert answer_decoder(model(), "open") is None and answer_decoder(model(), "yes_no") is not None
