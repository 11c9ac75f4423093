"""What a unit of work wants done outside; the outbox keeps each until it is receipted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from dispatch.record import Moment, Record


class PageEffect(BaseModel):
    """Ring this page's phone; what is said is taken from the incident when it is sent."""

    effect: Literal["page"] = "page"
    page_id: str


class CancelEffect(BaseModel):
    effect: Literal["cancel_page"] = "cancel_page"
    page_id: str
    why: str


class UpdatePageEffect(BaseModel):
    """A page's call is up and something new is known."""

    effect: Literal["update_page"] = "update_page"
    page_id: str
    fields: tuple[str, ...]


class NotifyCrewEffect(BaseModel):
    """Phone a crew that has the incident and tell what is new."""

    effect: Literal["notify_crew"] = "notify_crew"
    incident: str
    crew: str
    fields: tuple[str, ...]


class AlarmEffect(BaseModel):
    effect: Literal["alarm"] = "alarm"
    incident: str
    ticket: str
    why: str


class CallBackEffect(BaseModel):
    effect: Literal["call_back"] = "call_back"
    callback_id: str
    attempt: int


class TellCallerEffect(BaseModel):
    """Tell the caller, if the call is still up."""

    effect: Literal["tell_caller"] = "tell_caller"
    call_id: str
    topic: Literal["crew_accepted", "crew_on_scene", "nobody_yet", "over", "late"]
    incident: str


class ForwardEffect(BaseModel):
    """Pass a command on to another node (dispatch.together sends it, not the outlet)."""

    effect: Literal["forward"] = "forward"
    node: str
    event_id: str
    command: dict[str, Any]


class NoticeEffect(BaseModel):
    """Tell somebody who is in `config/contacts.yaml` something, by the channels that stand there.

    A notice that belongs to an incident, or is `urgent`, goes out at once, day and night; others
    may be gathered and wait for the end of quiet hours. It is kept until everybody of `to` has it.
    """

    effect: Literal["notice"] = "notice"
    to: str
    """Key of a contact or group: leaders, duty_centre, fire, police, ambulance, safety_department …;
    a crew's key, or a person's name. Whom nobody knows goes to the duty centre, and that is said."""
    topic: str
    """ticket_overdue, ticket_warning, incident_declared, chain_ended, outage …; policy hangs on it."""
    incident: str = ""
    ticket: str = ""
    text: str
    """What is said and written, in Chinese, as one or more whole sentences."""
    urgent: bool = False
    agreed: bool = False
    """A drill in which this party outside the company takes part; else no drill is told outside."""


class WelfareEffect(BaseModel):
    """Phone a crew on scene and ask whether all is well."""

    effect: Literal["welfare"] = "welfare"
    incident: str
    crew: str
    attempt: int


Effect = Annotated[
    PageEffect | CancelEffect | UpdatePageEffect | NotifyCrewEffect | AlarmEffect | CallBackEffect
    | TellCallerEffect | NoticeEffect | ForwardEffect | WelfareEffect,
    Field(discriminator="effect"),
]


class OutboxItem(Record):
    """Something to be done outside; sent and sent again until it is receipted."""

    kind: Literal["outbox"] = "outbox"
    effect_id: str
    effect: Effect
    created_at: Moment
    receipted_at: Moment | None = None
    node: str = ""
    """Which of several nodes sends it."""
    progress: dict[str, str] = Field(default_factory=dict)
    """What has been settled of it so far, for what has several parts: `leader-1/sms` → `delivered …`."""

    @property
    def key(self) -> str:
        return self.effect_id
