"""Callers' sentences with the right answers, for measuring and training."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hotline.errors import ConfigurationError, Fault
from hotline.events import Hazard, Label, Place
from hotline.yamlfile import load

SENTENCES = Path(__file__).with_name("sentences")
"""The corpus of this project; README.md there says how it is written."""
FOLDS = 5
_PUNCTUATION = re.compile(r"[\W_]+")


class Sentence(BaseModel):
    """One sentence as a caller might say it, with the right answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    text: str = Field(min_length=1)
    label: Label
    hazard: Hazard | None = None
    place: Place = "unknown"
    tags: tuple[str, ...] = ()
    group: str = ""
    """Shared by variants of one sentence, which must never stand on both sides of a split."""

    @model_validator(mode="after")
    def _hazard_with_leak(self) -> Sentence:
        if (self.label == "leak_emergency") != (self.hazard is not None):
            raise ValueError("hazard belongs to leak_emergency and to nothing else")
        return self


class Corpus(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    sentences: tuple[Sentence, ...]


def read_corpus(path: Path) -> Corpus:
    """Read a corpus file, or all of a folder. Raises ConfigurationError with line and field."""
    if not path.is_dir():
        return load(path, Corpus)
    parts = [load(part, Corpus) for part in sorted(path.glob("*.yaml"))]
    if not parts:
        raise ConfigurationError([Fault(path, 0, "", "holds no corpus file")])
    return Corpus(licence=parts[0].licence, sentences=tuple(s for part in parts for s in part.sentences))


def fold_of(sentence: Sentence, folds: int = FOLDS) -> int:
    """Its side of a split: by its group's hash, so that nothing written later moves it."""
    group = sentence.group or _PUNCTUATION.sub("", sentence.text)
    return int(sha256(group.encode()).hexdigest()[:8], 16) % folds
