"""What a caller's words mean: label, emergency, hazard and place, each with the words that led there.

Pure and deterministic; works on prefixes of a sentence as they come from the recogniser.
When in doubt it is an emergency (triage-labels.md, "The emergency rule").
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from math import exp, log

from hotline.events import Hazard, Label, Place, Reason
from hotline.triage.caller import NOBODY, Caller
from hotline.triage.classifier import DANGER, EMPTY, Classifier, Opinion, concepts, features
from hotline.triage.classifier import load as load_classifier
from hotline.triage.evidence import WHOLE_CALL, Evidence, Findings, find, fired, live_hazards
from hotline.triage.long_text import AT_ONCE, pieces, together
from hotline.triage.model import SEVERITY, VERSION, Assessment
from hotline.triage.normal import STOP, Normal, normalise
from hotline.triage.rules import Scope

_REASONS_MAX = 6
_SURE = 0.15
_SURE_WITHOUT_DANGER = 0.27
"""No word of danger was understood."""
_VETO = 0.2
"""Below it the classifier takes a rule's evidence for somebody else's or past danger."""
_VETO_NOW = 0.05
"""The same when words such as 现在 or 还在 were said."""
_SURE_ALONE = 0.9
_STORY = 80
_SURE_ALONE_IN_STORY = 0.6
"""In so long a story, what else was said about past and questions belongs to something else."""
_AROUND = 24
"""Characters on both sides, within its clause, that are read with a word of danger in a longer story."""
_ELSE = 4
"""So many characters about something else make it one."""
_PAST = re.compile(r"上次|上回|上周|上个?月|去年|那次|那回|那天|昨天|前天|以前|之前")
_TOLD: tuple[Scope, ...] = ("question", "thanks", "harmless", "battery", "other_source")
"""Ways of saying that tell of a danger rather than report one."""
_VETO_PARTIAL = 0.3
_SURE_PARTIAL = 0.75
"""A partial result gets another chance within 200 ms."""
_SURE_AGAINST_SCOPE = 0.23
_SURE_AGAINST_ALL = 0.34
_RULE_POINT = 0.2
_SURE_AGAINST_BATTERY = 0.8
"""The caller himself puts the chirp down to a low battery."""
_FRAGMENT = 12
"""Characters below which words that the line does not know have no label and declare nothing."""
_GARBLED_WORDS = 5
_SURE_GARBLED = 0.5
"""So many characters of which nothing was understood, and the classifier so sure: misheard danger."""
_UNSURE = 0.5
"""Nothing that the line knows was said: whoever asks asks again."""
_NO_LABEL = 0.2
_NO_WORK = frozenset({
    "billing", "transfer_ownership", "human_agent", "consult_other", "outage_inquiry", "complaint"})
"""Nobody comes for these: they have no place."""
_LEAST_LOG = 14.0
_PLACE_POINTS = 3.0
_SURE_OF_PLACE = 0.9
"""When no word names a place, the classifier may only with this share."""
_TURNING_ENDS = frozenset("漏断掉爆破烟响")
_TURNING = re.compile(
    r"如果|假如|万一|要是|假设|上次|上回|上个月|上周|去年|前几天|那次|那天|之前|以前|昨天|前天|昨晚|想买|买|怎么判断|怎么检查|"
    r"一般|平时|感谢|谢谢|表扬|投诉|为什么|请问|想问|问我|咨询|没电|电池|听说|新闻|网上|电视|抢修|什么时候|能不能|安检"
)
_TURNING_NEAR = 20
"""How many characters a turning word reaches."""
_SETTLED = re.compile(
    r"现在(?!没|修|好|就|完)|刚才|刚刚|正在|一直|快来|快点|赶紧|赶快|还在|又(有|漏|响)|怎么办|咋办|咋个办")
_HERE = re.compile(
    r"我家|我们家|我屋|屋头|屋里|家里|厨房|我(们)?(这|店|小区|楼)|这里|这儿|有股|一股|救命|来人|[了啦]$")
_COMPLETE_AFTER = 6
"""A bare 漏气 at the beginning of a partial result waits for so many characters: 漏气 + 维修收费吗."""


def assess(
    text: str, *, context: str | None = None, partial: bool = False, classifier: Classifier | None = None,
    caller: Caller = NOBODY,
) -> Assessment:
    """Assess one transcript.

    `context` is what the caller said before: it is read with `text`, and only words of
    `text` count as reasons. `partial`: more words may follow, so what the next word can turn
    round (如果, 上次, 漏 before 水) waits for it. `classifier`: another than
    the shipped one. `caller`: who is calling; it may declare what words alone would not, never the
    other way round. Offsets of the reasons are in characters of `text`.
    """
    if len(text) > AT_ONCE:
        parts = [(start, assess(piece, partial=partial, classifier=classifier, caller=caller))
                 for start, piece in pieces(text)]
        return together(parts)
    said = normalise(f"{context}{STOP}{text}" if context else text)
    skipped = len(context) + 1 if context else 0
    findings = find(said)
    judge = classifier or load_classifier()
    opinion = _opinion(said, findings, judge)
    heard = {name for name, _, _ in concepts(said.text, said.sounds)}
    spoken = heard - EMPTY
    hazards = _believed(said, findings, opinion, judge, partial)
    if hazards or _suspected(said, findings, opinion, heard, partial):
        found = _emergency(said, findings, hazards, opinion, judge, skipped)
    elif caller.counts < 1 and not partial and spoken & DANGER and _suspected_of(caller, findings, opinion):
        found = _emergency(said, findings, findings.hazards, opinion, judge, skipped)
        who = Reason(text="", start=0, end=0, rule=caller.counting)
        found = replace(found, reasons=(*found.reasons, who))
    elif not (spoken or findings.labels or findings.hazards) and len(said.text) < _FRAGMENT:
        found = Assessment(
            label="consult_other", emergency=False, hazard=None, place=_place(findings, [], None),
            confidence=_UNSURE, reasons=(), label_confidence=_NO_LABEL)
    else:
        found = _ordinary(said, findings, opinion, skipped, caller)
    version = f"{VERSION}+{judge.provenance.get('model', '')}" if judge else VERSION
    suspicion = round(_sure(opinion, findings), 6) if said.text else 0.0
    reasons = tuple(one.model_copy(update={"text": text[one.start: one.end]}) for one in found.reasons)
    return replace(found, version=version, suspicion=suspicion, reasons=reasons)


def warm() -> None:
    """Load rules, words and classifier now, so that no caller's first word waits for them."""
    assess("喂，我家有煤气味，在厨房，没气了要交费")


