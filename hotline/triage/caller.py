"""Who is calling, as far as it bears on danger. It makes triage hear more, never less.

A partner (110, 119, 120, 12345) does not ring to ask in general; somebody with an open emergency
may have news of it; who is old or ill is asked rather than believed to be safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from hotline.events import Label

PARTNER_COUNTS = 0.5
OPEN_EMERGENCY_COUNTS = 0.7
VULNERABLE_COUNTS = 0.8
"""How much less sure the classifier need be, for the reason named."""
TICKET_POINTS = 0.8
OUTAGE_POINTS = 1.2
"""How much an open ticket or a known outage speaks for its label, in log odds."""


class Caller(BaseModel):
    """What is known about the caller before he has said a word; nothing is an ordinary caller."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    partner: str = ""
    """110, 119, 120, 12345: the call came over that partner's line."""
    vulnerable: bool = False
    """Old, ill or disabled, by the customer file."""
    drill: bool = False
    """A drill is judged as if it were real; this only stands in the reasons."""
    emergency: bool = False
    """An incident that this caller or his number reported is still open."""
    ticket: Label | None = None
    """What his open ticket is about."""
    outage: bool = False
    """The gas is off at his address, planned or not, and we know it."""

    @property
    def counts(self) -> float:
        """Factor on how sure the classifier must be before an emergency is declared, 0 to 1."""
        factors = (
            PARTNER_COUNTS if self.partner else 1.0,
            OPEN_EMERGENCY_COUNTS if self.emergency else 1.0,
            VULNERABLE_COUNTS if self.vulnerable else 1.0,
        )
        return min(factors)

    @property
    def counting(self) -> str:
        """The rule's name under which `counts` stands in the reasons."""
        if self.partner:
            return "caller_partner"
        return "caller_open_emergency" if self.emergency else "caller_vulnerable"

    def points(self) -> dict[Label, float]:
        """What speaks for a label of an ordinary call beside the words."""
        points: dict[Label, float] = {}
        if self.ticket is not None and self.ticket != "leak_emergency":
            points[self.ticket] = TICKET_POINTS
        if self.outage:
            points["outage_inquiry"] = points.get("outage_inquiry", 0.0) + OUTAGE_POINTS
        return points


NOBODY = Caller()
"""Somebody of whom nothing is known."""


def caller_from(content: object) -> Caller:
    """A caller from JSON. Raises ValueError that names the field and what it should be."""
    if not isinstance(content, dict):
        raise ValueError("must be an object such as {\"partner\": \"110\", \"vulnerable\": true}")
    try:
        return Caller.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        known = ", ".join(Caller.model_fields)
        raise ValueError(f"{where}: {first['msg']}; known are {known}") from error


def caller_of(facts: Mapping[str, str]) -> Caller:
    """A caller from facts of a call; `yes` is true, and what is not known here is left out."""
    label = facts.get("ticket", "")
    return Caller(
        partner=facts.get("partner", ""),
        ticket=cast(Label, label) if label in get_args(Label) else None,
        **{name: facts.get(name) == "yes" for name in ("vulnerable", "drill", "emergency", "outage")},
    )
