"""Makes the classifier from the corpus: the same corpus and seed give the same artefact."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from hotline.triage.calibrate import Scores, platt
from hotline.triage.classifier import (
    CLASSES,
    HAZARDS,
    ORDINARY,
    PLACES,
    Calibration,
    Classifier,
    Indices,
    Weights,
    emphasis,
    features,
    log_odds,
    shares,
)
from hotline.triage.corpus import Sentence, fold_of
from hotline.triage.evidence import find, fired
from hotline.triage.model import VERSION
from hotline.triage.noise import Noise
from hotline.triage.normal import normalise
from hotline.yamlfile import load


class Surroundings(BaseModel):
    """What is said around a wish."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: tuple[str, ...]
    after: tuple[str, ...]
    denials: tuple[str, ...]


SURROUNDINGS = Path(__file__).with_name("surroundings.yaml")
_OFTEN_FIRST = frozenset({"repair", "billing", "appointment", "complaint", "meter", "human_agent", "no_gas"})
_OFTEN_DENIED = frozenset({"repair", "no_gas", "meter", "new_install", "consult_other"})

_ANOTHER_WISH = (0.2, 0.06)
"""How often a danger is said beside one more wish, and beside another one."""
_SAME_WISH = (0.14,)
_OTHER_WISH = 0.1
"""How often an ordinary wish is followed by one of another kind, which does not change what it is."""
_CALIBRATING_FOLDS = 2
_NO_STOPS = {ord(mark): None for mark in "，。！？、；：,.!? "}

Sample = tuple[Indices, int, int]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """One hearing of one sentence."""

    sentence: int
    names: set[str]
    what: int
    where: int
    """Place; -1: not given."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is trained."""

    seed: int = 1
    epochs: int = 22
    batch: int = 256
    rate: float = 0.8
    decay: float = 2e-6
    dropout: float = 0.5
    """Share of the features that each pass over a hearing leaves out: no word alone may carry a decision."""
    least_sentences: int = 3
    """Features of fewer sentences are left out: they are learned by heart."""
    noises: tuple[float, ...] = (0.0, 0.0, 0.08, 0.13, 0.16, 0.18, 0.2, 0.2, 0.22, 0.25, 0.27)
    """Each sentence is heard once with each of these error rates."""


def train(
    sentences: Sequence[Sentence], plan: Plan | None = None, progress: Progress = lambda _: None
) -> Classifier:
    """Fit on these sentences, each clean and noisy, among words that change nothing."""
    plan = plan or Plan()
    heard = list(spoilt(sentences, plan))
    calibration = _calibrated(sentences, heard, plan, lambda done: progress(0.6 * done))
    made = fit(heard, plan, lambda done: progress(0.6 + 0.4 * done), _provenance(sentences, plan))
    return replace(made, calibration=calibration)


