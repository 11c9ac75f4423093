"""Keeps the demo honest: the model must not have met the demo's voice or sentences before.

A model of ours carries `provenance.json` (voices it was trained on) and `lm-text.txt.xz` (every
sentence its language model was made from). Official models carry neither.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hotline.errors import HotlineError

PROVENANCE = "provenance.json"
FEW_CHARACTERS = 6
"""Shorter answers (对，是的) are in everybody's mouth; only the whole utterance is compared."""


class ProvenanceError(HotlineError):
    """The model does not say what it was trained on. Use the demo model that comes with the project."""


class Provenance(BaseModel):
    """What `provenance.json` tells."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    made_with: str
    training_voices: tuple[str, ...]
    """espeak-ng variants; the empty one is the plain voice."""
    held_out_voices: tuple[str, ...]
    lm_text: str
    """File name: one sentence a line, no punctuation, xz."""
    lm_text_sentences: int
    how_checked: str
    licence: str
    command: str = ""
    """Makes the same model again."""
    seed: int | None = None
    utterances: int | None = None
    epochs: float | None = None
    frame_accuracy: float | None = None
    """On clips that were not learned from, of 30 ms frames."""
    machine: str = ""
    """Kind of processor: matrix products round differently on another."""
    inputs: dict[str, str] = {}
    """Text of `hotline/speech/making/texts` → SHA-256."""
    files: dict[str, str] = {}
    """File of the model → SHA-256."""
    limits: str = ""


def load_provenance(model: Path) -> Provenance:
    """Raises ProvenanceError."""
    try:
        return Provenance.model_validate_json((model / PROVENANCE).read_bytes())
    except (OSError, ValidationError) as error:
        raise ProvenanceError(f"{model / PROVENANCE}: {error}") from error


def lm_sentences(model: Path) -> frozenset[str]:
    """Every sentence of the language model's text. Raises ProvenanceError."""
    provenance = load_provenance(model)
    try:
        text = lzma.decompress((model / provenance.lm_text).read_bytes()).decode()
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise ProvenanceError(f"{model / provenance.lm_text}: {error}") from error
    sentences = frozenset(text.split())
    if len(sentences) != provenance.lm_text_sentences:
        raise ProvenanceError(f"{model / provenance.lm_text}: {len(sentences)} sentences, not as declared")
    return sentences


def bare(sentence: str) -> str:
    """Without punctuation and spaces."""
    return re.sub(r"[\W_]+", "", sentence)


def check_unseen(model: Path, voice: str, sentences: Iterable[str]) -> list[str]:
    """What speaks against "never met before", in words; empty when nothing does.

    `voice` is a variant as in `hotline.demo.voices`. A sentence is known when it is one of the
    language model's, or from six characters on, a part of one. Raises ProvenanceError.
    """
    violations: list[str] = []
    variant = voice.removeprefix("cmn").removeprefix("+")
    if variant in load_provenance(model).training_voices:
        violations.append(f"the voice {variant or 'cmn (plain)'} was used in training")
    known = lm_sentences(model)
    whole = "\n".join(known)
    for sentence in sentences:
        text = bare(sentence)
        if text in known or (len(text) >= FEW_CHARACTERS and text in whole):
            violations.append(f"the sentence is in the language model's text: {sentence}")
    return violations