def _believed(
    said: Normal, findings: Findings, opinion: Opinion, judge: Classifier | None, partial: bool
) -> list[Evidence]:
    """The rules' live evidence, unless the classifier plainly hears somebody else's or past danger.

    In a long story about something else one sentence of danger still counts: it is judged by itself.
    """
    hazards = live_hazards(findings)
    if partial:
        hazards = [e for e in hazards if not _may_turn(said, e)]
    doubt = _VETO_NOW if findings.scopes["present"] else _VETO_PARTIAL if partial else _VETO
    if opinion.labels and opinion.emergency < doubt:
        long = len(said.text) > _STORY
        told = bool(_PAST.search(said.text)) or any(findings.scopes[scope] for scope in _TOLD)
        if partial or (told and not long):
            return []
        enough = _SURE_ALONE_IN_STORY if long else _SURE_ALONE
        return [e for e in hazards if _alone(said, e, judge) > enough]
    return hazards


def _alone(said: Normal, evidence: Evidence, judge: Classifier | None) -> float:
    """What the classifier thinks of the words around the evidence, when they are only a part of the call."""
    start = max(said.text.rfind(STOP, 0, evidence.start) + 1, evidence.start - _AROUND)
    stop = said.text.find(STOP, evidence.end)
    end = min(stop if stop >= 0 else len(said.text), evidence.end + _AROUND)
    if len(said.text) - (end - start) < _ELSE:
        return 0.0
    near = Normal(said.text[start:end], said.sounds[start:end], said.origin[start:end])
    return _opinion(near, find(near), judge).emergency


def _suspected(
    said: Normal, findings: Findings, opinion: Opinion, heard: set[str], partial: bool
) -> bool:
    """Whether the classifier declares alone: sure enough, and words of the line were said."""
    if partial:
        return opinion.emergency > _SURE_PARTIAL and not findings.hazards and _danger_stands(said)
    if not heard - EMPTY and len(said.text) < _FRAGMENT:
        garbled = not heard and len(said.text) >= _GARBLED_WORDS
        return garbled and opinion.emergency > _SURE_GARBLED
    return opinion.emergency > _threshold(findings, opinion, bool(heard & DANGER))


def _suspected_of(caller: Caller, findings: Findings, opinion: Opinion) -> bool:
    """Whether less is enough because of who is calling; words of danger must have been said."""
    return opinion.emergency > caller.counts * _threshold(findings, opinion, danger=True)


def _danger_stands(said: Normal) -> bool:
    """Whether a word of danger was said that the next words will hardly turn."""
    if _turned(said.text):
        return False
    ends = [end for name, _, end in concepts(said.text, said.sounds) if name in DANGER]
    return bool(ends) and _said_out(said, min(ends))


def _opinion(said: Normal, findings: Findings, classifier: Classifier | None) -> Opinion:
    """What the classifier thinks; nothing without one."""
    if classifier is None or not said.text:
        return Opinion(0.0, {}, {}, {})
    return classifier.opinion(features(said, fired(findings)), bool(live_hazards(findings)))


