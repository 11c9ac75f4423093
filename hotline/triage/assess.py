"""What a caller's words mean: label, emergency, hazard and place, each with the words that led there.

Pure and deterministic; works on prefixes of a sentence as they come from the recogniser.
When in doubt it is an emergency (triage-labels.md, "The emergency rule").
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from hotline.events import Hazard, Label, Place, Reason
from hotline.triage.model import SEVERITY, Assessment
from hotline.triage.normal import Normal, normalise
from hotline.triage.rules import Rule, Scope, load

_SOUND_FACTOR = 0.93
"""How much less a match counts that exists by sound only."""
_SOUND_FACTOR_LABEL = 0.4
_WHOLE_CALL: tuple[Scope, ...] = ("resolved", "hypothetical", "handled", "shopping")
_REASONS_MAX = 6


@dataclass(frozen=True, slots=True)
class Evidence:
    """One match of one rule; `start` and `end` in the normal text."""

    rule: Rule
    start: int
    end: int
    weight: float

    def overlaps(self, other: Evidence) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(slots=True)
class Findings:
    """All matches of one text, by what they speak for."""

    hazards: list[Evidence] = field(default_factory=list)
    labels: list[Evidence] = field(default_factory=list)
    places: list[Evidence] = field(default_factory=list)
    scopes: dict[Scope, list[Evidence]] = field(default_factory=lambda: defaultdict(list))


def find(said: Normal) -> Findings:
    """Every rule's matches."""
    findings = Findings()
    letters, heard = frozenset(said.text), frozenset(said.sounds)
    for rule in load():
        for start, end, by_sound in rule.find(said, letters, heard):
            factor = _SOUND_FACTOR if rule.text.hazard else _SOUND_FACTOR_LABEL
            weight = rule.text.weight * (factor if by_sound else 1.0)
            _keep(findings, Evidence(rule, start, end, weight))
    return findings


def _keep(findings: Findings, evidence: Evidence) -> None:
    text = evidence.rule.text
    if text.hazard:
        findings.hazards.append(evidence)
    elif text.label:
        findings.labels.append(evidence)
    elif text.place:
        findings.places.append(evidence)
    elif text.scope:
        findings.scopes[text.scope].append(evidence)


def live_hazards(findings: Findings) -> list[Evidence]:
    """The evidence of danger that no denial, other source, repair or what-if takes away."""
    scopes = findings.scopes
    left = [e for e in findings.hazards if not any(e.overlaps(d) for d in scopes["denial"])]
    if scopes["other_source"]:
        left = [e for e in left if e.rule.text.id not in ("smell_unknown", "smell_gone")]
    if scopes["battery"]:
        left = [e for e in left if e.rule.text.hazard != "alarm"]
    if scopes["present"]:
        return left
    if any(scopes[scope] for scope in _WHOLE_CALL):
        return []
    return left


def assess(text: str, *, context: str | None = None) -> Assessment:
    """Assess one transcript, partial or final.

    `context` is what the caller said before; it may only add to the label, never take an
    emergency away. Offsets of the reasons are in characters of `text`.
    """
    said = normalise(text)
    findings = find(said)
    hazards = live_hazards(findings)
    if hazards:
        return _emergency(said, findings, hazards)
    return _ordinary(said, findings)


def _emergency(said: Normal, findings: Findings, hazards: list[Evidence]) -> Assessment:
    miss = 1.0
    for evidence in hazards[:4]:
        miss *= 1 - evidence.weight * 0.97
    return Assessment(
        label="leak_emergency", emergency=True, hazard=_gravest(hazards), place=_place(findings, hazards),
        confidence=round(max(0.5, 1 - miss), 3), reasons=_reasons(said, hazards),
    )


def _gravest(hazards: list[Evidence]) -> Hazard:
    found = {e.rule.text.hazard for e in hazards if e.rule.text.hazard}
    return max(found, key=SEVERITY.index)


def _ordinary(said: Normal, findings: Findings) -> Assessment:
    points: dict[Label, float] = defaultdict(float)
    for evidence in findings.labels:
        if evidence.rule.text.label:
            points[evidence.rule.text.label] += evidence.weight
    label: Label = max(points, key=lambda name: points[name]) if points else "consult_other"
    led = [e for e in findings.labels if e.rule.text.label == label]
    taken = [e for group in findings.scopes.values() for e in group] if findings.hazards else []
    return Assessment(
        label=label, emergency=False, hazard=None, place=_place(findings, led),
        confidence=0.7 if findings.hazards else 0.93, reasons=_reasons(said, led + taken),
    )


def _place(findings: Findings, near: list[Evidence]) -> Place:
    """The place named nearest to the decisive words, weighed by how plainly it was named."""
    points: dict[Place, float] = defaultdict(float)
    for evidence in findings.places:
        if evidence.rule.text.place:
            gap = min((max(0, evidence.start - e.end, e.start - evidence.end) for e in near), default=0)
            value = evidence.weight / (1 + gap / 6)
            points[evidence.rule.text.place] = max(points[evidence.rule.text.place], value)
    if not points:
        return "unknown"
    return max(points, key=lambda place: (points[place], place == "outdoor"))


def _reasons(said: Normal, found: list[Evidence]) -> tuple[Reason, ...]:
    reasons: dict[tuple[int, int], Reason] = {}
    for evidence in sorted(found, key=lambda e: (-e.weight, e.start)):
        start, end = said.span(evidence.start, evidence.end)
        words = said.text[evidence.start: evidence.end]
        reasons.setdefault((start, end), Reason(text=words, start=start, end=end, rule=evidence.rule.text.id))
    return tuple(list(reasons.values())[:_REASONS_MAX])
