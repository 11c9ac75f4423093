"""What happens to a flow: plain data. Hang-up is an input in every state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hotline.events import Hazard, Label, Place
from hotline.flow.commands import TimerName


@dataclass(frozen=True, slots=True)
class Connected:
    """The call is up. `now` is local time, ISO 8601 with offset; facts are the job's."""

    now: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptFinished:
    now: str


@dataclass(frozen=True, slots=True)
class Key:
    key: str
    """One of 0-9 * # A-D."""
    now: str


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak; timers for noinput stop."""

    now: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """A partial or final transcript with what triage makes of it."""

    text: str
    final: bool
    now: str
    label: Label | None = None
    confidence: float = 0.0
    address: dict[str, str] = field(default_factory=dict)
    """The fields of an address found in the text; `spoken` is how it is read back."""
    number: str = ""
    """A phone number found in the text."""
    latitude: float | None = None
    longitude: float | None = None
    doubtful: bool = False
    """No emergency by these words, but not surely none: one short question is due first."""
    denied: bool = False
    """The caller said himself that nothing smells or leaks, and triage believes him."""
    narrowed: str = ""
    """The same speech to an ear that knew only answers to the open question; empty: none of them."""


@dataclass(frozen=True, slots=True)
class EmergencyHeard:
    """Triage says that somebody is in danger; may come in any state, prompts and hold included."""

    hazard: Hazard
    place: Place
    now: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: TimerName
    now: str


@dataclass(frozen=True, slots=True)
class ActionFinished:
    action: str
    outcome: str
    now: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TransferFinished:
    outcome: Literal["answered", "no_answer", "busy", "unavailable", "ended"]
    now: str


@dataclass(frozen=True, slots=True)
class MessageFinished:
    seconds: float
    now: str


@dataclass(frozen=True, slots=True)
class Told:
    """Something the controller says: topic `crew_accepted`, `outage`, …"""

    topic: str
    now: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone. The flow may only finish its paperwork from here."""

    now: str


Input = (
    Connected | PromptFinished | Key | SpeechStarted | Utterance | EmergencyHeard | TimerFired
    | ActionFinished | TransferFinished | MessageFinished | Told | HungUp
)
