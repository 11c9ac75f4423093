"""What dispatch keeps: immutable records, each replaced as a whole when something changes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from dispatch.joined import Clearance, Join, Telling
from dispatch.links import Link
from dispatch.outage_records import Outage
from dispatch.outbound import OutboxItem
from dispatch.record import Moment, Record
from dispatch.states import AssignmentState, CallbackState, IncidentState, PageState, TicketState
from dispatch.ticket_records import Attachment, Clock, Relation, Slip, Visit
from dispatch.units import CrewUnit, DutyChange, Job

TargetKind = Literal["crew", "duty_centre", "leader", "fire"]
COVERING = (
    AssignmentState.ACKNOWLEDGED,
    AssignmentState.EN_ROUTE,
    AssignmentState.ON_SCENE,
    AssignmentState.MADE_SAFE,
)
"""A crew in one of these has taken the incident."""
HELD = (AssignmentState.ASSIGNED, AssignmentState.DECLINED, AssignmentState.UNREACHED)
"""Paged and not released: still accountable (S0 §22(2))."""
RINGING = (PageState.ORDERED, PageState.RINGING, PageState.ANSWERED)
"""A page that may still be taken in time."""


class Ticket(Record):
    """What one caller told."""

    kind: Literal["ticket"] = "ticket"
    number: str
    """`GS-20261122-0007`: prefix, local day, running number."""
    business: str
    """emergency, repair, callback … the keys of the service standard."""
    label: str = ""
    state: TicketState = TicketState.OPEN
    priority: int
    """0 is the most urgent."""
    call_ids: tuple[str, ...] = ()
    opened_at: Moment
    updated_at: Moment
    closed_at: Moment | None = None
    caller: str = ""
    callback_number: str = ""
    address: str = ""
    """As it is read back to the caller."""
    address_fields: dict[str, str] = Field(default_factory=dict)
    """district, street, number, community, building, unit, room."""
    address_detail: str = ""
    """Landmark, crossroads, 附号, village: whatever does not fit the seven fields."""
    address_confirmed: bool = False
    latitude: float | None = None
    longitude: float | None = None
    hazard: str = ""
    place: str = ""
    words: str = ""
    description: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    owner: str = ""
    drill: bool = False
    incident: str = ""
    related: tuple[str, ...] = ()
    close_reason: str = ""
    phase: str = ""
    """How far it is in the states of its own kind of business (config/businesses.yaml)."""
    assistants: tuple[str, ...] = ()
    """Who has it together with the owner (S1 annex 3: never somebody concerned alone)."""
    relations: tuple[Relation, ...] = ()
    customer_flag: str = ""
    """blacklisted or watched, with the reason after a colon (S2 ch. 9)."""
    node: str = ""
    """Which of several nodes works on it; empty: the only one."""

    @property
    def key(self) -> str:
        return self.number

    @property
    def phone(self) -> str:
        """Where the caller can be reached."""
        return self.callback_number or self.caller


class Incident(Record):
    """What dispatch does about an emergency."""

    kind: Literal["incident"] = "incident"
    incident_id: str
    state: IncidentState = IncidentState.REPORTED
    hazard: str
    place: str
    address: str = ""
    address_confirmed: bool = False
    latitude: float | None = None
    longitude: float | None = None
    located_by: Literal["", "caller", "file"] = ""
    """How the place is known; a caller's word beats the customer file."""
    reported_at: Moment
    distance_km: float | None = None
    """By road from the nearest station on duty, fixed at the first location (S0 §10 row 5)."""
    band_minutes: float
    band_assumed: bool = True
    """The place is unknown: the shortest band holds."""
    beyond_bands: bool = False
    target_at: Moment
    tickets: tuple[str, ...]
    drill: bool = False
    round: int = 0
    """How often the whole chain has been gone through."""
    step: int = 0
    """Which step of the chain is being tried."""
    targets_paged: tuple[str, ...] = ()
    """Crews and places paged in this round."""
    next_page_at: Moment | None = None
    """When the next page is due although nothing rings."""
    waiting_for: Literal["", "location", "repeat", "person", "crew"] = ""
    news: tuple[str, ...] = ()
    """Facts that crews on their way have not been told yet."""
    news_due_at: Moment | None = None
    caller_message: Literal["paging", "accepted", "on_scene", "nobody_yet", "over"] = "paging"
    """What the caller may be told: never more than is true."""
    taken_by: str = ""
    first_page_at: Moment | None = None
    accepted_at: Moment | None = None
    en_route_at: Moment | None = None
    on_scene_at: Moment | None = None
    made_safe_at: Moment | None = None
    closed_at: Moment | None = None
    closed_by: str = ""
    close_reason: str = ""
    crews_wanted: int = 1
    """How many crews must have it: by its type, one more for each call for help."""
    out_of_reach_at: Moment | None = None
    """When it was said that no crew can be there in time."""
    expected_at: Moment | None = None
    """When the first crew could be there, while none has it and none can be in time."""
    incident_type: str = ""
    """Key of config/incident_types.yaml; by new facts only ever a worse one."""
    type_by: str = ""
    """Who set the type; empty: the facts."""
    worse_at: Moment | None = None
    """When it is to be looked at whether it has become worse by lasting so long."""
    joined_into: str = ""
    """The incident that has its reports now."""
    target_clause: str = ""
    """Where the arrival is promised (S0 §10 row 5)."""
    target_reckoning: str = ""
    """How the target was counted, in words."""
    node: str = ""
    """Which of several nodes works on it; empty: the only one."""
    next_shift_at: Moment | None = None
    """When the next shift begins that could help while nobody is there."""

    @property
    def key(self) -> str:
        return self.incident_id

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def located(self) -> bool:
        return self.latitude is not None and self.longitude is not None


