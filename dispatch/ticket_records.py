"""What hangs on a ticket: clocks of its stages, visits, dispatch slips, attachments."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dispatch.record import Moment, Record
from dispatch.ticket_states import ClockState, VisitState


class Standing(BaseModel):
    """A clock stood still, for a listed reason and by somebody's decision."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: str
    author: str
    begun: Moment
    ended: Moment | None = None
    """None: it still stands."""


class Clock(Record):
    """The promise for one stage of a ticket, as the service standard reckons it."""

    kind: Literal["clock"] = "clock"
    clock_id: str
    ticket: str
    business: str
    """Key of the standard."""
    stage: str
    after: str = ""
    """The stage whose end starts it; empty: the report."""
    position: int
    """In the order of the standard."""
    state: ClockState = ClockState.WAITING
    drill: bool = False
    started_at: Moment | None = None
    promised_at: Moment | None = None
    """As reckoned, without pauses; None where the promise has no figure or it has not begun."""
    due_at: Moment | None = None
    """With the pauses."""
    target_minutes: float | None = None
    urgency: str = ""
    clause: str = ""
    reckoning: str = ""
    provisional: bool = False
    """Counted through a year without a calendar."""
    assumed: bool = False
    standings: tuple[Standing, ...] = ()
    warned: tuple[int, ...] = ()
    """Percents of the time at which the owner was warned."""
    overdue_told: tuple[str, ...] = ()
    """Who was told that it is overdue."""
    next_at: Moment | None = None
    """The next warning, or when it is overdue."""
    ended_at: Moment | None = None
    late_seconds: int | None = None
    """How late it was met; 0: in time; None: it had no due time, or has not ended."""

    @property
    def key(self) -> str:
        return self.clock_id

    @property
    def open(self) -> bool:
        return self.ended_at is None


class Consent(BaseModel):
    """What a customer said to a delay."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Moment
    answer: Literal["new_time", "other_technician", "wait", "person", "cancel"]
    by: Literal["key", "speech", "agent"]
    call_id: str = ""
    author: str = ""


class Visit(Record):
    """An appointment: somebody comes within an agreed window (S0/S1 §7, §14(1))."""

    kind: Literal["visit"] = "visit"
    visit_id: str
    ticket: str
    ordinal: int
    """1: the first; a second may not fail."""
    state: VisitState = VisitState.BOOKED
    drill: bool = False
    begins_at: Moment
    ends_at: Moment
    technician: str = ""
    """Crew's key, or a person's name."""
    technician_phone: str = ""
    author: str = ""
    made_at: Moment
    check_at: Moment | None = None
    """When it is looked at next: whether the technician is on his way, whether he has come."""
    expected_at: Moment | None = None
    """When somebody who is late will come."""
    late_reason: str = ""
    told_at: Moment | None = None
    """When the customer was told of the delay."""
    told_in_time: bool | None = None
    """At least so long before as promised (S0/S1 §14(1))."""
    consents: tuple[Consent, ...] = ()
    en_route_at: Moment | None = None
    arrived_at: Moment | None = None
    ended_at: Moment | None = None
    end_reason: str = ""

    @property
    def key(self) -> str:
        return self.visit_id


class Part(BaseModel):
    """What was built in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    quantity: str
    fee: str = ""
    """Yuan."""


class Point(BaseModel):
    """Something left unsolved, for the next step (遗留问题, S3)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    settled_at: Moment | None = None
    settled_by: str = ""
    how: str = ""


class Slip(Record):
    """A dispatch slip and the repair record that it comes back as (派工单, S3)."""

    kind: Literal["slip"] = "slip"
    slip_id: str
    ticket: str
    content: str
    """What is to be done."""
    in_charge: str
    """Who is responsible."""
    issued_at: Moment
    issued_by: str
    drill: bool = False
    begun_at: Moment | None = None
    reported_at: Moment | None = None
    reported_by: str = ""
    done: str = ""
    """What was done."""
    parts: tuple[Part, ...] = ()
    fee: str = ""
    """Yuan, all together."""
    confirmed_by: str = ""
    """The customer's signature, or how he confirmed it."""
    points: tuple[Point, ...] = ()

    @property
    def key(self) -> str:
        return self.slip_id

    @property
    def open_points(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.settled_at is None)


class Attachment(Record):
    """A recording, a transcript, a picture: a file that is named by what is in it."""

    kind: Literal["attachment"] = "attachment"
    attachment_id: str
    ticket: str
    what: Literal["recording", "transcript", "picture", "document"]
    reference: str
    """Path within the recordings, or within the folder of attachments."""
    sha256: str
    media_type: str
    size_bytes: int
    caption: str = ""
    call_id: str = ""
    author: str = ""
    """Empty: the engine."""
    added_at: Moment

    @property
    def key(self) -> str:
        return self.attachment_id


class Relation(BaseModel):
    """Another ticket, or a partner's number, that belongs to it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    to: str
    """A ticket's number, or the partner's own."""
    relation: Literal["same_call", "duplicate", "follow_up", "leak", "partner"]
    partner: str = ""
    """110, 119, 12345."""
    author: str = ""
    at: Moment | None = Field(None)


OF_TICKET: tuple[type[Clock | Visit | Slip | Attachment], ...] = (Clock, Visit, Slip, Attachment)
"""Read, kept and forgotten together with their ticket."""
OfTicket = Clock | Visit | Slip | Attachment
