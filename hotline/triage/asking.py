"""When one short question is due: not an emergency by what was said, but not surely none either.

The band comes from the configuration (`triage`). The question is the flow's: a yes, a key or
silence answers it, and silence counts as yes, for urgency only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from hotline.triage.caller import NOBODY, Caller
from hotline.triage.model import Assessment

if TYPE_CHECKING:
    from hotline.settings import Triage

Share = float
_DENIALS = frozenset({"denied", "denied_by_sound", "harmless"})


class Band(BaseModel):
    """From how likely a danger the caller is asked; at the upper end it is declared without asking."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask_from: Share = Field(0.06, gt=0, le=0.5)
    """Calibrated: of a hundred such calls so many are emergencies."""
    ask_vulnerable_from: Share = Field(0.02, gt=0, le=0.5)
    """For who is old or ill, who rings over a partner's line, or has an emergency open."""
    believe_below: Share = Field(0.02, ge=0, le=0.5)
    """Who says himself that nothing smells or leaks is believed below it, and not asked again."""

    @classmethod
    def from_settings(cls, section: Triage) -> Band:
        return cls(**section.model_dump())


def question_due(found: Assessment, band: Band, caller: Caller = NOBODY) -> bool:
    """Whether to ask about danger before the caller's wish is followed."""
    if found.emergency:
        return False
    careful = caller.vulnerable or caller.emergency or bool(caller.partner)
    return found.suspicion >= (min(band.ask_from, band.ask_vulnerable_from) if careful else band.ask_from)


def denied(found: Assessment, band: Band) -> bool:
    """Whether the caller said that nothing smells or leaks, and nothing else speaks against it."""
    said = any(reason.rule in _DENIALS for reason in found.reasons)
    return said and not found.emergency and found.suspicion < band.believe_below
