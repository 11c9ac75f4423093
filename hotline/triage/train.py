"""Makes the classifier from the corpus: the same corpus and seed give the same artefact."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from hotline.triage.assess import find, fired
from hotline.triage.classifier import (
    BUCKETS,
    CLASSES,
    HAZARDS,
    ORDINARY,
    PLACES,
    Classifier,
    Indices,
    Weights,
    features,
    shares,
)
from hotline.triage.corpus import Sentence
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

Sample = tuple[Indices, int, int]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is trained."""

    seed: int = 1
    epochs: int = 24
    batch: int = 256
    rate: float = 0.6
    decay: float = 2e-6
    noises: tuple[float, ...] = (
        0.0, 0.0, 0.0, 0.05, 0.08, 0.12, 0.15, 0.15, 0.18, 0.2, 0.2, 0.2, 0.25, 0.25, 0.28,
    )
    """Each sentence is heard once with each of these error rates."""


def train(
    sentences: Sequence[Sentence], plan: Plan | None = None, progress: Progress = lambda _: None
) -> Classifier:
    """Fit on these sentences, each clean, noisy and cut short."""
    plan = plan or Plan()
    samples = list(_samples(sentences, plan))
    weights = _fit(samples, plan, progress)
    return Classifier(weights, _provenance(sentences, plan))


def _samples(sentences: Sequence[Sentence], plan: Plan) -> Iterator[Sample]:
    around = load(SURROUNDINGS, Surroundings)
    said = (sentence.text for sentence in sentences)
    noise = Noise([*said, *around.before, *around.after, *around.denials])
    chance = random.Random(plan.seed)
    ordinary = [sentence.text for sentence in sentences if sentence.label in _OFTEN_FIRST]
    for sentence in sentences:
        right = _right(sentence)
        for number, rate in enumerate(plan.noises):
            text = _surround(sentence, ordinary, around, chance) if number else sentence.text
            heard = normalise(noise.spoil(text, rate, plan.seed * 1000 + number))
            yield features(heard, fired(find(heard))), *right


def _right(sentence: Sentence) -> tuple[int, int]:
    """Class and place; -1: the place was not given."""
    if sentence.hazard is None:
        return ORDINARY.index(sentence.label), -1
    return len(ORDINARY) + HAZARDS.index(sentence.hazard), PLACES.index(sentence.place)


def _surround(
    sentence: Sentence, ordinary: Sequence[str], around: Surroundings, chance: random.Random
) -> str:
    """The sentence among words that change nothing: greetings, haste, another wish, a denial."""
    parts = [sentence.text]
    if chance.random() < 0.35:
        parts.insert(0, chance.choice(around.before))
    if chance.random() < 0.3:
        parts.append(chance.choice(around.after))
    if sentence.label == "leak_emergency" and chance.random() < 0.12:
        parts.insert(0, chance.choice(ordinary))
    if sentence.label in _OFTEN_DENIED and chance.random() < 0.15:
        parts.insert(chance.choice((0, len(parts))), chance.choice(around.denials))
    return "，".join(parts)


def _fit(samples: Sequence[Sample], plan: Plan, progress: Progress) -> Weights:
    """Multinomial logistic regression by AdaGrad over shuffled batches."""
    chance = np.random.default_rng(plan.seed)
    shape = (BUCKETS, CLASSES + len(PLACES))
    weights, squares = np.zeros(shape, dtype=np.float32), np.full(shape, 1e-4, dtype=np.float32)
    for epoch in range(plan.epochs):
        order = chance.permutation(len(samples))
        for start in range(0, len(order), plan.batch):
            _step(weights, squares, [samples[i] for i in order[start: start + plan.batch]], plan)
        progress((epoch + 1) / plan.epochs)
    return weights


def _step(weights: Weights, squares: Weights, batch: list[Sample], plan: Plan) -> None:
    lengths = np.array([len(indices) for indices, _, _ in batch])
    flat = np.concatenate([indices for indices, _, _ in batch])
    rows = np.repeat(np.arange(len(batch)), lengths)
    scale = (1 / np.sqrt(lengths)).astype(np.float32)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    scores = np.add.reduceat(weights[flat], starts, axis=0) * scale[:, None]
    errors = _errors(scores, batch) * (scale / len(batch))[:, None]
    touched, places = np.unique(flat, return_inverse=True)
    columns = [np.bincount(places, errors[rows, column], len(touched)) for column in range(errors.shape[1])]
    slope = np.stack(columns, axis=1).astype(np.float32) + plan.decay * weights[touched]
    squares[touched] += slope * slope
    weights[touched] -= plan.rate * slope / np.sqrt(squares[touched])


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
    return {
        "rules": VERSION, "corpus_sha256": digest, "sentences": str(len(sentences)), "plan": repr(plan),
        "made_by": "hotline triage train", "licence": "CC0-1.0",
    }
