"""When one short question is due: not an emergency by what was said, but not surely none either.

The band comes from the configuration (`triage`). The question is the flow's: a yes, a key or
silence answers it, and silence counts as yes, for urgency only.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hotline.triage.caller import NOBODY, Caller
from hotline.triage.model import Assessment

Share = float


class Band(BaseModel):
    """From how likely a danger the caller is asked; at the upper end it is declared without asking."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask_from: Share = Field(0.06, gt=0, le=0.5)
    """Calibrated: of a hundred such calls so many are emergencies."""
    ask_vulnerable_from: Share = Field(0.02, gt=0, le=0.5)
    """For who is old or ill, who rings over a partner's line, or has an emergency open."""


def question_due(found: Assessment, band: Band, caller: Caller = NOBODY) -> bool:
    """Whether to ask about danger before the caller's wish is followed."""
    if found.emergency:
        return False
    careful = caller.vulnerable or caller.emergency or bool(caller.partner)
    return found.suspicion >= (min(band.ask_from, band.ask_vulnerable_from) if careful else band.ask_from)
