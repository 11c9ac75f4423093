"""A flow file, the common file, and the set of all flows of one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from hotline.events import Hazard
from hotline.flow.states import AnyState, Keys, Name, Part, Target, Text, Texts

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class EmergencyLink(Part):
    """The way out that is live in every state of every caller's flow."""

    keys: Keys = Field(min_length=1)
    """The first is the announced one; at least one is no digit, for the states that collect digits."""
    phrases: dict[Hazard, Texts]
    """Without a negation before them they declare an emergency where no triage weighs the words."""
    negations: Texts = ()
    flow: Name
    advice: Name
    """Sub-flow that gives the advice for the hazard; run again when a worse hazard is heard."""
    ranking: tuple[Hazard, ...]
    """Hazards, the worst first."""
    asks: Name | None = None
    """Sub-flow with the one short question that is asked when triage is in doubt, before a choice of a
    menu is followed; it returns when there is no danger. Unset: nobody is asked."""
    denied: Name = "danger_denied"
    """The variable that says that the caller has denied danger: he is not asked again."""


class Link(Part):
    """Keys and phrases that are live in every state that does not use them itself."""

    keys: Keys = ()
    phrases: Texts = ()
    to: Target


class Hours(Part):
    """When an office is open. Times as `HH:MM-HH:MM`, local."""

    weekly: dict[Name, tuple[str, ...]]
    """`mon` … `sun`; a day that is not named is closed."""
    holidays: tuple[str, ...] = ()
    """Statutory holidays instead of the weekday's hours; empty: closed."""
    workdays: tuple[str, ...] = ()
    """Make-up working days on a weekend."""


class Defaults(Part):
    noinput_seconds: float = Field(gt=0)
    speech_seconds: float = Field(gt=0)
    """How long a caller may go on speaking before the flow goes on with what it has."""
    interdigit_seconds: float = Field(gt=0)
    noinput_times: int = Field(ge=0)
    nomatch_times: int = Field(ge=0)
    act_seconds: float = Field(gt=0)
    min_confidence: float = Field(ge=0, le=1)
    greeting_seconds: float = Field(gt=0)
    """Longest first prompt of an entry flow."""
    characters_per_second: float = Field(gt=0)
    """Of the prompts' voice, for estimates of their length."""
    visits: int = Field(ge=10)
    """More entries of one state than this in one call and the caller goes to `fallback`."""


class Common(Part):
    """`common.yaml`: what all flows share."""

    variables: dict[Name, Text]
    """Call-wide variables and their first values; the call's facts replace them."""
    entries: tuple[Name, ...] = Field(min_length=1)
    """Flows that calls may begin with."""
    emergency: EmergencyLink
    links: tuple[Link, ...] = ()
    yes: Texts
    no: Texts
    fallback: Name
    """Flow that brings a person; also where a bug of a flow ends."""
    hours: dict[Name, Hours] = Field(default_factory=dict)
    told: dict[Name, Name] = Field(default_factory=dict)
    """Sub-flow that tells the caller what the controller told, by topic."""
    words: dict[Name, dict[Name, Text]] = Field(default_factory=dict)
    """How the values of a variable are said: `{hazard|word}`."""
    defaults: Defaults


class Off(Part):
    off: str = Field(min_length=10)
    """Why nobody who needs help can be in this flow."""


class Flow(Part):
    """One file of the flows directory, named as its `flow`."""

    flow: Name
    title: Text
    emergency: Off | None = None
    """Unset: live. `off: reason` for calls with crews and leaders, and the self-test."""
    links: bool = True
    """Whether the common links are live."""
    variables: dict[Name, Text] = Field(default_factory=dict)
    """Variables of this flow only, with their first values; also its parameters."""
    returns: tuple[Name, ...] = ()
    """Variables of this flow that become the caller's (call-wide or of the calling flow) on return."""
    told: dict[Name, Name] = Field(default_factory=dict)
    """Sub-flow that tells what the controller told, by topic; for flows where the emergency is off."""
    start: Name
    fails: Target | None = None
    """Where noinput, nomatch and failures lead that name no exit."""
    hangup: Name | None = None
    """Where paperwork begins when the caller hangs up in a state that names nothing else."""
    states: dict[Name, AnyState] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class FlowSet:
    """All flows of one version; shared by all calls that began with it, never changed."""

    version: str
    """First 12 hex digits of the SHA-256 of all files."""
    common: Common
    flows: Mapping[str, Flow]
    files: Mapping[str, Path]

    def state(self, flow: str, state: str) -> AnyState:
        return self.flows[flow].states[state]
