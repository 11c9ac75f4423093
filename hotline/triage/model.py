"""The words triage speaks in: one assessment of what a caller said, and what changed by it."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.events import Hazard, Label, Place, Reason

VERSION = "rules-5"
"""Changes with every change of rules that can change a result."""

SEVERITY: tuple[Hazard, ...] = (
    "other", "valve", "alarm", "smell", "leak", "third_party_damage", "co", "fire_explosion",
)
"""From mild to grave: when several are heard, or a later one is graver, the graver leads."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a caller's words mean. The same words and version always give the same one."""

    label: Label
    emergency: bool
    """True exactly when `label` is `leak_emergency`."""
    hazard: Hazard | None
    """Only for an emergency."""
    place: Place
    confidence: float
    """That the emergency decision is right, 0.5 to 1."""
    reasons: tuple[Reason, ...]
    """Words that led there; offsets in characters of the transcript as given."""
    label_confidence: float = 1.0
    """How sure the label is, 0 to 1; a fragment has little, so that flows ask again."""
    suspicion: float = 0.0
    """Calibrated: how often a call like this one is an emergency, 0 to 1 (`asking.py`)."""
    version: str = VERSION
    """Of the rules and, after a plus, of the classifier."""


@dataclass(frozen=True, slots=True)
class Update:
    """What one more partial or final transcript changed."""

    label: Label
    confidence: float
    assessment: Assessment
    """Of the conversation up to here."""
    emergency: Assessment | None = None
    """Set once in a conversation: when it is first declared."""
    hazard_change: Hazard | None = None
    """A graver hazard than the one known so far."""
    place_change: Place | None = None
    """The place, learned after the emergency was declared."""


def graver(first: Hazard, second: Hazard) -> bool:
    """Whether `first` is graver than `second`."""
    return SEVERITY.index(first) > SEVERITY.index(second)
