"""A second, narrow ear for the answer to a question: yes and no, or digits.

The free decoder always listens, so that a leak said instead of an answer is heard as ever. While a
question is open, another decoder that knows nothing but answers listens too; what it made of the
utterance stands beside the free reading, for the question that was asked and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, Field

from hotline.speech.recogniser import BYTES_PER_MS, Expectation
from hotline.speech.transcriber import DecodedWord, Decoder, joined
from hotline.yamlfile import load

log = structlog.get_logger()
Result = TypeVar("Result")

ANSWERS = Path(__file__).with_name("assets") / "narrow.yaml"
UNKNOWN = "[unk]"
LEAST_CONFIDENCE = 0.6
"""Below it the narrow decoder has guessed."""


class Narrow(BaseModel):
    """The answers to one kind of question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: tuple[str, ...] = ()
    loop: str = ""
    longest_seconds: float = Field(gt=0)
    """Longer utterances are stories, not answers: the narrow ear stops."""


class Answers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    yes_no: Narrow
    digits: Narrow


@cache
def answers(path: Path = ANSWERS) -> Answers:
    """Raises ConfigurationError."""
    return load(path, Answers)


def narrow_for(what: Expectation) -> Narrow | None:
    """The answers that are expected; None for open questions."""
    if what == "yes_no":
        return answers().yes_no
    return answers().digits if what == "digits" else None


def grammar(narrow: Narrow, knows: Callable[[str], bool]) -> list[str]:
    """Phrases in the model's own words with blanks between them, and `[unk]`; empty when it knows too few."""
    pairs = [first + second for first in narrow.loop for second in narrow.loop]
    spelled = [spell(phrase, knows) for phrase in (*narrow.phrases, *narrow.loop, *pairs)]
    known = list(dict.fromkeys(" ".join(words) for words in spelled if words))
    return [*known, UNKNOWN] if known else []


def spell(phrase: str, knows: Callable[[str], bool]) -> list[str]:
    """The phrase in as few words of the model as a look from the left finds; empty when it cannot be said."""
    words: list[str] = []
    while phrase:
        length = next((n for n in range(len(phrase), 0, -1) if knows(phrase[:n])), 0)
        if not length:
            return []
        words.append(phrase[:length])
        phrase = phrase[length:]
    return words


@dataclass
class HintedDecoder:
    """A `Hinted` one: the free decoder, with the narrow one beside it as long as a question is open."""

    free: Decoder
    make_narrow: Callable[[Expectation], Decoder | None]
    """The decoder for a kind of question; its words hold `[unk]` for what it does not know. None: none."""
    narrowed: str = ""
    _expected: Expectation = "open"
    _listening_for: Expectation = "open"
    _narrow: Decoder | None = None
    _given_bytes: int = 0

    def expect(self, what: Expectation) -> None:
        self._expected = what

    def accept(self, pcm: bytes) -> bool:
        if not self._given_bytes:
            self._change()
        self._given_bytes += len(pcm)
        self._beside(pcm)
        return self.free.accept(pcm)

    def partial(self) -> str:
        return self.free.partial()

    def take(self) -> list[DecodedWord]:
        words = self.free.take()
        self._end("take", bool(words))
        return words

    def flush(self) -> list[DecodedWord]:
        words = self.free.flush()
        self._end("flush", bool(words))
        return words

    def _change(self) -> None:
        """Between utterances: another ear for another question."""
        if self._expected != self._listening_for:
            self._listening_for, self._narrow = self._expected, None
            if narrow_for(self._expected):
                self._narrow = self._guarded(lambda: self.make_narrow(self._expected))

    def _beside(self, pcm: bytes) -> None:
        narrow, answer = self._narrow, narrow_for(self._listening_for)
        if narrow is None or answer is None:
            return
        if self._given_bytes > answer.longest_seconds * 1000 * BYTES_PER_MS:
            self._forget()
        else:
            self._guarded(lambda: narrow.accept(pcm))

    def _end(self, how: str, heard: bool) -> None:
        narrow, self.narrowed, self._given_bytes = self._narrow, "", 0
        if narrow is not None:
            words = self._guarded(narrow.take if how == "take" else narrow.flush) or []
            self.narrowed = reading(words) if heard else ""

    def _forget(self) -> None:
        """Made again for the next utterance."""
        self._narrow, self._listening_for = None, "open"

    def _guarded(self, work: Callable[[], Result]) -> Result | None:
        """The narrow ear may break: the free one goes on."""
        try:
            return work()
        except Exception as error:
            log.warning("narrow ear failed", reason=f"{type(error).__name__}: {error}")
            self._narrow = None
            return None


def reading(words: list[DecodedWord]) -> str:
    """The narrow reading of an utterance; empty when something in it was no answer, or hardly heard."""
    if not words or any(word.text == UNKNOWN for word in words):
        return ""
    if sum(word.confidence for word in words) / len(words) < LEAST_CONFIDENCE:
        return ""
    return joined([word.text for word in words])
