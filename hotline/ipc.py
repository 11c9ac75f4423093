"""Talk between our own processes on one machine: JSON lines over Unix sockets.

Two sockets in the run directory: `edge.sock` (the edge listens; zygotes, workers and
controllers connect) and `controller.sock` (the controller listens; workers connect).
Everybody reconnects for ever; nobody waits for an answer without a time limit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Purpose = Literal["inbound", "page", "callback", "notify", "selftest"]


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Job(Message):
    """What a worker is forked for."""

    call_id: str
    purpose: Purpose
    entry: str
    """Name of the flow to begin with."""
    dial: str = ""
    """SIP URI to call, for outbound jobs."""
    facts: dict[str, str] = {}
    """Variables of the flow, known beforehand: caller, dialled, trunk, page_id, hazard, address …"""
    drill: bool = False


class Dialog(Message):
    """What the edge needs to end a dialog in the name of a dead worker."""

    sip_call_id: str
    local_tag: str
    remote_tag: str
    local_uri: str
    remote_uri: str
    remote_target: str
    route_set: tuple[str, ...] = ()


# ---- zygote → edge
class ProviderHello(Message):
    type: Literal["provider_hello"] = "provider_hello"
    instance: str
    """Unique per start of the service; sorts by time, the newest gets the new calls."""
    pid: int


class ProviderDraining(Message):
    """This zygote forks no more; another instance's takes the calls, if there is one."""

    type: Literal["provider_draining"] = "provider_draining"
    instance: str


class ForkFailed(Message):
    type: Literal["fork_failed"] = "fork_failed"
    call_id: str
    why: str


# ---- worker → edge
class WorkerReady(Message):
    """The worker's SIP port is open; said again (with its dialogs) after every reconnect."""

    type: Literal["worker_ready"] = "worker_ready"
    call_id: str
    purpose: Purpose
    pid: int
    sip_port: int
    """UDP port on the loopback address."""
    dialogs: tuple[Dialog, ...] = ()


class WorkerDone(Message):
    """Orderly end. A connection that closes without it is a dead worker."""

    type: Literal["worker_done"] = "worker_done"
    call_id: str


# ---- controller → edge
class ControllerHello(Message):
    type: Literal["controller_hello"] = "controller_hello"
    instance: str
    pid: int


class Originate(Message):
    """Fork a worker for an outbound job."""

    type: Literal["originate"] = "originate"
    job: Job


class SendText(Message):
    """Send a line of text by SIP MESSAGE (RFC 3428) to a registered user, a number or a SIP URI."""

    type: Literal["send_text"] = "send_text"
    key: str
    """Names it in the answer; the same again while it is under way is sent once."""
    to: str
    text: str


class Drain(Message):
    """The instance takes no new calls; with no other instance the edge refuses them (503)."""

    type: Literal["drain"] = "drain"
    instance: str


# ---- edge → zygote
class Fork(Message):
    type: Literal["fork"] = "fork"
    job: Job


# ---- edge → controller
class OriginateFailed(Message):
    type: Literal["originate_failed"] = "originate_failed"
    call_id: str
    why: str
    busy: bool = False
    """Only for want of room: the order stands and is given again."""


class TextSent(Message):
    """What came of a `SendText`: the final status, 408 when nobody answered, 404 when there is no way."""

    type: Literal["text_sent"] = "text_sent"
    key: str
    status: int
    retry_after_seconds: float | None = None


class WorkerLost(Message):
    type: Literal["worker_lost"] = "worker_lost"
    call_id: str


class Registered(Message):
    """An agent's softphone came or went; all of them are told after ControllerHello."""

    type: Literal["registered"] = "registered"
    user: str
    reachable: bool


class EdgeJournalGrew(Message):
    type: Literal["edge_journal_grew"] = "edge_journal_grew"
    unwritten: tuple[str, ...] = ()
    """Records, as they would stand in the journal, that a full or broken disk does not take."""


class EdgeStats(Message):
    """Counters (only growing within one edge process) and gauges, told every few seconds."""

    type: Literal["edge_stats"] = "edge_stats"
    counters: dict[str, int]
    gauges: dict[str, int]


# ---- worker → controller
class WorkerHello(Message):
    type: Literal["worker_hello"] = "worker_hello"
    call_id: str
    purpose: Purpose
    pid: int


class JournalGrew(Message):
    type: Literal["journal_grew"] = "journal_grew"
    call_id: str
    unwritten: tuple[str, ...] = ()
    """As in `EdgeJournalGrew`."""


class Ask(Message):
    """A business action of the flow: the worker waits at most its configured time."""

    type: Literal["ask"] = "ask"
    ask_id: int
    action: str
    arguments: dict[str, str] = {}


# ---- controller → worker
class Answer(Message):
    type: Literal["answer"] = "answer"
    ask_id: int
    outcome: str
    """ok, not_found, unavailable … an exit of the flow's action state."""
    values: dict[str, str] = {}


class Tell(Message):
    """Something the conversation should know: a crew accepted, an agent is free."""

    type: Literal["tell"] = "tell"
    topic: str
    values: dict[str, str] = {}


class Hangup(Message):
    """End the call in an orderly way (a page that is no longer needed)."""

    type: Literal["hangup"] = "hangup"
    reason: str


# ---- people (command line, desk) → controller
class Order(Message):
    """Something that a person wants done (dispatch/orders.py)."""

    type: Literal["order"] = "order"
    order_id: str
    """Random; the same one twice is carried out once."""
    command: str
    """HandOver, ClockPaused …"""
    fields: dict[str, Any] = {}


# ---- controller → people
class Ordered(Message):
    type: Literal["ordered"] = "ordered"
    order_id: str
    done: bool
    why: str = ""
    """Why not, in words for whoever ordered it; then nothing was changed."""
    values: dict[str, str] = {}
    """What came of it: `ticket`, the number of one that was opened."""


AnyMessage = Annotated[
    ProviderHello | ProviderDraining | ForkFailed | WorkerReady | WorkerDone | ControllerHello
    | Originate | Drain | Fork | OriginateFailed | WorkerLost | Registered | EdgeJournalGrew | EdgeStats
    | SendText | TextSent
    | WorkerHello | JournalGrew | Ask | Answer | Tell | Hangup | Order | Ordered,
    Field(discriminator="type"),
]
_ADAPTER: TypeAdapter[AnyMessage] = TypeAdapter(AnyMessage)
MAX_LINE_BYTES = 1 << 20


class MalformedMessageError(Exception):
    """The other side is not ours, or of another version; the connection is closed."""


def encode(message: Message) -> bytes:
    """One line, newline included."""
    return message.model_dump_json().encode() + b"\n"


def decode(line: bytes) -> AnyMessage:
    """Raises MalformedMessageError."""
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        raise MalformedMessageError(str(error)) from error
