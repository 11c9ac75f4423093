"""What the paging of written messages and links tells dispatch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dispatch.command import Command

LinkAction = Literal[
    "accept", "decline", "en_route", "on_scene", "made_safe", "rechecked", "unsolved", "needs_help",
    "finished",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReport(Command):
    """What became of one part of a notice: one person, by one channel."""

    effect_id: str
    part: str
    """`leader-1/sms`, or `leader-1` for the person."""
    outcome: str
    """First word: sent, failed, acknowledged, unreachable, done, withdrawn; then what more is to be said."""
    person: str = ""
    """For the history."""
    settled: bool = False
    """All that the notice wanted is done: it is not given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLink(Command):
    """A link will be sent out; its token's hash is kept before that."""

    link_id: str
    page: str
    """The page, or the effect of the notice, that it answers."""
    incident: str
    target_kind: str
    target: str
    person: str
    channel: str
    expires_at: datetime
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStep(Command):
    """Somebody has pressed a button on a link's page."""

    link_id: str
    action: LinkAction
    note: str = ""
    """The reason of a decline, what help, which open point, the result of a re-check."""
    latitude: float | None = None
    longitude: float | None = None
    """Of the phone, WGS-84, when it gave its position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseNotice(Command):
    """Somebody must be told something that dispatch cannot see: the line is dead."""

    to: str
    topic: str
    text: str
    urgent: bool = False


PagingCommand = NoticeReport | IssueLink | LinkStep | RaiseNotice
