"""What happened in a call, in the past tense: the records of its journal.

A worker (or the edge) appends each record to its own journal file before it acts on
it; the controller reads the files, hands them to dispatch and stores them, each once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

LegRole = Literal["caller", "agent", "partner", "supervisor", "crew"]
Label = Literal[
    "leak_emergency", "repair", "no_gas", "outage_inquiry", "billing", "meter", "new_install",
    "appointment", "transfer_ownership", "safety_check", "complaint", "consult_other", "human_agent",
]
Hazard = Literal["smell", "leak", "third_party_damage", "fire_explosion", "co", "alarm", "valve", "other"]
Place = Literal["indoor", "outdoor", "unknown"]
CrewStatus = Literal[
    "acknowledged", "en_route", "on_scene", "made_safe", "cleared", "finished", "needs_help", "rechecked",
    "unsolved", "returning", "available", "off_duty", "out_of_service", "position", "well",
    "address_checked",
]


class Event(BaseModel):
    """One record. `event_id` is unique for ever and makes storing it twice harmless."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str
    """`<call_id>/<number>`, numbers from 1 within one journal."""
    call_id: str
    at: AwareDatetime
    """UTC."""


class Reason(BaseModel):
    """Words that led to a decision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    start: int
    """Offset in characters of the transcript."""
    end: int
    rule: str


class CallArrived(Event):
    """An INVITE was admitted, or an outbound call was started."""

    kind: Literal["call_arrived"] = "call_arrived"
    direction: Literal["inbound", "outbound"]
    purpose: str
    """inbound, page, callback, selftest …"""
    caller: str
    """Number in E.164 or a short code; empty when withheld."""
    dialled: str
    trunk: str
    sip_call_id: str
    drill: bool = False


class CallAnswered(Event):
    """200 OK was sent (inbound) or came (outbound)."""

    kind: Literal["call_answered"] = "call_answered"
    flow: str
    flow_version: str


class LegStarted(Event):
    kind: Literal["leg_started"] = "leg_started"
    leg_id: str
    role: LegRole
    remote: str


class LegAnswered(Event):
    kind: Literal["leg_answered"] = "leg_answered"
    leg_id: str


class LegEnded(Event):
    kind: Literal["leg_ended"] = "leg_ended"
    leg_id: str
    role: LegRole
    sip_status: int
    cause: Literal["remote", "local", "no_answer", "busy", "rejected", "dead_peer", "error"]


class StateEntered(Event):
    kind: Literal["state_entered"] = "state_entered"
    flow: str
    state: str


class PromptStarted(Event):
    kind: Literal["prompt_started"] = "prompt_started"
    text: str


class KeyPressed(Event):
    kind: Literal["key_pressed"] = "key_pressed"
    leg_id: str
    key: str
    """Empty in the journal where keys are secret (a PIN)."""
    method: Literal["rfc4733", "info", "inband"]


class Heard(Event):
    """A final transcript of one utterance."""

    kind: Literal["heard"] = "heard"
    leg_id: str
    role: LegRole
    text: str
    start_ms: int
    """From the start of the recording."""
    end_ms: int
    confidence: float
    words: tuple[tuple[str, int, int, float], ...] = ()
    """word, start_ms, end_ms, confidence."""
    narrowed: str = ""
    """The same speech to an ear that knew only answers to the open question; empty: none of them."""
    corrected: str = ""
    """The text with domain words of the same sound written right (漏气 for 露气); empty: nothing to mend."""
    source: Literal["", "recording"] = ""
    """`recording`: heard after the call, and `at` is when it was said; empty: heard live."""


class TranscriptionDeferred(Event):
    """A stretch of a leg was not heard live; it is heard later, from the recording.

    A second record of the same leg and `start_ms` replaces the first: then its end is known.
    """

    kind: Literal["transcription_deferred"] = "transcription_deferred"
    leg_id: str
    role: LegRole
    side: Literal["left", "right"]
    """Of the recording: the first leg is on the left, what it heard on the right."""
    start_ms: int
    """From the start of the recording."""
    end_ms: int | None = None
    """None: to the end of the leg, or of the recording."""
    reason: Literal["busy", "behind", "failed", "unfinished"]
    """No decoder time left; the decoder fell behind; it broke; the call ended before it had finished."""


class TranscriptionFinished(Event):
    """All that was deferred of a call has been heard from the recording; ends a later journal."""

    kind: Literal["transcription_finished"] = "transcription_finished"
    seconds: float
    """Of sound that was listened to."""
    utterances: int
    model: str


class EmergencyDeclared(Event):
    kind: Literal["emergency_declared"] = "emergency_declared"
    by: Literal["speech", "key", "agent", "partner"]
    hazard: Hazard
    place: Place
    words: str
    """What was heard up to then, a partial transcript included."""
    confidence: float
    reasons: tuple[Reason, ...] = ()
    phrase_end_ms: int | None = None
    """Where in the recording the decisive words ended, when speech declared it."""


class FactLearned(Event):
    """Something the caller told: address, callback_number, hazard, place, name, description …"""

    kind: Literal["fact_learned"] = "fact_learned"
    field: str
    value: str
    confirmed: bool
    """Only a yes or a key confirms; silence never does."""
    latitude: float | None = None
    longitude: float | None = None
    """WGS-84, when `field` is `address` and it was found in the gazetteer."""
    parts: dict[str, str] = {}
    """Of an address: street, number, community, building, unit, room, as far as they were said."""


class TicketRequested(Event):
    """The flow asked for an ordinary ticket."""

    kind: Literal["ticket_requested"] = "ticket_requested"
    business: str
    """repair, no_gas, complaint, callback … the keys of the service standard."""
    label: Label | None = None
    fields: dict[str, str] = {}


class CallbackRequested(Event):
    """The caller must be called: he asked, was refused, hung up in the queue, or his worker died."""

    kind: Literal["callback_requested"] = "callback_requested"
    number: str
    reason: Literal["asked", "refused", "abandoned", "worker_died", "queue_left", "unanswered_question"]
    within_seconds: int


class PageAnswered(Event):
    """The crew's phone was picked up."""

    kind: Literal["page_answered"] = "page_answered"
    page_id: str


