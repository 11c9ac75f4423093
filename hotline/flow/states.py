"""What a flow's states may say: one model per verb of the grammar (`ivr_flows/README.md`).

A target is the name of a state in the same flow, `@name` for the start of another flow
(the sub-flow stack is left behind), or `repeat` for the same state once more.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from hotline.events import CrewStatus, Label


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_texts(value: object) -> object:
    if isinstance(value, str | int):
        value = [value]
    return [_as_text(item) for item in value] if isinstance(value, list | tuple) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]
Key = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^[0-9*#A-D]$")]
Keys = Annotated[tuple[Key, ...], BeforeValidator(_as_texts)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Target = Annotated[str, Field(pattern=r"^@?[a-z][a-z0-9_]*$")]
Seconds = Annotated[float, Field(gt=0)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Piece(Part):
    """A piece of a prompt that is said only sometimes."""

    if_: Name | None = Field(None, alias="if")
    """Said when this variable is known (neither empty nor `no`)."""
    unless: Name | None = None
    """Said when this variable is not known."""
    say: Text


Prompt = Annotated[
    tuple[Text | Piece, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str | dict) else value),
]
"""Text or a list of pieces; a piece whose variables are empty is left out."""


class Retry(Part):
    """What to do when nothing came, or nothing that fits."""

    times: int | None = Field(None, ge=0, le=5)
    """How often to ask again; unset: the common default."""
    prompts: tuple[Prompt, ...] = ()
    """What is said the first time, the second time …; the last one stays. Unset: the prompt again."""
    is_answer: bool = False
    """For `noinput`: silence means that the caller has finished; it is no failure."""
    to: Target | None = None
    """Where to go after that. Unset: the flow's `fails`."""


class Choice(Part):
    """One way out of a menu, taken by any of its keys, phrases or triage labels."""

    keys: Keys = ()
    phrases: Texts = ()
    """Matched anywhere in what was said, on characters and on toneless pinyin."""
    labels: tuple[Label, ...] = ()
    min_chars: int = Field(1, ge=1)
    """How much must have been said for a label to count; for `consult_other`, which noise gets too."""
    set: dict[Name, Text] = {}
    to: Target


class State(Part):
    note: str = ""
    """For readers of the flow and its drawing."""
    limit: int | None = Field(None, ge=1, le=20)
    """How often the state may be entered in one call."""
    over: Target | None = None
    """Where the next entry leads instead."""
    hangup: Name | None = None
    """Paperwork when the caller hangs up here. Unset: the flow's."""


class Ask(State):
    """A state that waits for the caller."""

    prompt: Prompt = ()
    bargein: bool = True
    noinput_seconds: Seconds | None = None
    speech_seconds: Seconds | None = None
    noinput: Retry = Retry()
    nomatch: Retry = Retry()


class Say(State):
    """Says something and goes on."""

    do: Literal["say"]
    prompt: Prompt
    bargein: bool = True
    next: Target


class Menu(Ask):
    """The caller says or presses what he wants."""

    do: Literal["menu"]
    choices: tuple[Choice, ...] = Field(min_length=1)
    into: Name | None = None
    """Where the words go that he said."""
    already: Name | None = None
    """What he said before: when a phrase in it fits, the first entry follows it without asking."""
    min_confidence: float | None = Field(None, ge=0, le=1)
    """From which confidence a triage label is followed."""
    otherwise: Target | None = None
    """Words that fit no choice lead here at once instead of `nomatch`."""


class Collect(Ask):
    """The caller presses or says digits."""

    do: Literal["collect"]
    into: Name
    min: int = Field(1, ge=1)
    max: int = Field(20, ge=1)
    terminators: Keys = ("#",)
    interdigit_seconds: Seconds | None = None
    secret: bool = False
    """A PIN: its keys stay out of journal and log."""
    spoken: bool = True
    """Digits may also be said."""
    empty: Target | None = None
    """Where a terminator without digits leads (skip)."""
    next: Target


class Listen(Ask):
    """The caller says something in his own words."""

    do: Literal["listen"]
    into: Name
    takes: Literal["words", "address", "number"] = "words"
    """`address`: the address triage found, as read back; `number`: the telephone number found."""
    field: Name | None = None
    """Learned under this name, not confirmed."""
    min_chars: int = Field(1, ge=1)
    keys: dict[Key, Target] = {}
    next: Target


class Fact(Part):
    field: Name
    value: Text


class Confirm(Ask):
    """Says something back and asks whether it is right. Only a yes or a key confirms."""

    do: Literal["confirm"]
    yes: Target
    no: Target
    silence: Literal["ask", "yes", "no"] = "ask"
    """What silence means. `yes` is for questions of urgency only and confirms no fact."""
    yes_keys: Keys = ("1",)
    no_keys: Keys = ("2",)
    facts: tuple[Fact, ...] = ()
    """Learned as confirmed on yes."""
    also_yes: Text = ""
    """Template of more phrases that mean yes here, with 、 between them; they come from a variable when the
    question does."""
    also_no: Text = ""
    into: Name | None = None
    """Where the words go that were neither yes nor no."""
    corrects: Name | None = None
    """Variable that takes a better answer given together with the no (“不是，是十二号”)."""
    takes: Literal["words", "address", "number"] = "words"
    corrected: Target | None = None


