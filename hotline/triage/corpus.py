"""Callers' sentences with the right answers, for measuring and training."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hotline.events import Hazard, Label, Place
from hotline.yamlfile import load

_HELD_OUT_OF = 3


class Sentence(BaseModel):
    """One sentence as a caller might say it, with the right answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    text: str = Field(min_length=1)
    label: Label
    hazard: Hazard | None = None
    place: Place = "unknown"
    tags: tuple[str, ...] = ()

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
    """Read a corpus file. Raises ConfigurationError naming line and field of every fault."""
    return load(path, Corpus)


def held_out(index: int) -> bool:
    """Every third sentence is looked at only at the end."""
    return index % _HELD_OUT_OF == _HELD_OUT_OF - 1
