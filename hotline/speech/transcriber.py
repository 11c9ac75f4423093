"""Turns pieces of a leg's audio into partial and final transcripts, by a decoder. No threads here.

When an utterance ends, the decoder has not yet used the last `LOOKAHEAD_MS` it was given; they
are given again as the beginning of the next utterance, so that a word that begins there is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from hotline.speech.gate import Piece
from hotline.speech.recogniser import BYTES_PER_MS, Expectation, Transcript
from hotline.speech.timemap import TimeMap

LOOKAHEAD_MS = 300
"""At least what the decoder holds back: the context of its network (some 220 ms) and a rest."""
ENDPOINT_MS = 500
"""The silence after which decoders see an utterance as over: the shortest rule of the usual models."""
OVERLAP_MS = 900
"""Given again when an utterance is split where no pause is: a word cut in two is heard whole then."""


@dataclass(frozen=True, slots=True)
class DecodedWord:
    text: str
    start_ms: float
    """On the decoder's clock: the audio it was given so far."""
    end_ms: float
    confidence: float


class Decoder(Protocol):
    """A recogniser of one stream of speech. Its methods take long, and may raise anything."""

    def accept(self, pcm: bytes) -> bool:
        """The next audio. True as long as the utterance seems over, which later speech may correct."""
        ...

    def partial(self) -> str:
        """The utterance up to now."""
        ...

    def take(self) -> list[DecodedWord]:
        """End the utterance with what is decoded; the audio that is held back is dropped."""
        ...

    def flush(self) -> list[DecodedWord]:
        """End the utterance with all audio given."""
        ...


@runtime_checkable
class Hinted(Protocol):
    """A decoder that wants to know what is asked (`hotline.speech.hints`)."""

    narrowed: str
    """What the utterance that ended last was to an ear for answers only; empty: none of them."""

    def expect(self, what: Expectation) -> None:
        """What the flow waits for; counts from the next utterance on."""
        ...


@dataclass(frozen=True, slots=True)
class Partial:
    text: str
    end_ms: int


Outcome = Partial | Transcript


def joined(words: list[str]) -> str:
    """Hanzi stand without spaces; Latin words keep one between them."""
    text = ""
    for word in words:
        apart = text and text[-1].isascii() and word[:1].isascii()
        text += f" {word}" if apart else word
    return text


@dataclass(slots=True)
class Transcriber:
    """One leg's words in the order of their saying."""

    decoder: Decoder
    times: TimeMap
    longest_utterance_ms: float
    _recent: deque[Piece] = field(default_factory=deque, init=False)
    _utterance_ms: float = field(default=0, init=False)
    _over_ms: float = field(default=0, init=False)
    _text: str = field(default="", init=False)
    _sound_end_ms: int = field(default=0, init=False)
    _heard_until_ms: int = field(default=-1, init=False)

    def hear(
        self, pieces: list[Piece], *, ask_partial: bool, silence_ms: float, expected: Expectation = "open"
    ) -> Iterator[Outcome]:
        """Decode consecutive pieces; with `ask_partial` a partial comes when the text has changed.

        On a noisy line only the decoder knows that nobody speaks: it ends the utterance after
        `silence_ms`.
        """
        if isinstance(self.decoder, Hinted):
            self.decoder.expect(expected)
        if self._accept(pieces):
            self._over_ms += sum(len(piece.pcm) for piece in pieces) / BYTES_PER_MS
        else:
            self._over_ms = 0
        if self._over_ms and ENDPOINT_MS + self._over_ms >= silence_ms:
            yield from self._end(self.decoder.take(), LOOKAHEAD_MS)
        elif self._utterance_ms >= self.longest_utterance_ms:
            yield from self._split(pieces[-1])
        elif ask_partial:
            yield from self._partial()

    def known_until(self, recording_ms: int) -> None:
        """Words up to there were told by another transcriber."""
        self._heard_until_ms = recording_ms

    def pause(self) -> Iterator[Outcome]:
        """Enough silence for what the flow expects: the utterance is over."""
        if self._utterance_ms:
            yield from self._end(self.decoder.flush(), 0)

    def _accept(self, pieces: list[Piece]) -> bool:
        for piece in pieces:
            self.times.given(piece.offset, len(piece.pcm))
            self._remember(piece)
            if piece.loud:
                end = (piece.offset + len(piece.pcm)) / BYTES_PER_MS
                self._sound_end_ms = self.times.origin_ms + round(end)
        pcm = b"".join(piece.pcm for piece in pieces)
        self._utterance_ms += len(pcm) / BYTES_PER_MS
        return self.decoder.accept(pcm)

    def _partial(self) -> Iterator[Partial]:
        text = self.decoder.partial()
        if text and text != self._text:
            self._text = text
            yield Partial(text, self._sound_end_ms)

    def _split(self, last: Piece) -> Iterator[Outcome]:
        """Speech without a pause: split at a quiet moment, or by force with an overlap."""
        quietest = min(piece.rms for piece in self._recent)
        if last.rms <= quietest:
            yield from self._end(self.decoder.take(), OVERLAP_MS)
        elif self._utterance_ms >= self.longest_utterance_ms + OVERLAP_MS:
            yield from self._end(self.decoder.take(), OVERLAP_MS)

    def _end(self, words: list[DecodedWord], again_ms: float) -> Iterator[Outcome]:
        again = self._tail(again_ms)
        self._utterance_ms, self._over_ms, self._text = 0, 0, ""
        self._recent.clear()
        transcript = self._transcript(words)
        self.times.forget_before(self.times.given_ms)
        if transcript:
            yield transcript
        if again:
            self._accept(again)

    def _tail(self, milliseconds: float) -> list[Piece]:
        tail: list[Piece] = []
        length = 0.0
        for piece in reversed(self._recent):
            if length >= milliseconds:
                break
            tail.insert(0, piece)
            length += len(piece.pcm) / BYTES_PER_MS
        return tail

    def _remember(self, piece: Piece) -> None:
        self._recent.append(piece)
        while sum(len(p.pcm) for p in self._recent) - len(self._recent[0].pcm) > OVERLAP_MS * BYTES_PER_MS:
            self._recent.popleft()

    def _transcript(self, words: list[DecodedWord]) -> Transcript | None:
        """On the recording's clock; what an overlap repeats of the last utterance is left out."""
        placed = [
            (w.text, self.times.recording_ms(w.start_ms), self.times.recording_ms(w.end_ms), w.confidence)
            for w in words
        ]
        told = self._heard_until_ms
        new = tuple((w, max(s, told), e, c) for w, s, e, c in placed if (s + e) / 2 >= told)
        if not new:
            return None
        self._heard_until_ms = new[-1][2]
        confidence = sum(word[3] for word in new) / len(new)
        narrowed = self.decoder.narrowed if isinstance(self.decoder, Hinted) else ""
        text = joined([w[0] for w in new])
        return Transcript(text, new[0][1], new[-1][2], confidence, new, narrowed)