class Assignment(Record):
    """A crew's duty on an incident."""

    kind: Literal["assignment"] = "assignment"
    assignment_id: str
    incident: str
    crew: str
    state: AssignmentState = AssignmentState.ASSIGNED
    drill: bool = False
    distance_km: float | None = None
    assigned_at: Moment
    acknowledged_at: Moment | None = None
    en_route_by: Moment | None = None
    """Until then `en route` must have come, or the next crew is paged as well."""
    overdue: bool = False
    """It accepted and did not start in time."""
    reinforced: bool = False
    """Its forecast missed the target and the next crew was paged as well."""
    forecast_at: Moment | None = None
    en_route_at: Moment | None = None
    on_scene_at: Moment | None = None
    made_safe_at: Moment | None = None
    cleared_at: Moment | None = None
    declined_at: Moment | None = None
    decline_reason: str = ""
    help_asked: int = 0
    """How often the crew asked for another one."""
    rechecked_at: Moment | None = None
    """The leak re-check after the repair (S0 §22(6))."""
    unsolved: tuple[str, ...] = ()
    """Points that were left open (遗留问题)."""
    welfare_at: Moment | None = None
    """On scene: silent until then, it is asked whether all is well."""
    welfare_asked: int = 0
    """How often it has been asked since it last said something."""
    released_at: Moment | None = None

    @property
    def key(self) -> str:
        return self.assignment_id


class Page(Record):
    """One attempt to reach one phone."""

    kind: Literal["page"] = "page"
    page_id: str
    incident: str
    target_kind: TargetKind
    target: str
    """Crew's key, or the name of the place or leader."""
    person: str
    phone: str
    """SIP URI or number."""
    level: int
    """Step of the chain, from 1."""
    round: int
    channel: str = "phone"
    """By what it is sent: `phone`, or the key of a channel of config/paging.yaml."""
    then_by: tuple[str, ...] = ()
    """The channels that follow at once when this one says that it never will get through."""
    must_acknowledge: bool = False
    """Wanted of this person, whoever else has it."""
    attempt: int = 1
    again_at: Moment | None = None
    """It is over without the acknowledgement that is wanted; the person is tried again then."""
    state: PageState = PageState.ORDERED
    reinforcement: bool = False
    """Another crew has it already but is late."""
    drill: bool = False
    ordered_at: Moment
    expires_at: Moment
    started_at: Moment | None = None
    answered_at: Moment | None = None
    ended_at: Moment | None = None
    why: str = ""

    @property
    def key(self) -> str:
        return self.page_id


class Callback(Record):
    """A caller whom we owe a call."""

    kind: Literal["callback"] = "callback"
    callback_id: str
    call_id: str
    number: str
    reason: str
    ticket: str
    state: CallbackState = CallbackState.WAITING
    requested_at: Moment
    due_at: Moment
    next_at: Moment | None = None
    """The next attempt, or until when the running one may ring."""
    attempts: int = 0
    done_at: Moment | None = None
    why: str = ""
    drill: bool = False
    node: str = ""
    """Which of several nodes works on it; empty: the only one."""

    @property
    def key(self) -> str:
        return self.callback_id


class Fact(BaseModel):
    """Something a caller told before there was a ticket for it."""

    model_config = ConfigDict(frozen=True)

    field: str
    value: str
    confirmed: bool
    latitude: float | None = None
    longitude: float | None = None
    parts: dict[str, str] = Field(default_factory=dict)


class CallNotes(Record):
    """What is known of a running call besides its tickets."""

    kind: Literal["call_notes"] = "call_notes"
    call_id: str
    caller: str = ""
    drill: bool = False
    facts: tuple[Fact, ...] = ()
    started_at: Moment
    ended_at: Moment | None = None

    @property
    def key(self) -> str:
        return self.call_id


class Counter(Record):
    """The last running number of a local day."""

    kind: Literal["counter"] = "counter"
    day: str
    value: int

    @property
    def key(self) -> str:
        return self.day


class HistoryRow(Record):
    """What happened, or did not happen, and to whom; only ever added."""

    event_id: str
    """Unique: the unit's name and a running number."""
    at: Moment
    subject: str
    """Incident or ticket."""
    call_id: str = ""
    what: str
    author: str = ""
    """Who did it; empty: the engine by its rules."""
    detail: dict[str, str] = Field(default_factory=dict)


Put = Annotated[
    Ticket | Incident | Assignment | Page | Callback | OutboxItem | Counter | CallNotes | Link
    | CrewUnit | Job | DutyChange | Join | Clearance | Telling | Outage | Clock | Visit | Slip | Attachment,
    Field(discriminator="kind"),
]


class Unit(BaseModel):
    """One step of work: everything that one event or timer changed, stored together or not at all."""

    STORE_ORDER: ClassVar[tuple[str, ...]] = (
        "counter", "call_notes", "incident", "ticket", "assignment", "page", "link", "join", "clearance",
        "telling", "outage", "callback", "crew_unit", "job", "duty_change",
        "clock", "visit", "slip", "attachment", "outbox",
    )
    """Parents before their children (foreign keys)."""
    model_config = ConfigDict(frozen=True, extra="ignore")

    unit_id: str
    """`e:<event_id>` for what came from outside (so twice is once), random for timers."""
    at: Moment
    puts: tuple[Put, ...] = ()
    history: tuple[HistoryRow, ...] = ()