class PageAccepted(Event):
    kind: Literal["page_accepted"] = "page_accepted"
    page_id: str


class PageDeclined(Event):
    kind: Literal["page_declined"] = "page_declined"
    page_id: str
    reason: str


class PageFailed(Event):
    """Not answered, busy, unreachable, or hung up without a key: nobody took it."""

    kind: Literal["page_failed"] = "page_failed"
    page_id: str
    why: str


class CrewReported(Event):
    """A crew told by phone menu, PIN given, how far it is."""

    kind: Literal["crew_reported"] = "crew_reported"
    crew: str
    status: CrewStatus
    incident: str = ""
    """Empty: the crew's only open one. For `address_checked` the ticket whose address it was."""
    note: str = ""
    """For `address_checked`: `no_gas` or `gas_found`."""


class RecordingFinished(Event):
    kind: Literal["recording_finished"] = "recording_finished"
    path: str
    """Relative to the recordings directory. Stereo: caller left, the hotline's side right."""
    seconds: float


class RecordingDeleted(Event):
    """Kept for as long as `recording.keep_days` says, and no longer."""

    kind: Literal["recording_deleted"] = "recording_deleted"
    path: str
    keep_days: int


class CallFailed(Event):
    """Something broke; the call went on by `fallback`."""

    kind: Literal["call_failed"] = "call_failed"
    what: str
    fallback: str


class CallEnded(Event):
    kind: Literal["call_ended"] = "call_ended"
    by: Literal["caller", "hotline", "agent", "error", "worker_died", "refused", "abandoned"]
    sip_status: int = 200


Record = Annotated[
    CallArrived | CallAnswered | LegStarted | LegAnswered | LegEnded | StateEntered | PromptStarted
    | KeyPressed | Heard | TranscriptionDeferred | TranscriptionFinished
    | EmergencyDeclared | FactLearned | TicketRequested | CallbackRequested
    | PageAnswered | PageAccepted | PageDeclined | PageFailed | CrewReported | RecordingFinished
    | RecordingDeleted
    | CallFailed | CallEnded,
    Field(discriminator="kind"),
]
RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def parse_record(line: bytes | str) -> Record:
    """One journal line. Raises pydantic.ValidationError."""
    return RECORD.validate_json(line)
