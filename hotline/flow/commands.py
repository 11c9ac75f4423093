"""What the flow interpreter asks the conversation to do: plain data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

from hotline.events import CrewStatus, Hazard, Label

TimerName = Literal["noinput", "interdigit", "limit"]
Reading = Literal["text", "digits", "number", "date", "time", "duration", "phone", "address"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt. `reading` tells how the text is read aloud."""

    text: str
    reading: Reading = "text"


@dataclass(frozen=True, slots=True)
class Play:
    """Play a prompt; `PromptFinished` follows unless it is stopped."""

    segments: tuple[Segment, ...]
    bargein: bool


@dataclass(frozen=True, slots=True)
class PlayHoldMusic:
    pass


@dataclass(frozen=True, slots=True)
class StopPlaying:
    pass


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Starts or restarts the timer of that name; `TimerFired` follows."""

    name: TimerName
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: TimerName


@dataclass(frozen=True, slots=True)
class Expect:
    """What kind of speech comes next: a hint for the decoder and the endpointing."""

    what: Literal["open", "digits", "yes_no", "nothing"]


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """Whether keys pressed from now on stay out of journal and log (a PIN)."""

    on: bool


@dataclass(frozen=True, slots=True)
class Act:
    """A business action; `ActionFinished` follows within `timeout_seconds` (outcome `unavailable`)."""

    action: str
    arguments: dict[str, str]
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect the caller with somebody: `agents`, `duty_crew`, a partner's name.

    `TransferFinished` follows: `answered` when both are talking, then `ended` when the other
    side hung up first; or why nobody was reached.
    """

    target: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class CancelTransfer:
    pass


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """The caller's words are a message from now on; `MessageFinished` follows."""

    max_seconds: float
    silence_seconds: float


@dataclass(frozen=True, slots=True)
class DeclareEmergency:
    by: Literal["speech", "key"]
    """Speech: the evidence is the last `EmergencyHeard`, or, without one, a phrase of the flows."""
    hazard: Hazard | None = None
    """What the flow knows; None: a key, nothing said yet."""


@dataclass(frozen=True, slots=True)
class Learn:
    """A fact for the ticket."""

    field: str
    value: str
    confirmed: bool
    latitude: float | None = None
    longitude: float | None = None
    parts: dict[str, str] = dataclasses.field(default_factory=dict)
    """Of an address: street, number, community, building, unit, room, as far as they were said."""


@dataclass(frozen=True, slots=True)
class OpenTicket:
    business: str
    label: Label | None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestCallback:
    number: str
    reason: Literal["asked", "queue_left", "unanswered_question"]
    within_seconds: int


@dataclass(frozen=True, slots=True)
class AcceptPage:
    pass


@dataclass(frozen=True, slots=True)
class DeclinePage:
    reason: str


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """A crew's report by phone menu."""

    crew: str
    status: CrewStatus
    incident: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Enter:
    """A state was entered; for journal and timeline."""

    flow: str
    state: str


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


Command = (
    Play | PlayHoldMusic | StopPlaying | StartTimer | CancelTimer | Expect | SecretKeys | Act | Transfer
    | CancelTransfer | RecordMessage | DeclareEmergency | Learn | OpenTicket | RequestCallback
    | AcceptPage | DeclinePage | ReportStatus | Enter | HangUp
)