class Case(Part):
    when: Name
    is_: Texts = Field((), alias="is")
    """One of these values."""
    known: bool | None = None
    """Whether the variable is neither empty nor `no`."""
    at_least: float | None = None
    to: Target


class Branch(State):
    """Goes on by what is known. The first case that holds wins."""

    do: Literal["branch"]
    cases: tuple[Case, ...] = Field(min_length=1)
    otherwise: Target


class Set(State):
    do: Literal["set"]
    values: dict[Name, Text]
    next: Target


class Learn(State):
    """Notes a fact for the ticket and for the crews already paged."""

    do: Literal["learn"]
    field: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*|\{[a-z][a-z0-9_]*\})$")]
    """A name, or the variable that has it."""
    value: Text
    confirmed: bool = False
    next: Target


class Act(State):
    """A business action that the controller answers."""

    do: Literal["act"]
    action: Name
    arguments: dict[Name, Text] = Field({}, alias="with")
    gives: tuple[Name, ...] = ()
    """Values of the answer that become call-wide variables of the same name."""
    seconds: Seconds | None = None
    prompt: Prompt = ()
    """Said while it runs."""
    outcomes: dict[Name, Target] = {}
    unavailable: Target
    """No answer in time, or an outcome that is not listed."""


class Transfer(State):
    """Connects the caller with a person."""

    do: Literal["transfer"]
    target: Text
    seconds: Text
    """How long to try; a template."""
    prompt: Prompt = ()
    no_answer: Target | None = None
    busy: Target | None = None
    unavailable: Target | None = None
    failed: Target
    """Where any of the three leads that is not named."""
    ended: Target
    """The person hung up first."""


class Offer(Part):
    after_seconds: Text
    prompt: Prompt


class Queue(State):
    """Waits for an agent, with comfort prompts; keys and phrases work all the time."""

    do: Literal["queue"]
    target: Text = "agents"
    seconds: Text
    """How long in all; a template."""
    prompt: Prompt = ()
    comfort: tuple[Prompt, ...] = Field(min_length=1)
    comfort_seconds: Seconds = 25
    offer: Offer | None = None
    """Said instead of the comfort prompts from then on."""
    choices: tuple[Choice, ...] = ()
    no_answer: Target | None = None
    busy: Target | None = None
    unavailable: Target | None = None
    failed: Target
    ended: Target


class Wait(State):
    """Stays with the caller, music between the prompts; keys, phrases and news are live."""

    do: Literal["wait"]
    prompt: Prompt
    seconds: Seconds
    """Pause after the prompt."""
    choices: tuple[Choice, ...] = ()
    next: Target


class Callback(State):
    do: Literal["callback"]
    number: Text
    reason: Literal["asked", "queue_left", "unanswered_question"]
    within_seconds: Text
    next: Target


class Record(State):
    """Takes a message."""

    do: Literal["record"]
    prompt: Prompt
    max_seconds: Seconds = 120
    silence_seconds: Seconds = 5
    min_seconds: float = 1.0
    too_short: Target
    next: Target


class Ticket(State):
    do: Literal["ticket"]
    business: Text
    label: Label | None = None
    fields: dict[Name, Text] = {}
    next: Target


class Schedule(State):
    """Opening hours and statutory holidays, by the call's local time."""

    do: Literal["schedule"]
    hours: Name
    """Name in `common.yaml`."""
    open: Target
    closed: Target


class Call(State):
    """A sub-flow."""

    do: Literal["call"]
    flow: Name
    arguments: dict[Name, Text] = Field({}, alias="with")
    exits: dict[Name, Target] = Field(min_length=1)


class Return(State):
    do: Literal["return"]
    outcome: Name


class Accept(State):
    """The crew takes the page."""

    do: Literal["accept_page"]
    next: Target


class Decline(State):
    """The crew declines the page."""

    do: Literal["decline_page"]
    reason: Text
    next: Target


class Report(State):
    """The crew tells how far it is."""

    do: Literal["report"]
    crew: Text
    status: CrewStatus
    incident: Text
    report_note: Text = ""
    next: Target


class Goodbye(State):
    """The last words, then the hotline hangs up."""

    do: Literal["goodbye"]
    prompt: Prompt
    served: bool = False
    """The caller has got what he wanted; otherwise a ticket, a callback or a person must have come before."""


AnyState = Annotated[
    Say | Menu | Collect | Listen | Confirm | Branch | Set | Learn | Act | Transfer | Queue | Wait | Callback
    | Record | Ticket | Schedule | Call | Return | Accept | Decline | Report | Goodbye,
    Field(discriminator="do"),
]
