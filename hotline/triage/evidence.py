"""What the rules find in a caller's words, and which of it still stands as a danger."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from hotline.triage.normal import Normal
from hotline.triage.rules import Rule, Scope, load

_SOUND_FACTOR = 0.93
"""How much less a match counts that exists by sound only."""
_SOUND_FACTOR_LABEL = 0.4
WHOLE_CALL: tuple[Scope, ...] = ("resolved", "hypothetical", "handled", "shopping")
"""Scopes that take the whole call's evidence away."""


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


def fired(findings: Findings) -> list[str]:
    """Names of what was found, for the classifier: rules, whether a danger is left, and what took it away."""
    groups = (findings.hazards, findings.labels, findings.places, *findings.scopes.values())
    names = [evidence.rule.text.id for group in groups for evidence in group]
    live = len(live_hazards(findings))
    state = "live" if live else "taken" if findings.hazards else "none"
    scopes = [f"{scope}_{state}" for scope, found in findings.scopes.items() if found]
    return [*names, f"live{min(live, 3)}", *scopes, f"{len(scopes)}_{state}"]


def live_hazards(findings: Findings) -> list[Evidence]:
    """The evidence of danger that no denial, other source, repair or what-if takes away."""
    scopes = findings.scopes
    left = [e for e in findings.hazards if not any(e.overlaps(d) for d in scopes["denial"])]
    if scopes["other_source"]:
        left = [e for e in left if not e.rule.text.generic]
    if scopes["battery"]:
        left = [e for e in left if e.rule.text.hazard != "alarm"]
    if scopes["present"]:
        return left
    if any(scopes[scope] for scope in WHOLE_CALL):
        return []
    return left
