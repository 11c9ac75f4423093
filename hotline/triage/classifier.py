"""A light second opinion: logistic regression on characters, sounds and the rules that fired.

Trained by `hotline triage train` on the project's own corpus; the artefact `classifier.npz`
carries where it came from. It catches what no rule was written for and words that the
recogniser garbled. Needs numpy only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from hotline.events import Hazard, Label, Place
from hotline.triage.normal import STOP, Normal
from hotline.triage.phonetics import codes
from hotline.yamlfile import YamlFile, plain

ARTEFACT = Path(__file__).with_name("classifier.npz")
CONCEPTS = Path(__file__).with_name("concepts.yaml")
ORDINARY: tuple[Label, ...] = tuple(name for name in get_args(Label) if name != "leak_emergency")
HAZARDS: tuple[Hazard, ...] = get_args(Hazard)
PLACES: tuple[Place, ...] = get_args(Place)
CLASSES = len(ORDINARY) + len(HAZARDS)
"""A call is an ordinary one with its label, or an emergency with its hazard."""
_LONGEST = 240
"""Only the last so many characters count; what was said before was judged before."""

_EMPHASIS = 3.0

DANGER = frozenset({
    "SMELL", "SMELLED", "LEAK", "HISS", "BUBBLE", "NOT_CLOSE", "RINGS", "BROKEN_OFF", "DIG", "FIRE", "SICK",
    "FLUE", "LEFT_ON", "SUICIDE",
})
"""Concepts that are shown as reasons when the classifier alone declares."""

EMPTY = frozenset({
    "NOT", "IF", "PAST", "NOW", "DOUBT", "WHEN", "WHY", "DAY", "HOW", "HOME", "STREET", "RELAYED", "HURRY",
    "THANK", "CHANGE",
})
"""Concepts that say nothing about what a call is about."""

Indices = NDArray[np.int64]
Weights = NDArray[np.float32]
Calibration = tuple[tuple[float, float], tuple[float, float]]


def features(said: Normal, fired: Iterable[str]) -> set[str]:
    """Character and sound n-grams, sound pairs over a gap, concepts, rules that fired: by name."""
    text, sounds = said.text[-_LONGEST:], said.sounds[-_LONGEST:]
    names = {"bias"}
    names.update(f"r{rule}" for rule in fired)
    names.update(f"1{c}" for c in text if c != STOP)
    names.update(f"a{c}" for c in sounds if c != STOP)
    for size in (2, 3):
        names.update(f"{size}{text[i:i + size]}" for i in range(len(text) - size + 1))
        names.update(f"{'_bc'[size - 1]}{sounds[i:i + size]}" for i in range(len(sounds) - size + 1))
    names.update(f"g{sounds[i]}{sounds[i + 2]}" for i in range(len(sounds) - 2))
    names.update(_about(text, sounds))
    return names


def emphasis(name: str) -> float:
    """How fast the weight of a feature learns: rules and concepts say more than an n-gram."""
    return _EMPHASIS if name[0] in "rkp" else 1.0


def _about(text: str, sounds: str) -> Iterator[str]:
    """Concepts in the order in which they were said, alone and in pairs."""
    said = [name for name, _, _ in concepts(text, sounds)]
    for number, first in enumerate(said):
        yield f"k{first}"
        yield from (f"p{first}>{second}" for second in said[number + 1: number + 4])


@lru_cache(maxsize=8)
def concepts(text: str, sounds: str) -> tuple[tuple[str, int, int], ...]:
    """Names of concepts.yaml with their spans, in order; by sound where not as written."""
    written, heard = _concept_words()
    found = [(*match.span(), written.names[match[0]]) for match in written.pattern.finditer(text)]
    taken = {at for start, end, _ in found for at in range(start, end)}
    for match in heard.pattern.finditer(sounds):
        if len(match[0]) > 1 and not taken.intersection(range(*match.span())):
            found.append((match.start(), match.end(), heard.names[match[0]]))
    return tuple((name, start, end) for start, end, name in sorted(found))


@dataclass(frozen=True, slots=True)
class _Words:
    """Words and the concept of each; the longest is tried first."""

    names: dict[str, str]
    pattern: re.Pattern[str]


def _words(names: dict[str, str]) -> _Words:
    longest_first = sorted(names, key=lambda word: (-len(word), word))
    return _Words(names, re.compile("|".join(map(re.escape, longest_first))))


@lru_cache(maxsize=1)
def _concept_words() -> tuple[_Words, _Words]:
    """By characters and by sound codes."""
    lists: dict[str, str] = plain(YamlFile(CONCEPTS).content)
    names = {word: name for name, words in reversed(lists.items()) for word in words.split("|")}
    return _words(names), _words({codes(word): name for word, name in names.items()})


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the classifier thinks; shares from 0 to 1."""

    emergency: float
    labels: dict[Label, float]
    hazards: dict[Hazard, float]
    places: dict[Place, float]
    """Where it is, if it is an emergency."""
    sure: float = 0.0
    """Calibrated: how often a call with this opinion is an emergency."""
    known: float = 1.0
    """Share of the features that training knew: low for garbled words."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights by feature and class: labels, then hazards, then places."""

    vocabulary: dict[str, int]
    """Row of each feature; what was never seen in training counts nothing."""
    weights: Weights
    """Shape (features, CLASSES + places)."""
    provenance: dict[str, str]
    calibration: Calibration = ((1.0, 0.0), (1.0, 0.0))
    """Slope and offset of the log odds, without and with a rule's live evidence."""

    def sure(self, emergency: float, live: bool) -> float:
        """How often a call with this opinion is an emergency, learned by cross-validation."""
        slope, offset = self.calibration[live]
        return 1 / (1 + exp(-slope * log_odds(emergency) - offset))

    def indices(self, names: Iterable[str]) -> Indices:
        """Rows of the known features, in one order for the same words."""
        known = self.vocabulary
        return np.array(sorted(known[name] for name in names if name in known), dtype=np.int64)

    def opinion(self, names: Iterable[str], live: bool = False) -> Opinion:
        """What it thinks of a text with these features; `live`: the rules see a danger."""
        names = set(names)
        indices = self.indices(names)
        scores = self.weights[indices].sum(axis=0) / np.sqrt(max(1, len(indices)))
        what, where = shares(scores[None, :CLASSES])[0].tolist(), shares(scores[None, CLASSES:])[0].tolist()
        hazards = dict(zip(HAZARDS, what[len(ORDINARY):], strict=True))
        emergency = sum(hazards.values())
        return Opinion(
            emergency=emergency, labels=dict(zip(ORDINARY, what, strict=False)), hazards=hazards,
            places=dict(zip(PLACES, where, strict=True)), sure=self.sure(emergency, live),
            known=len(indices) / max(1, len(names)),
        )

    def telling(self, said: Normal, most: int = 2) -> list[tuple[int, int]]:
        """Spans that speak most for an emergency, the strongest first: reasons where no rule fired."""
        begin = max(0, len(said.text) - _LONGEST)
        spans = [(i, i + size) for size in (2, 3) for i in range(begin, len(said.text) - size + 1)]
        leaning = sorted(spans, key=lambda span: (-self._leans(said, *span), span))
        chosen: list[tuple[int, int]] = []
        for start, end in leaning:
            if len(chosen) < most and all(end <= a or b <= start for a, b in chosen):
                chosen.append((start, end))
        return chosen

    def _leans(self, said: Normal, start: int, end: int) -> float:
        """How much these characters and their sounds speak for danger rather than for anything else."""
        size = end - start
        names = (f"{size}{said.text[start:end]}", f"{'_bc'[size - 1]}{said.sounds[start:end]}")
        rows = self.weights[[self.vocabulary[name] for name in names if name in self.vocabulary]].sum(axis=0)
        return float(rows[len(ORDINARY):CLASSES].max() - rows[:len(ORDINARY)].max())

    def save(self, path: Path) -> None:
        """Write the artefact; the same classifier always gives the same file contents."""
        np.savez_compressed(
            path, weights=self.weights.astype(np.float16), vocabulary=np.array("\n".join(self.vocabulary)),
            calibration=np.array(self.calibration),
            provenance=np.array(json.dumps(self.provenance, ensure_ascii=False, sort_keys=True)),
        )


def log_odds(share: float) -> float:
    """Log odds of a share, kept finite."""
    share = min(max(share, 1e-6), 1 - 1e-6)
    return log(share / (1 - share))


def shares(scores: Weights) -> Weights:
    """Softmax of each row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Weights = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


@lru_cache(maxsize=2)
def load(path: Path = ARTEFACT) -> Classifier | None:
    """The trained classifier; None when it was never trained: the rules decide alone then."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        names = str(stored["vocabulary"]).split("\n")
        return Classifier(
            {name: row for row, name in enumerate(names)}, stored["weights"].astype(np.float32),
            json.loads(str(stored["provenance"])), _calibration(stored["calibration"]))


def _calibration(stored: Any) -> Calibration:
    return (float(stored[0, 0]), float(stored[0, 1])), (float(stored[1, 0]), float(stored[1, 1]))
