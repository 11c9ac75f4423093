"""What dispatch is told, each with the event_id that makes telling it twice harmless."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from dispatch.command import Command
from dispatch.crew_commands import CrewCommand
from dispatch.paging_commands import PagingCommand
from dispatch.states import PageEvent
from dispatch.ticket_commands import TicketCommand

CrewStatus = Literal[
    "acknowledged", "en_route", "on_scene", "made_safe", "cleared", "finished", "needs_help", "rechecked",
    "unsolved", "returning", "available", "off_duty", "out_of_service", "position", "well",
]
"""`finished` is `cleared` in the crew's word; `position` says only where it is."""


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
    customer_flag: str = ""
    """As in `TicketRequest`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactReport(Command):
    """address, callback_number, hazard, place, name, description, address parts …"""

    call_id: str
    field: str
    value: str
    confirmed: bool
    latitude: float | None = None
    longitude: float | None = None
    parts: dict[str, str] = dataclasses.field(default_factory=dict)
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
    customer_flag: str = ""
    """blacklisted or watched, with the reason (S2 ch. 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTaken(Command):
    """Somebody owns it from now on."""

    number: str
    person: str
    first_answer: bool = False
    """By picking up the caller's call: he keeps it for now, even if it is about himself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed(Command):
    number: str
    person: str
    reason: str
    outcome: Literal["done", "withdrawn", "duplicate"] = "done"
    """Only what is done meets its promise; the others' clocks count no more."""


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
    """The reason, the open point, what help is needed; for a re-check `no_gas` or `gas_found`."""
    ticket: str = ""
    """For ordinary work; empty: what the crew has in hand, unless it has an incident."""
    latitude: float | None = None
    longitude: float | None = None
    """Where it is, WGS-84, when it is known."""
    author: str = ""
    """Who says so in the crew's place: the dispatcher; empty: the crew itself."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinIncidents(Command):
    """A person says that they are one leak; the reports of the one go to the other."""

    incident: str
    into: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitReport(Command):
    """A person says that this report is another leak: it gets an incident of its own, paged at once."""

    ticket: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseJoin(Command):
    """A person says that a proposed join is wrong; it is not proposed again."""

    ticket: str
    incident: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCleared(Command):
    """One address of an incident was checked (safety rule 7)."""

    ticket: str
    by: str
    """A crew that has the incident, or a person."""
    recheck: Literal["no_gas", "gas_found", "not_done"] = "no_gas"
    note: str = ""
    """Without a crew's check: the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeIncident(Command):
    """A person says that it is worse."""

    incident: str
    incident_type: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageAnnounced(Command):
    """Gas is or will be off in an area; the hotline hears it first (S0/S1 §24(8))."""

    cause: Literal["planned", "unplanned"]
    area: str
    places: tuple[str, ...]
    reason: str
    starts_at: datetime
    expected_at: datetime
    person: str
    what: Literal["off", "low_pressure"] = "off"
    incident: str = ""
    households: int = 0
    drill: bool = False
    excuse: str = ""
    """Why a planned one departs from the rules: too late, too long, in a peak hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageChanged(Command):
    """Gas is expected back at another time."""

    outage: str
    expected_at: datetime
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageOver(Command):
    """Gas is back, or the planned one does not take place."""

    outage: str
    person: str
    cancelled: bool = False


AnyCommand = (
    CallStarted | CallCameThrough | CallOver | EmergencyReport | FactReport | TicketRequest
    | TicketTaken | TicketClosed
    | CallbackRequest | CallbackResult | PageReport | CrewReport | StandDown | Receipt
    | JoinIncidents | SplitReport | RefuseJoin | AddressCleared | UpgradeIncident
    | OutageAnnounced | OutageChanged | OutageOver | CrewCommand | PagingCommand | TicketCommand
)
