"""What the line hears: a stream of transcripts for each leg that speaks.

A stream gets one leg's own voice only, never what the hotline plays, so prompts, hold
music and the other party's words cannot be mistaken for the caller's. Keys pressed in
band do reach it: the models hear tones as silence, and triage never depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Expectation = Literal["open", "digits", "yes_no", "nothing"]
"""A hint for endpointing, and for a second ear beside the free one. What is heard freely is never narrowed:
a leak may be reported at any moment."""

SAMPLE_RATE_HZ = 8000
BYTES_PER_MS = SAMPLE_RATE_HZ * 2 // 1000

CallFromThread = Callable[..., None]
"""`reactor.callFromThread`: runs a function with its arguments in the reactor's thread."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A final transcript of one utterance; the fields are those of `hotline.events.Heard`."""

    text: str
    """Hanzi without spaces."""
    start_ms: int
    """From the start of the recording."""
    end_ms: int
    confidence: float
    """Mean of the words' confidences, 0 to 1."""
    words: tuple[tuple[str, int, int, float], ...] = ()
    """word, start_ms, end_ms, confidence."""
    narrowed: str = ""
    """The same speech to a decoder that knew only answers to the open question; empty: none of them."""


class SpeechListener(Protocol):
    """Is told what a leg said; all calls come in the reactor's thread."""

    def partial(self, text: str, end_ms: int) -> None:
        """What the current utterance is taken for up to now; it may still change.

        `end_ms` is where in the recording the last word ended. The first partial of an
        utterance says that the caller began to speak.
        """
        ...

    def final(self, transcript: Transcript) -> None:
        """The utterance is over and will not change. Utterances without a word are not reported."""
        ...

    def skipped(self, start_ms: int, end_ms: int) -> None:
        """The decoder was too far behind: this stretch of the recording is never decoded live."""
        ...

    def failed(self, reason: str) -> None:
        """The decoder broke; comes at most once. The stream is deaf from here, the call goes on."""
        ...


class SpeechStream(Protocol):
    """The ear at one leg. None of its methods blocks or raises."""

    decoder_seconds: float
    """Processor time that decoding has cost so far."""

    @property
    def behind_ms(self) -> float:
        """How much was heard and is not decoded yet."""
        ...

    def feed(self, pcm: bytes) -> None:
        """The next of the leg's audio, without gaps: 8 kHz, 16 bit, little-endian, mono, any length."""
        ...

    def expect(self, what: Expectation) -> None:
        """What the flow waits for; decides how much silence ends an utterance."""
        ...

    def close(self, flushed: Callable[[], None] | None = None) -> None:
        """The leg has ended; returns at once.

        With `flushed` what is still unsaid is reported first, then `flushed` comes, in any case
        and once; a decoder that hangs makes it late by at most the time after which it is given
        up, so bound the wait. Without it nothing is reported any more.
        """
        ...


class Recogniser(Protocol):
    """Opens ears. One for each worker process."""

    hears: bool
    """False when there is no model: the line works by keys and persons."""

    def open_stream(
        self, listener: SpeechListener, call_from_thread: CallFromThread, *, origin_ms: int = 0
    ) -> SpeechStream:
        """An ear for a leg whose first fed sample is `origin_ms` after the start of the recording."""
        ...


class DeafStream:
    """Hears nothing and reports nothing."""

    decoder_seconds = 0.0
    behind_ms = 0.0

    def feed(self, pcm: bytes) -> None:
        """Nobody listens."""

    def expect(self, what: Expectation) -> None:
        """Nobody listens."""

    def close(self, flushed: Callable[[], None] | None = None) -> None:
        if flushed:
            flushed()


class Deaf:
    """The recogniser of a line without a model."""

    hears = False

    def __init__(self, why: str = "") -> None:
        """`why`: what is wrong, when there should be a model; told as the failure of every stream."""
        self._why = why

    def open_stream(
        self, listener: SpeechListener, call_from_thread: CallFromThread, *, origin_ms: int = 0
    ) -> SpeechStream:
        if self._why:
            call_from_thread(listener.failed, self._why)
        return DeafStream()
