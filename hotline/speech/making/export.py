"""The finished model's folder, as Vosk loads it, with what it was made from beside it."""

from __future__ import annotations

import hashlib
import json
import lzma
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from hotline.speech.making.features import CONF
from hotline.speech.making.texts import FILES, FOLDER
from hotline.speech.making.voices import KEPT_AWAY, TRAINING
from hotline.speech.provenance import PROVENANCE, Provenance

LM_TEXT = "lm-text.txt.xz"
LIMITS = (
    "Understands espeak-ng's synthesised Mandarin over telephone lines and nothing else. Nothing was "
    "measured on people's speech: it is for tests and the demonstration. Words outside its vocabulary come "
    "out as others."
)
TOOLS = ("numpy", "jieba", "espeakng-loader")
PAUSES = ((2, 0.5), (3, 0.75), (4, 1.0))
ENDPOINT = "--endpoint.silence-phones=1\n" + "".join(
    f"--endpoint.rule{rule}.min-trailing-silence={seconds}\n" for rule, seconds in PAUSES
)
SEARCH = "--min-active=200\n--max-active=2000\n--beam=11.0\n--lattice-beam=4.0\n"
MODEL_CONF = f"{SEARCH}--acoustic-scale=0.2\n--frame-subsampling-factor=3\n{ENDPOINT}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides how a model comes out."""

    seed: int
    utterances: int
    epochs: float
    generated: int
    general_words: int = 1800
    """Words from outside the domain, the commonest of general text."""
    characters: int = 2200
    """So many of the commonest are words of their own, so that any sentence can be spelled."""

    def command(self) -> str:
        return f"hotline model make --seed {self.seed}"


def write_configuration(folder: Path) -> None:
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    (conf / "mfcc.conf").write_text(CONF)
    (conf / "model.conf").write_text(MODEL_CONF)


def write_provenance(
    folder: Path, name: str, recipe: Recipe, sentences: Iterable[str], accuracy: float
) -> None:
    """`provenance.json` and every sentence of the language model's text."""
    text = sorted(set(sentences))
    (folder / LM_TEXT).write_bytes(lzma.compress("".join(f"{line}\n" for line in text).encode(), preset=9))
    tools = ", ".join(f"{tool} {version(tool)}" for tool in TOOLS)
    told = Provenance(
        model=name,
        made_with=f"hotline.speech.making: espeak-ng (cmn) over simulated telephone lines; {tools}",
        training_voices=tuple(TRAINING),
        held_out_voices=KEPT_AWAY,
        lm_text=LM_TEXT,
        lm_text_sentences=len(text),
        how_checked="kept_out.txt is sieved out of all text; a test compares it with what is said",
        licence="GPL-3.0-or-later",
        command=recipe.command(),
        seed=recipe.seed,
        utterances=recipe.utterances,
        epochs=recipe.epochs,
        frame_accuracy=round(accuracy, 4),
        machine=platform.machine(),
        inputs={file: _sha256(FOLDER / file) for file in FILES},
        files={str(path.relative_to(folder)): _sha256(path) for path in _contents(folder)},
        limits=LIMITS,
    )
    content = json.dumps(told.model_dump(mode="json"), ensure_ascii=False, indent=1)
    (folder / PROVENANCE).write_text(content + "\n", encoding="utf-8")


def _contents(folder: Path) -> list[Path]:
    told = (".md", ".json")
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in told)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
