"""What is allowed when gas is off, and the wording of what is told: the model of config/outages.yaml."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(min_length=1)]
BLANKS = (
    "company", "area", "reason", "what", "households", "started", "expected", "hours", "address", "title",
    "addresses", "reports", "reported", "restored", "known", "today", "number",
)
"""What texts may hold in braces."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Peak(Section):
    """Hours in which many cook or heat; local time."""

    begin: time
    end: time

    @model_validator(mode="after")
    def _check(self) -> Peak:
        if self.begin >= self.end:
            raise ValueError("`end`: must be after `begin`")
        return self

    def holds(self, moment: time) -> bool:
        return self.begin <= moment < self.end


class _Texts(Section):
    @model_validator(mode="after")
    def _check(self) -> _Texts:
        for name in type(self).model_fields:
            try:
                getattr(self, name).format_map(dict.fromkeys(BLANKS, ""))
            except (KeyError, ValueError, IndexError):
                said = ", ".join(BLANKS)
                raise ValueError(f"`{name}`: only these may stand in braces: {said}") from None
        return self


class Sms(_Texts):
    """To the customers of the area (S0/S1 §24(4))."""

    planned: Text
    unplanned: Text
    changed: Text
    restored: Text
    cancelled: Text


class Letters(_Texts):
    """To the authority; the first line is the title."""

    supply: Text
    """As soon as a supply failure is reported, with nothing but the reports known."""
    outage: Text
    restored: Text


class OutagePolicy(Section):
    """The whole file."""

    peaks: tuple[Peak, ...] = ()
    report_after_hours: float = Field(24, gt=0)
    report_to: Text = "housing_authority"
    suspect_reports: int = Field(3, ge=2)
    """So many neighbours without gas are told to the duty centre as one failure."""
    suspect_minutes: float = Field(60, gt=0)
    suspect_score: float = Field(0.45, gt=0)
    """How alike their places must be (config/joining.yaml)."""
    suspect_text: Text = "{address}一带已有{reports}户反映没有气，可能是区域停气，请核实。"
    sms: Sms
    letters: Letters
