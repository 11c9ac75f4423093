"""What a caller's words mean: label, emergency, hazard and place, each with the words that led there.

Pure and deterministic; works on prefixes of a sentence as they come from the recogniser.
When in doubt it is an emergency (triage-labels.md, "The emergency rule").
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from math import log

from hotline.events import Hazard, Label, Place, Reason
from hotline.triage.classifier import DANGER, EMPTY, Opinion, concepts, features
from hotline.triage.classifier import load as load_classifier
from hotline.triage.model import SEVERITY, Assessment
from hotline.triage.normal import STOP, Normal, normalise
from hotline.triage.rules import Rule, Scope, load

_SOUND_FACTOR = 0.93
"""How much less a match counts that exists by sound only."""
_SOUND_FACTOR_LABEL = 0.4
_WHOLE_CALL: tuple[Scope, ...] = ("resolved", "hypothetical", "handled", "shopping")
_REASONS_MAX = 6
_SURE = 0.22
_SURE_PARTIAL = 0.75
"""A partial result gets another chance within 200 ms."""
_SURE_AGAINST_SCOPE = 0.75
_SURE_AGAINST_ALL = 0.93
_RULE_POINT = 0.2
_ENOUGH_WORDS = 12
"""Characters from which the classifier may declare although no word of the line was understood."""
_UNSURE = 0.5
"""Nothing that the line knows was said: whoever asks asks again."""
_NO_LABEL = 0.2
_LEAST_LOG = 14.0
_PLACE_POINTS = 3.0
_SURE_OF_PLACE = 0.9
"""When no word names a place, the classifier may only with this share."""
_TURNING_ENDS = frozenset("漏断掉爆破烟响")
_TURNING = re.compile(
    r"如果|假如|万一|要是|假设|上次|上回|上个月|上周|去年|前几天|那次|那天|之前|以前|昨天|想买|买|怎么判断|怎么检查|"
    r"一般|平时|感谢|谢谢|表扬|投诉|为什么|请问|想问|咨询|没电|电池|听说|什么时候|安检"
)
_SETTLED = re.compile(
    r"现在|刚才|刚刚|正在|一直|快来|快点|赶紧|赶快|我家(里|厨房)?(有|漏)|还在|又(有|漏|响)|怎么办|咋办|咋个办"
)


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
    """Names of what was found, for the classifier: rules, and whether a danger is left."""
    groups = (findings.hazards, findings.labels, findings.places, *findings.scopes.values())
    names = [evidence.rule.text.id for group in groups for evidence in group]
    return [*names, f"live{min(len(live_hazards(findings)), 3)}"]


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
    if any(scopes[scope] for scope in _WHOLE_CALL):
        return []
    return left


def assess(text: str, *, context: str | None = None, partial: bool = False) -> Assessment:
    """Assess one transcript.

    `context` is what the caller said before: it is read with `text`, and only words of
    `text` count as reasons. `partial`: more words may follow, so what the next word can turn
    round (如果, 上次, 漏 before 水) waits for it. Offsets of the reasons are in characters of `text`.
    """
    said = normalise(f"{context}{STOP}{text}" if context else text)
    skipped = len(context) + 1 if context else 0
    findings = find(said)
    hazards = live_hazards(findings)
    if partial:
        hazards = [e for e in hazards if not _may_turn(said, e)]
    opinion = _opinion(said, findings)
    spoken = {name for name, _, _ in concepts(said.text, said.sounds)} - EMPTY
    evident = spoken & DANGER if partial else spoken or len(said.text) >= _ENOUGH_WORDS
    if hazards or (evident and opinion.emergency > _threshold(said, findings, partial)):
        return _emergency(said, findings, hazards, opinion, skipped)
    if not (spoken or findings.labels or findings.hazards) and len(said.text) < _ENOUGH_WORDS:
        return Assessment(
            label="consult_other", emergency=False, hazard=None, place=_place(findings, [], None),
            confidence=_UNSURE, reasons=(), label_confidence=_NO_LABEL)
    return _ordinary(said, findings, opinion, skipped)


def _opinion(said: Normal, findings: Findings) -> Opinion:
    """What the classifier thinks; nothing without one."""
    classifier = load_classifier()
    if classifier is None or not said.text:
        return Opinion(0.0, {}, {}, {})
    return classifier.opinion(features(said, fired(findings)))


def _threshold(said: Normal, findings: Findings, partial: bool) -> float:
    """How sure the classifier must be to declare an emergency alone."""
    if partial and _TURNING.search(said.text) and not _SETTLED.search(said.text):
        return _SURE_AGAINST_ALL
    if findings.hazards and any(findings.scopes[scope] for scope in _WHOLE_CALL):
        return _SURE_AGAINST_ALL
    if findings.hazards or findings.scopes["denial"]:
        return _SURE_AGAINST_SCOPE
    return _SURE_PARTIAL if partial else _SURE


def _may_turn(said: Normal, evidence: Evidence) -> bool:
    """Whether the next words may take this evidence away."""
    if evidence.end == len(said.text) and said.text[-1] in _TURNING_ENDS:
        return True
    return bool(_TURNING.search(said.text[: evidence.start])) and not _SETTLED.search(said.text)


def _emergency(
    said: Normal, findings: Findings, hazards: list[Evidence], opinion: Opinion, skipped: int
) -> Assessment:
    doubt = 1.0 - 0.97 * opinion.emergency
    for evidence in hazards[:3]:
        doubt *= 1 - 0.9 * evidence.weight
    decisive = hazards or findings.hazards
    return Assessment(
        label="leak_emergency", emergency=True, hazard=_hazard(decisive, opinion),
        place=_place(findings, decisive, opinion), confidence=round(max(0.5, 1 - doubt), 3),
        reasons=_reasons(said, decisive, skipped) or _concept_reasons(said, skipped),
    )


def _concept_reasons(said: Normal, skipped: int) -> tuple[Reason, ...]:
    """What the classifier went by, when no rule fired."""
    found = [c for c in concepts(said.text, said.sounds) if c[0] in DANGER]
    spans = [(name.lower(), said.text[start:end], *said.span(start, end)) for name, start, end in found]
    return tuple(
        Reason(text=words, start=start - skipped, end=end - skipped, rule=f"classifier_{name}")
        for name, words, start, end in spans[:_REASONS_MAX] if start >= skipped
    )


def _hazard(decisive: list[Evidence], opinion: Opinion) -> Hazard:
    """The gravest that a rule found; without a rule the likeliest."""
    found = {e.rule.text.hazard for e in decisive if e.rule.text.hazard}
    if found:
        return max(found, key=SEVERITY.index)
    return max(opinion.hazards, key=lambda name: opinion.hazards[name], default="other")


def _ordinary(said: Normal, findings: Findings, opinion: Opinion, skipped: int) -> Assessment:
    points: dict[Label, float] = defaultdict(float)
    for evidence in findings.labels:
        if evidence.rule.text.label:
            points[evidence.rule.text.label] += evidence.weight * _RULE_POINT
    for name, share in opinion.labels.items():
        points[name] += log(share + 1e-6) + _LEAST_LOG
    label: Label = max(points, key=lambda name: points[name]) if points else "consult_other"
    led = [e for e in findings.labels if e.rule.text.label == label]
    taken = [e for group in findings.scopes.values() for e in group] if findings.hazards else []
    confidence = 1 - opinion.emergency if opinion.labels else 0.7 if findings.hazards else 0.9
    return Assessment(
        label=label, emergency=False, hazard=None, place=_place(findings, led, None),
        confidence=round(max(0.5, confidence), 3), reasons=_reasons(said, led + taken, skipped),
    )


def _place(findings: Findings, near: list[Evidence], opinion: Opinion | None) -> Place:
    """The place named nearest to the decisive words, weighed by how plainly it was named."""
    points: dict[Place, float] = defaultdict(float)
    for evidence in findings.places:
        if evidence.rule.text.place:
            gap = min((max(0, evidence.start - e.end, e.start - evidence.end) for e in near), default=0)
            value = evidence.weight / (1 + gap / 6)
            points[evidence.rule.text.place] = max(points[evidence.rule.text.place], value)
    guessed = opinion.places if opinion else {}
    if not points and max(guessed.values(), default=0) < _SURE_OF_PLACE:
        return "unknown"
    for place, share in guessed.items():
        points[place] += _PLACE_POINTS * share
    if not points:
        return "unknown"
    return max(points, key=lambda place: (points[place], place == "outdoor"))


def _reasons(said: Normal, found: list[Evidence], skipped: int) -> tuple[Reason, ...]:
    reasons: dict[tuple[int, int], Reason] = {}
    for evidence in sorted(found, key=lambda e: (-e.weight, e.start)):
        start, end = said.span(evidence.start, evidence.end)
        if start >= skipped:
            words = said.text[evidence.start: evidence.end]
            reason = Reason(text=words, start=start - skipped, end=end - skipped, rule=evidence.rule.text.id)
            reasons.setdefault((start, end), reason)
    return tuple(list(reasons.values())[:_REASONS_MAX])
