"""What is made of the words of a leg: recogniser → triage → inputs of the flow.

The caller's leg is listened to from the first sound to the last, also during prompts, on
hold and while talking to an agent; a leak is acted on while it is still being said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hotline.events import Hazard, Label, Place, Reason


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
    doubtful: bool = False
    """No emergency, but not surely none: a question about danger is due."""
    denied: bool = False
    """The caller said that nothing smells or leaks, and is believed."""


class Understanding(Protocol):
    """Keeps the thread of one conversation."""

    def know(self, facts: Mapping[str, str]) -> None:
        """What is known of the caller: `partner`, `vulnerable`, `drill`, `emergency`, `ticket`, `outage`."""
        ...

    def of(self, text: str, final: bool, *, paused: bool = False) -> Understood:
        """`paused`: a partial after which the caller has fallen silent."""
        ...
