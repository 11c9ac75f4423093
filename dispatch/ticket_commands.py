"""What dispatch is told about tickets by those who work on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from dispatch.command import Command

RelationKind = Literal["duplicate", "follow_up", "partner"]
AttachmentKind = Literal["recording", "transcript", "picture", "document"]
VisitNews = Literal["en_route", "arrived", "late", "cannot_keep", "cancelled"]
CustomerAnswer = Literal["new_time", "other_technician", "wait", "person", "cancel", "not_reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Command):
    """The owner changes, on record (首问责任制, S0/S1 §4)."""

    number: str
    to: str
    author: str
    reason: str
    was: str = ""
    """Who gives it away; empty: whoever has it."""
    assistants: tuple[str, ...] | None = None
    """Who has it with him; None: as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Command):
    number: str
    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentAdded(Command):
    """A file belongs to a ticket, or to every ticket of a call."""

    what: AttachmentKind
    reference: str
    sha256: str
    media_type: str
    size_bytes: int
    number: str = ""
    call_id: str = ""
    author: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRelated(Command):
    """Two tickets belong together, or a partner has a number of his own for it (S0/S1 §15(6))."""

    number: str
    other: str
    relation: RelationKind
    author: str
    partner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPaused(Command):
    """The clocks of a ticket stand still, for a reason that the standard lists."""

    number: str
    reason: str
    author: str
    stage: str = ""
    """Only this one; empty: every one that runs."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockResumed(Command):
    number: str
    author: str
    stage: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced(Command):
    """A step of the business is taken (config/businesses.yaml)."""

    number: str
    step: str
    author: str
    fields: dict[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEdited(Command):
    """Something on it was wrong or is missing."""

    number: str
    changes: dict[str, str]
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakSuspected(Command):
    """Somebody who works on an ordinary ticket suspects a leak: an emergency, at once."""

    number: str
    author: str
    words: str = ""
    hazard: str = "smell"
    place: str = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChanged(Command):
    """Years have been added to the calendar: what was provisional is counted again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitBooked(Command):
    """Somebody will come within a window; instead of the open one, if there is one."""

    number: str
    begins_at: datetime
    ends_at: datetime
    author: str
    technician: str = ""
    technician_phone: str = ""
    reason: str = ""
    """Why it is another time than before."""
    consent: bool = False
    """The customer has agreed to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReport(Command):
    """What becomes of the open visit of a ticket."""

    number: str
    news: VisitNews
    author: str
    minutes: float | None = None
    """How late; unset: as config/businesses.yaml says."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAnswered(Command):
    """What the customer said to a delay, by key, by voice or to an agent; or that nobody picked up."""

    visit: str
    answer: CustomerAnswer
    by: Literal["key", "speech", "agent"] = "key"
    call_id: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipIssued(Command):
    """A dispatch slip: what is to be done, and who is responsible (S3)."""

    number: str
    content: str
    in_charge: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipReported(Command):
    """The repair record that a slip comes back as."""

    number: str
    author: str
    done: str
    parts: tuple[tuple[str, str, str], ...] = ()
    """Name, quantity, fee in yuan."""
    fee: str = ""
    confirmed_by: str = ""
    points: tuple[str, ...] = ()
    """What is left unsolved."""
    slip: str = ""
    """Empty: the newest that is out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSettled(Command):
    """Something that was left unsolved is solved."""

    slip: str
    point: int
    """From 1."""
    author: str
    how: str


TicketCommand = (
    HandOver | NoteAdded | AttachmentAdded | TicketRelated | ClockPaused | ClockResumed | Advanced
    | TicketEdited | LeakSuspected | CalendarChanged | VisitBooked | VisitReport | CustomerAnswered
    | SlipIssued | SlipReported | PointSettled
)