def _calibrated(
    sentences: Sequence[Sentence], heard: Sequence[Heard], plan: Plan, progress: Progress
) -> Calibration:
    """Platt's scaling of opinions about sentences that were not trained on (grouped folds)."""
    scores: tuple[Scores, Scores] = ([], [])
    folds = [fold_of(sentences[one.sentence], _CALIBRATING_FOLDS) for one in heard]
    for fold in range(_CALIBRATING_FOLDS):
        seen = [one for one, at in zip(heard, folds, strict=True) if at != fold]
        if not seen:
            continue
        judge = fit(seen, replace(plan, epochs=(plan.epochs + 1) // 2), lambda _: None, {})
        for one, at in zip(heard, folds, strict=True):
            if at == fold:
                score = log_odds(judge.opinion(one.names).emergency)
                scores["rlive0" not in one.names].append((score, one.what >= len(ORDINARY)))
        progress((fold + 1) / _CALIBRATING_FOLDS)
    return platt(scores[0]), platt(scores[1])


def spoilt(sentences: Sequence[Sentence], plan: Plan) -> Iterator[Heard]:
    """Every sentence once for each of the plan's error rates."""
    around = load(SURROUNDINGS, Surroundings)
    noise = Noise()
    wishes: dict[str, list[str]] = {"": []}
    for sentence in sentences:
        wishes.setdefault(sentence.label, []).append(sentence.text)
        if sentence.label in _OFTEN_FIRST:
            wishes[""].append(sentence.text)
    for number, sentence in enumerate(sentences):
        right = _right(sentence)
        for take, rate in enumerate(plan.noises):
            chance = random.Random(f"{plan.seed}:{take}:{sentence.text}")
            text = _surround(sentence, wishes, around, chance) if take else sentence.text
            if take % 2:
                text = text.translate(_NO_STOPS)
            said = normalise(noise.spoil(text, rate, plan.seed * 1000 + take))
            yield Heard(number, features(said, fired(find(said))), *right)


def fit(heard: Sequence[Heard], plan: Plan, progress: Progress, provenance: dict[str, str]) -> Classifier:
    """Multinomial logistic regression over the features that enough sentences have."""
    vocabulary = {name: row for row, name in enumerate(_shared(heard, plan.least_sentences))}
    made = Classifier(vocabulary, np.zeros((len(vocabulary), CLASSES + len(PLACES)), np.float32), provenance)
    samples = [(made.indices(one.names), one.what, one.where) for one in heard]
    _fit(made.weights, np.array([emphasis(n) for n in vocabulary], np.float32), samples, plan, progress)
    return made


def _shared(heard: Sequence[Heard], least: int) -> list[str]:
    """Names of the features that at least so many sentences have."""
    sentences: dict[str, set[int]] = {}
    for one in heard:
        for name in one.names:
            found = sentences.setdefault(name, set())
            if len(found) < least:
                found.add(one.sentence)
    return sorted(name for name, found in sentences.items() if len(found) >= least)


def _right(sentence: Sentence) -> tuple[int, int]:
    """Class and place; -1: the place was not given."""
    if sentence.hazard is None:
        return ORDINARY.index(sentence.label), -1
    return len(ORDINARY) + HAZARDS.index(sentence.hazard), PLACES.index(sentence.place)


def _surround(
    sentence: Sentence, wishes: Mapping[str, Sequence[str]], around: Surroundings, chance: random.Random
) -> str:
    """The sentence among words that change nothing: greetings, haste, another wish, a denial.

    A danger stays one among other wishes; two wishes of one kind are of that kind, and no danger.
    `wishes`: what is said for each label, and under the empty name what is often said beside a danger.
    """
    parts = [sentence.text]
    if chance.random() < 0.35:
        parts.insert(0, chance.choice(around.before))
    if chance.random() < 0.3:
        parts.append(chance.choice(around.after))
    danger = sentence.label == "leak_emergency"
    others = sum(chance.random() < share for share in (_ANOTHER_WISH if danger else _SAME_WISH))
    for _ in range(others):
        other = chance.choice(wishes["" if danger else sentence.label])
        parts.insert(chance.choice((0, len(parts))), other)
    if not danger and chance.random() < _OTHER_WISH:
        parts.append(chance.choice(wishes[""]))
    if sentence.label in _OFTEN_DENIED and chance.random() < 0.15:
        parts.insert(chance.choice((0, len(parts))), chance.choice(around.denials))
    return "，".join(parts)


def _fit(
    weights: Weights, pace: Weights, samples: list[Sample], plan: Plan, progress: Progress
) -> None:
    """AdaGrad over shuffled batches; `pace` is each feature's own."""
    chance = np.random.default_rng(plan.seed)
    squares = np.full(weights.shape, 1e-4, dtype=np.float32)
    for epoch in range(plan.epochs):
        order = chance.permutation(len(samples))
        for start in range(0, len(order), plan.batch):
            batch = [_thinned(samples[i], plan.dropout, chance) for i in order[start: start + plan.batch]]
            _step(weights, squares, pace, batch, plan)
        progress((epoch + 1) / plan.epochs)


def _thinned(sample: Sample, dropout: float, chance: np.random.Generator) -> Sample:
    """The sample with some of its features left out, never with none."""
    indices, what, where = sample
    kept = indices[chance.random(len(indices)) >= dropout]
    return (kept if len(kept) else indices), what, where


def _step(weights: Weights, squares: Weights, pace: Weights, batch: list[Sample], plan: Plan) -> None:
    lengths = np.array([max(1, len(indices)) for indices, _, _ in batch])
    flat = np.concatenate([indices for indices, _, _ in batch])
    rows = np.repeat(np.arange(len(batch)), [len(indices) for indices, _, _ in batch])
    scale = (1 / np.sqrt(lengths)).astype(np.float32)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    scores = np.add.reduceat(weights[flat], starts, axis=0) * scale[:, None]
    errors = _errors(scores, batch) * (scale / len(batch))[:, None]
    by_feature = np.argsort(flat, kind="stable")
    ordered = flat[by_feature]
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    touched = ordered[first]
    slope = np.add.reduceat(errors[rows[by_feature]], first, axis=0) + plan.decay * weights[touched]
    squares[touched] += slope * slope
    weights[touched] -= plan.rate * pace[touched][:, None] * slope / np.sqrt(squares[touched])


def _errors(scores: Weights, batch: list[Sample]) -> Weights:
    """How far each share is from what is right; places count for emergencies only."""
    what, where = shares(scores[:, :CLASSES]), shares(scores[:, CLASSES:])
    each = np.arange(len(batch))
    what[each, [right for _, right, _ in batch]] -= 1
    placed = np.array([place for _, _, place in batch])
    where[each, placed] -= 1
    where[placed < 0] = 0
    return np.concatenate([what, where], axis=1)


def _provenance(sentences: Sequence[Sentence], plan: Plan) -> dict[str, str]:
    digest = sha256("\n".join(f"{s.label}\t{s.text}" for s in sentences).encode()).hexdigest()
    name = sha256(f"{VERSION}\n{digest}\n{plan!r}".encode()).hexdigest()[:12]
    return {
        "model": name, "rules": VERSION, "corpus_sha256": digest, "sentences": str(len(sentences)),
        "plan": repr(plan), "made_by": "hotline triage train", "licence": "CC0-1.0",
    }
