"""A very long text is read in overlapping pieces: a leak said early in it counts as much as one said late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hotline.events import Label
from hotline.triage.model import Assessment, graver

AT_ONCE = 400
"""Characters that are read in one; nobody says as much without a pause."""
_PIECE = 200
_OVERLAP = 60


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Pieces with the offset where each begins."""
    for start in range(0, max(1, len(text) - _OVERLAP), _PIECE - _OVERLAP):
        yield start, text[start: start + _PIECE]


def together(parts: Sequence[tuple[int, Assessment]]) -> Assessment:
    """One assessment of all pieces; offsets are in the whole text."""
    moved = [_moved(found, start) for start, found in parts]
    dangers = [found for found in moved if found.emergency]
    return _danger(dangers) if dangers else _ordinary(moved)


def _danger(dangers: Sequence[Assessment]) -> Assessment:
    """The surest, with the gravest hazard and the first place that was said."""
    best = max(dangers, key=lambda found: found.confidence)
    hazard = best.hazard
    for found in dangers:
        if hazard is None or (found.hazard is not None and graver(found.hazard, hazard)):
            hazard = found.hazard
    place = next((found.place for found in dangers if found.place != "unknown"), best.place)
    return replace(best, hazard=hazard, place=place)


def _ordinary(found: Sequence[Assessment]) -> Assessment:
    """The label that most of the pieces speak for, as its surest piece gives it."""
    points: dict[Label, float] = defaultdict(float)
    for one in found:
        points[one.label] += one.label_confidence * (1 if one.reasons else 0.3)
    label = max(points, key=lambda name: points[name])
    best = max((one for one in found if one.label == label), key=lambda one: one.label_confidence)
    least_sure = min(one.confidence for one in found)
    return replace(best, confidence=least_sure, suspicion=max(one.suspicion for one in found))


def _moved(found: Assessment, by: int) -> Assessment:
    reasons = tuple(one.model_copy(update={"start": one.start + by, "end": one.end + by}) if one.text else one
                    for one in found.reasons)
    return replace(found, reasons=reasons)
