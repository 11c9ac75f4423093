"""What dispatch is told, each with the event_id that makes telling it twice harmless."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from dispatch.states import PageEvent

CrewStatus = Literal["acknowledged", "en_route", "on_scene", "made_safe", "cleared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    event_id: str
    at: datetime
    """When it happened, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(Command):
    """A call arrived; remembered so that its ticket has the number."""

    call_id: str
    caller: str
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOver(Command):
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCameThrough(Command):
    """An inbound call was answered: who was owed a call for an earlier refusal has been helped."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyReport(Command):
    """Somebody may be in danger. The file's address is used until the caller says another."""

    call_id: str
    hazard: str
    place: str
    by: str = "speech"
    caller: str = ""
    words: str = ""
    drill: bool = False
    owner: str = ""
    file_address: str = ""
    file_latitude: float | None = None
    file_longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactReport(Command):
    """address, callback_number, hazard, place, name, description, address parts …"""

    call_id: str
    field: str
    value: str
    confirmed: bool
    latitude: float | None = None
    longitude: float | None = None
    parts: dict[str, str] = field(default_factory=dict)
    """Of an address: street, number, community, building, unit, room, as far as they were said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRequest(Command):
    call_id: str
    business: str
    label: str = ""
    caller: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    drill: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTaken(Command):
    """Somebody owns it from now on."""

    number: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed(Command):
    number: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest(Command):
    call_id: str
    number: str
    reason: str
    within_seconds: float
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackResult(Command):
    """`reached`: the caller talked to us again."""

    callback_id: str
    reached: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReport(Command):
    """What became of a page. TIME_OUT and CANCEL are dispatch's own."""

    page_id: str
    event: PageEvent
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewReport(Command):
    crew: str
    status: CrewStatus
    incident: str = ""
    """Empty: the crew's open one."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandDown(Command):
    """Only a named person may, with a reason (safety rule 2)."""

    incident: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Command):
    """An effect was taken over outside."""

    effect_id: str


AnyCommand = (
    CallStarted | CallCameThrough | CallOver | EmergencyReport | FactReport | TicketRequest
    | TicketTaken | TicketClosed
    | CallbackRequest | CallbackResult | PageReport | CrewReport | StandDown | Receipt
)
