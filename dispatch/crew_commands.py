"""What dispatch is told of crews: ordinary work given out, changes of the roster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dispatch.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGiven(Command):
    """A crew gets an ordinary ticket; without one, the ticket that is its next by the rules."""

    crew: str
    ticket: str = ""
    person: str = ""
    """Who gives it out; empty: the crew asked by phone, or the engine."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWithdrawn(Command):
    """The work is taken back; its ticket waits again."""

    crew: str
    ticket: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyChanged(Command):
    """A swap, leave, absence or extra duty; approved by somebody."""

    change: Literal["swap", "leave", "absence", "extra"]
    crew: str
    member: str
    start: datetime
    end: datetime
    author: str
    approved_by: str
    substitute: str = ""
    substitute_crew: str = ""
    on_call: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyChangeWithdrawn(Command):
    change_id: str
    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesKnown(Command):
    """The routing service has answered for this incident: times are reckoned anew."""

    incident: str


CrewCommand = JobGiven | JobWithdrawn | DutyChanged | DutyChangeWithdrawn | RoutesKnown
