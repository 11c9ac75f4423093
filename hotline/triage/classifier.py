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
from pathlib import Path
from typing import get_args
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hotline.events import Hazard, Label, Place
from hotline.triage.normal import STOP, Normal
from hotline.triage.phonetics import codes
from hotline.yamlfile import YamlFile, plain

ARTEFACT = Path(__file__).with_name("classifier.npz")
CONCEPTS = Path(__file__).with_name("concepts.yaml")
BUCKETS = 1 << 15
ORDINARY: tuple[Label, ...] = tuple(name for name in get_args(Label) if name != "leak_emergency")
HAZARDS: tuple[Hazard, ...] = get_args(Hazard)
PLACES: tuple[Place, ...] = get_args(Place)
CLASSES = len(ORDINARY) + len(HAZARDS)
"""A call is an ordinary one with its label, or an emergency with its hazard."""
_LONGEST = 120
"""Only the last so many characters count; what was said before was judged before."""

_RULE_COPIES = 4
"""A rule that fired weighs as much as so many n-grams."""

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


def features(said: Normal, fired: Iterable[str]) -> Indices:
    """Hashed features: character and sound n-grams, sound pairs over a gap, rules that fired."""
    text, sounds = said.text[-_LONGEST:], said.sounds[-_LONGEST:]
    names: set[str] = {"bias", f"length{min(len(text) // 6, 6)}"}
    names.update(f"r{copy}{rule}" for rule in fired for copy in range(_RULE_COPIES))
    names.update(f"1{c}" for c in text if c != STOP)
    names.update(f"a{c}" for c in sounds if c != STOP)
    for size in (2, 3):
        names.update(f"{size}{text[i:i + size]}" for i in range(len(text) - size + 1))
        names.update(f"{'_bc'[size - 1]}{sounds[i:i + size]}" for i in range(len(sounds) - size + 1))
    names.update(_about(text, sounds))
    names.update(f"g{sounds[i]}{sounds[i + 2]}" for i in range(len(sounds) - 2))
    return np.fromiter((crc32(name.encode()) % BUCKETS for name in sorted(names)), dtype=np.int64)


def _about(text: str, sounds: str) -> Iterator[str]:
    """Concepts in the order in which they were said, alone and in pairs."""
    said = [name for name, _, _ in concepts(text, sounds)]
    for number, first in enumerate(said):
        yield from (f"k{copy}{first}" for copy in range(_RULE_COPIES))
        yield from (f"p{copy}{first}>{second}" for second in said[number + 1: number + 4] for copy in (0, 1))


def concepts(text: str, sounds: str) -> list[tuple[str, int, int]]:
    """Names of concepts.yaml with their spans, in order; by sound where not as written."""
    written, heard = _concept_words()
    found = [(*match.span(), written.names[match[0]]) for match in written.pattern.finditer(text)]
    taken = {at for match in written.pattern.finditer(text) for at in range(*match.span())}
    for match in heard.pattern.finditer(sounds):
        if len(match[0]) > 1 and not taken.intersection(range(*match.span())):
            found.append((match.start(), match.end(), heard.names[match[0]]))
    return [(name, start, end) for start, end, name in sorted(found)]


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


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights by feature and class: labels, then hazards, then places."""

    weights: Weights
    """Shape (BUCKETS, CLASSES + places)."""
    provenance: dict[str, str]

    def opinion(self, indices: Indices) -> Opinion:
        scores = self.weights[indices].sum(axis=0) / np.sqrt(len(indices))
        what, where = shares(scores[None, :CLASSES])[0].tolist(), shares(scores[None, CLASSES:])[0].tolist()
        hazards = dict(zip(HAZARDS, what[len(ORDINARY):], strict=True))
        return Opinion(
            emergency=sum(hazards.values()), labels=dict(zip(ORDINARY, what, strict=False)), hazards=hazards,
            places=dict(zip(PLACES, where, strict=True)),
        )

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, weights=self.weights.astype(np.float16),
            provenance=np.array(json.dumps(self.provenance, ensure_ascii=False, sort_keys=True)),
        )


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
        return Classifier(stored["weights"].astype(np.float32), json.loads(str(stored["provenance"])))
