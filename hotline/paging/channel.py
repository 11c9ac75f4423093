"""One way to reach somebody with a written message; all of them keep one contract.

`tests/contract/test_channel_contract.py` runs over every channel, against peers that verify
signatures and keep the real rate limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told by one channel."""

    key: str
    """The same for the same message for ever: written down before it is sent, so that a peer that
    looks at it delivers it once however often it comes (after a crash, or when no answer came)."""
    to: str
    """Address in the channel's own terms: a number, a mailbox, whom a robot mentions; may be empty."""
    subject: str
    text: str
    urgent: bool = False
    """An emergency: at once, before all others, day and night."""
    drill: bool = False
    has_next: bool = False
    """Another channel waits for our failure: better to fail soon than to wait long."""
    items: tuple[Message, ...] = field(default=())
    """What was bundled into this one."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has taken it over."""

    reference: str = ""
    """Its own number for it, if it told one."""


@dataclass(frozen=True, slots=True)
class Temporary:
    """Not now; the same message may go through later."""

    why: str
    retry_after_seconds: float | None = None
    """When the other side said so."""


@dataclass(frozen=True, slots=True)
class Permanent:
    """Never this way: the next channel is tried at once, and this is noted."""

    why: str


Outcome = Delivered | Temporary | Permanent


class Channel(Protocol):
    """A way to send. `send` never raises and never blocks; it ends within its own time limit."""

    key: str
    keeps_keys: bool
    """Whether the other side delivers each idempotency key once; its emergencies are never bundled,
    so that the same key always means the same page."""

    async def send(self, message: Message) -> Outcome: ...