def _threshold(findings: Findings, opinion: Opinion, danger: bool) -> float:
    """How sure the classifier must be to declare an emergency alone."""
    scopes = findings.scopes
    if findings.hazards and any(scopes[scope] for scope in WHOLE_CALL):
        return _SURE_AGAINST_ALL
    if findings.hazards and scopes["battery"] and not scopes["present"]:
        return _SURE_AGAINST_BATTERY
    if findings.hazards or findings.scopes["denial"]:
        return _SURE_AGAINST_SCOPE
    return _SURE if danger else _SURE_WITHOUT_DANGER


def _turned(before: str) -> bool:
    """Whether what was just said may turn what follows into a story, a question or a wish."""
    return bool(_TURNING.search(before[-_TURNING_NEAR:])) and not _SETTLED.search(before)


def _may_turn(said: Normal, evidence: Evidence) -> bool:
    """Whether the next words may take this evidence away."""
    if _turned(said.text[: evidence.start]) and not _SETTLED.search(said.text):
        return True
    if evidence.end == len(said.text) and said.text[-1] in _TURNING_ENDS:
        return True
    return not _said_out(said, evidence.end)


def _said_out(said: Normal, end: int) -> bool:
    """Whether enough was said beside the words that end there to take them as meant."""
    here = _SETTLED.search(said.text) or _HERE.search(said.text)
    return bool(here) or len(said.text) - end >= _COMPLETE_AFTER


def _emergency(
    said: Normal, findings: Findings, hazards: list[Evidence], opinion: Opinion,
    judge: Classifier | None, skipped: int,
) -> Assessment:
    decisive = hazards or findings.hazards
    return Assessment(
        label="leak_emergency", emergency=True, hazard=_hazard(decisive, opinion),
        place=_place(findings, decisive, opinion),
        confidence=_confidence(opinion, findings, emergency=True),
        reasons=_reasons(said, decisive, skipped) or _suspicions(said, judge, skipped),
    )


def _confidence(opinion: Opinion, findings: Findings, *, emergency: bool) -> float:
    """How often a decision like this one is right."""
    sure = _sure(opinion, findings)
    return round(max(0.5, sure if emergency else 1 - sure), 3)


def _sure(opinion: Opinion, findings: Findings) -> float:
    """How likely an emergency is; from the rules alone without a classifier."""
    return opinion.sure if opinion.labels else max((e.weight for e in findings.hazards), default=0.1)


def _suspicions(said: Normal, classifier: Classifier | None, skipped: int) -> tuple[Reason, ...]:
    """What the classifier went by when no rule fired in these words: words of danger, or what tells most."""
    found = [(f"classifier_{name.lower()}", start, end)
             for name, start, end in concepts(said.text, said.sounds) if name in DANGER]
    if not found and classifier is not None:
        found = [("classifier_words", start, end) for start, end in classifier.telling(said)]
    first = next((i for i, at in enumerate(said.origin) if at >= skipped), len(said.text))
    found = [(name, start, end) for name, start, end in found if start >= first]
    if not found and first < len(said.text):
        found = [("said_before", first, len(said.text))]
    return tuple(
        Reason(text=said.text[start:end], start=at - skipped, end=to - skipped, rule=name)
        for name, start, end in found[:_REASONS_MAX] for at, to in (said.span(start, end),)
    )


def _hazard(decisive: list[Evidence], opinion: Opinion) -> Hazard:
    """The gravest that a rule found; without a rule the likeliest."""
    found = {e.rule.text.hazard for e in decisive if e.rule.text.hazard}
    if found:
        return max(found, key=SEVERITY.index)
    return max(opinion.hazards, key=lambda name: opinion.hazards[name], default="other")


def _ordinary(
    said: Normal, findings: Findings, opinion: Opinion, skipped: int, caller: Caller
) -> Assessment:
    points: dict[Label, float] = defaultdict(float, caller.points())
    for evidence in findings.labels:
        if evidence.rule.text.label:
            points[evidence.rule.text.label] += evidence.weight * _RULE_POINT
    for name, share in opinion.labels.items():
        points[name] += log(share + 1e-6) + _LEAST_LOG
    label: Label = max(points, key=lambda name: points[name]) if points else "consult_other"
    led = [e for e in findings.labels if e.rule.text.label == label]
    taken = [e for group in findings.scopes.values() for e in group] if findings.hazards else []
    return Assessment(
        label=label, emergency=False, hazard=None,
        place="unknown" if label in _NO_WORK else _place(findings, led, None),
        confidence=_confidence(opinion, findings, emergency=False),
        reasons=_reasons(said, led + taken, skipped), label_confidence=_share(points, label),
    )


def _share(points: dict[Label, float], label: Label) -> float:
    """The label's share among the ordinary ones."""
    most = max(points.values(), default=0.0)
    return round(exp(points[label] - most) / (sum(exp(p - most) for p in points.values()) or 1.0), 3)


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
