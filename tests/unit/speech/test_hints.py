"""The narrow ear beside the free one, without a recogniser."""

from __future__ import annotations

import pytest

from hotline.speech.hints import UNKNOWN, HintedDecoder, answers, grammar, narrow_for, reading, spell
from hotline.speech.recogniser import BYTES_PER_MS, Expectation
from hotline.speech.transcriber import DecodedWord, Hinted

SECOND = bytes(1000 * BYTES_PER_MS)


class Says:
    """A decoder that says the same for every utterance."""

    def __init__(self, *words: str, confidence: float = 0.9) -> None:
        self.words = [DecodedWord(word, 0, 100, confidence) for word in words]
        self.heard_bytes = self.ended = 0

    def accept(self, pcm: bytes) -> bool:
        self.heard_bytes += len(pcm)
        return False

    def partial(self) -> str:
        return "".join(word.text for word in self.words)

    def take(self) -> list[DecodedWord]:
        self.ended += 1
        return self.words

    def flush(self) -> list[DecodedWord]:
        return self.take()


class Breaks(Says):
    def accept(self, pcm: bytes) -> bool:
        raise RuntimeError("out of order")


def ears(narrow: Says | None, *free: str) -> tuple[HintedDecoder, list[Expectation]]:
    asked: list[Expectation] = []

    def make(what: Expectation) -> Says | None:
        asked.append(what)
        return narrow

    return HintedDecoder(Says(*free), make), asked


def test_it_is_a_decoder_that_wants_hints() -> None:
    assert isinstance(ears(None)[0], Hinted) and not isinstance(Says(), Hinted)


def test_both_ears_hear_while_a_question_is_open() -> None:
    narrow = Says("不是")
    both, asked = ears(narrow, "五室")
    both.expect("yes_no")
    both.accept(SECOND)
    assert both.partial() == "五室"
    assert [word.text for word in both.flush()] == ["五室"] and both.narrowed == "不是"
    assert asked == ["yes_no"] and narrow.heard_bytes == len(SECOND)


@pytest.mark.parametrize("what", ["open", "nothing"])
def test_only_the_free_ear_hears_else(what: Expectation) -> None:
    both, asked = ears(Says("是"), "是")
    both.expect(what)
    both.accept(SECOND)
    both.flush()
    assert asked == [] and both.narrowed == ""


def test_a_question_that_comes_while_somebody_speaks_counts_from_the_next_utterance() -> None:
    both, asked = ears(Says("是"), "我家漏气")
    both.accept(SECOND)
    both.expect("yes_no")
    both.accept(SECOND)
    assert both.take() and both.narrowed == "" and asked == []
    both.accept(SECOND)
    both.take()
    assert both.narrowed == "是" and asked == ["yes_no"]


def test_a_story_is_no_answer() -> None:
    narrow = Says("是")
    both, _ = ears(narrow, "我家漏气")
    both.expect("yes_no")
    for _second in range(6):
        both.accept(SECOND)
    both.flush()
    assert both.narrowed == "" and narrow.heard_bytes <= answers().yes_no.longest_seconds * len(SECOND)


def test_what_the_free_ear_does_not_hear_was_not_said() -> None:
    """Noise that resembles a yes confirms nothing."""
    both, _ = ears(Says("是"))
    both.expect("yes_no")
    both.accept(SECOND)
    assert both.flush() == [] and both.narrowed == ""


def test_a_narrow_ear_that_breaks_harms_nobody() -> None:
    both, _ = ears(Breaks("是"), "我家漏气")
    both.expect("yes_no")
    both.accept(SECOND)
    both.accept(SECOND)
    assert [word.text for word in both.flush()] == ["我家漏气"] and both.narrowed == ""


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ([("是", 0.9), ("的", 0.8)], "是的"),
        ([("是", 0.9), (UNKNOWN, 0.9)], ""),
        ([("是", 0.5)], ""),
        ([], ""),
    ],
)
def test_an_answer_is_all_that_was_said_and_was_heard_well(words: list[tuple[str, float]], read: str) -> None:
    assert reading([DecodedWord(text, 0, 1, confidence) for text, confidence in words]) == read


def test_phrases_are_spelled_in_the_models_words() -> None:
    known = {"不对", "不", "对", "是"}
    assert spell("不对不对", known.__contains__) == ["不对", "不对"]
    assert spell("是不对", known.__contains__) == ["是", "不对"]
    assert spell("取消", known.__contains__) == []


def test_a_grammar_ends_with_the_unknown_and_is_empty_when_nothing_can_be_said() -> None:
    digits = narrow_for("digits")
    assert digits is not None and narrow_for("open") is None
    phrases = grammar(digits, lambda word: len(word) == 1)
    assert "幺 三" in phrases and "零" in phrases and phrases[-1] == UNKNOWN
    assert len(phrases) == len(set(phrases))
    assert grammar(digits, lambda word: False) == []
