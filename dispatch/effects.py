"""What dispatch asks of the outside world, with every fact that is needed to do it.

The call side implements `Outlet`. Each method must be quick and may be called again with
the same id (after a crash, or because no receipt came): the same page is rung once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from dispatch.model import TargetKind


@dataclass(frozen=True, slots=True)
class Facts:
    """What a crew must know, as far as it is known."""

    incident: str
    ticket: str
    hazard: str
    place: str
    address: str
    address_detail: str
    address_confirmed: bool
    latitude: float | None
    longitude: float | None
    callback_number: str
    reported_at: datetime
    target_at: datetime
    target_minutes: float
    target_assumed: bool
    """The place was unknown: the shortest band holds."""
    distance_km: float | None
    drill: bool
    words: str
    other_addresses: tuple[str, ...] = ()
    """Of other callers of the same leak that nobody has cleared yet (safety rule 7)."""
    situation: tuple[str, ...] = ()
    """What callers have answered, in the crew's terms: 有人受伤 (B2)."""


@dataclass(frozen=True, slots=True)
class PageOrder:
    """Ring `dial` and ask for acceptance."""

    effect_id: str
    page_id: str
    """Also fit to be the page's call_id: the same order twice is the same call."""
    dial: str
    target_kind: TargetKind
    target: str
    person: str
    level: int
    round: int
    ring_until: datetime
    facts: Facts
    channel: str = "phone"
    """`phone`, or the key of a channel of config/paging.yaml; `dial` is the address there."""
    secure_first: str = ""
    """Ordinary ticket on whose scene the crew is: it is to be left safe before the crew drives."""
    has_next: bool = False
    """Another channel follows at once when this one says that it will not get through soon."""


@dataclass(frozen=True, slots=True)
class PageUpdate:
    """New facts for a page whose call is up."""

    effect_id: str
    page_id: str
    fields: tuple[str, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class CrewNotice:
    """Phone a crew on its way and read what is new; receipt it when it was heard."""

    effect_id: str
    notice_id: str
    crew: str
    dials: tuple[str, ...]
    fields: tuple[str, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class WelfareCall:
    """Ask a crew on scene by phone whether all is well; receipt it when a phone was rung."""

    effect_id: str
    crew: str
    dials: tuple[str, ...]
    attempt: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class Alarm:
    """Nobody took it, or something cannot go on without a person."""

    effect_id: str
    why: str
    incident: str
    ticket: str
    text: str
    """In the company's words (policy)."""
    places: tuple[tuple[str, str], ...]
    """Name and phone (may be empty) of each place where it must sound."""
    facts: Facts | None
    drill: bool


@dataclass(frozen=True, slots=True)
class CallBackOrder:
    """Call somebody back and ring until `ring_until`."""

    effect_id: str
    callback_id: str
    attempt: int
    call_id: str
    """What the call must be named, so that dispatch sees that it is still going on."""
    number: str
    reason: str
    ticket: str
    business: str
    ring_until: datetime
    drill: bool
    facts: Mapping[str, str] = field(default_factory=dict)
    """Variables of the flow that speaks, besides those of every call-back."""


@dataclass(frozen=True, slots=True)
class CallerNews:
    """What the caller of a running call may be told."""

    effect_id: str
    call_id: str
    topic: Literal["crew_accepted", "crew_on_scene", "nobody_yet", "over", "late"]
    text: str
    """In the company's words (policy)."""
    incident: str
    ticket: str
    target_at: datetime
    forecast_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell somebody something; each person and channel of it is reported (`NoticeReport`)."""

    effect_id: str
    to: str
    """Key of a contact, a group, a crew, or a person's name."""
    topic: str
    incident: str
    ticket: str
    text: str
    urgent: bool
    """At once, day and night, gathered with nothing."""
    drill: bool
    created_at: datetime
    progress: Mapping[str, str]
    """What was settled before, also before a crash."""
    facts: Facts | None
    agreed: bool = False
    """Of a drill: whoever is outside the company takes part in it."""


class Pager(Protocol):
    """Rings phones."""

    def page(self, order: PageOrder) -> None:
        """Begin to ring; `Dispatch.page_started` is the receipt, or any later event of the page."""
        ...

    def cancel(self, effect_id: str, page_id: str, why: str) -> None:
        """Stop ringing or hang up; also right when the page never rang or is over."""
        ...

    def update(self, update: PageUpdate) -> None: ...


class Outlet(Pager, Protocol):
    """Everything that leaves dispatch. An exception means: not sent, try again."""

    def notify_crew(self, notice: CrewNotice) -> None: ...

    def alarm(self, alarm: Alarm) -> None: ...

    def call_back(self, order: CallBackOrder) -> None: ...

    def tell_caller(self, news: CallerNews) -> None: ...

    def ask_welfare(self, call: WelfareCall) -> None: ...

    def notify(self, notice: Notice) -> None:
        """Begin to tell it; comes again until `NoticeReport` or a receipt has settled it."""
        ...
