"""What the hotline hears of one leg: recogniser → triage → inputs of the flow.

The caller's leg is listened to from the first sound to the last, also during prompts, on
hold and while talking to an agent; a leak is acted on while it is still being said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from hotline.events import Hazard, Label, Place, Reason

Expectation = Literal["open", "digits", "yes_no", "nothing"]
Words = tuple[tuple[str, int, int, float], ...]


@dataclass(frozen=True, slots=True)
class FinalTranscript:
    """One utterance, times in ms of the recording."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float
    words: Words = ()


class Recogniser(Protocol):
    """A stream of one leg; all callbacks come in the reactor's thread."""

    def feed(self, pcm: bytes) -> None:
        """Never blocks."""
        ...

    def expect(self, what: Expectation) -> None: ...

    def close(self, flushed: Callable[[], None]) -> None:
        """Returns at once; `flushed` comes once, after the last transcript, if it takes long or not."""
        ...


class RecogniserListener(Protocol):
    def partial(self, text: str, end_ms: int) -> None: ...

    def final(self, transcript: FinalTranscript) -> None: ...

    def failed(self, why: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Emergency:
    """Triage says that somebody is in danger."""

    hazard: Hazard
    place: Place
    confidence: float
    words: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """What triage and the address rules make of a transcript."""

    emergency: Emergency | None = None
    """Newly declared, or of a worse hazard than before."""
    label: Label | None = None
    confidence: float = 0.0
    address: dict[str, str] = field(default_factory=dict)
    number: str = ""
    latitude: float | None = None
    longitude: float | None = None


class Understanding(Protocol):
    """Keeps the thread of one conversation."""

    def of(self, text: str, final: bool) -> Understood: ...
