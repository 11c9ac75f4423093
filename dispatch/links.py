"""Links by which somebody without a phone in hand answers a page: each good for its steps once.

What is sent holds a random token; only its hash is kept, so that nobody who reads the database can
answer for a crew (OWASP: tokens are stored as passwords are).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dispatch.record import Moment, Record


class Link(Record):
    """A capability: whoever has the token may report these steps for this page, until it expires."""

    kind: Literal["link"] = "link"
    link_id: str
    """SHA-256 of the token, hexadecimal."""
    page: str
    incident: str
    target_kind: str
    target: str
    """The crew's key, or the name of the place or leader."""
    person: str
    channel: str
    drill: bool = False
    issued_at: Moment
    expires_at: Moment
    used: dict[str, int] = Field(default_factory=dict)
    """How often each step was reported."""

    @property
    def key(self) -> str:
        return self.link_id
