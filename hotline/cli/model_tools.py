"""`hotline model make` and `hotline model evaluate`: for who makes a model or chooses one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from hotline.cli.options import JsonOption
from hotline.cli.output import print_json, print_table
from hotline.errors import HotlineError
from hotline.speech.engines import decoder_maker
from hotline.speech.evaluation import Score, evaluate, read_set, total

COLUMNS = {"name": "recording", "error_rate": "errors", "said": "said", "heard": "heard"}


class ModelMakingError(HotlineError):
    """No model was made and nothing was changed."""


class Size(StrEnum):
    SMALL = "small"
    FULL = "full"


def make_model(
    out: Annotated[Path, typer.Option(help="The model's folder; replaced when all is done.")],
    seed: Annotated[int, typer.Option(help="Decides everything random.", min=0)] = 22,
    size: Annotated[Size, typer.Option(help="small: two minutes, for trying a change.")] = Size.FULL,
    jobs: Annotated[int, typer.Option(help="Processes that synthesise.", min=1)] = 1,
) -> None:
    """Make the demonstration model: speech synthesis, training, graph. The full size takes half an hour."""
    if find_spec("jieba") is None:
        raise ModelMakingError("not installed: pip install --require-hashes -r requirements-model.lock")
    words = [str(out), str(seed), size.value, str(jobs)]
    # A process of its own: matrix products are the same each time with one thread only.
    ran = subprocess.run(
        [sys.executable, "-m", "hotline.speech.making", *words],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}, check=False,
    )
    if ran.returncode:
        raise ModelMakingError("the making of the model failed, see above")
    print(f"{out}: made; measure it with `hotline model evaluate {out} --wav FOLDER`")


def evaluate_model(
    model: Annotated[Path, typer.Argument(help="The model's folder, of Vosk or sherpa-onnx.")],
    wav: Annotated[Path, typer.Option("--wav", help="Folder of WAV files with their transcripts.")],
    worst: Annotated[int, typer.Option(help="So many of the worst recordings are shown.", min=0)] = 10,
    as_json: JsonOption = False,
) -> None:
    """Character error rate and real-time factor of MODEL on a set of recordings, as a line brings them.

    Each NAME.wav has NAME.txt beside it, or a line "NAME.wav<tab>text" in transcripts.tsv. Numbers are
    written as they are said (三零二).
    """
    clips = read_set(wav)
    make = decoder_maker(model)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("listening", total=len(clips))
        scores = []
        for scored in evaluate(make, clips):
            scores.append(scored)
            bars.advance(task)
    whole = total(scores)
    bad = sorted(scores, key=lambda s: (-s.error_rate, -s.errors, s.name))
    if as_json:
        print_json({"model": str(model), **_numbers(whole), "recordings": [_row(s) for s in bad]})
        return
    _print(model, scores, whole, [s for s in bad if s.errors][:worst])


def _print(model: Path, scores: Sequence[Score], whole: Score, worst: Sequence[Score]) -> None:
    if worst:
        rows = [_row(s) | {"error_rate": f"{s.error_rate:.0%}"} for s in worst]
        print_table(rows, COLUMNS, empty="")
    right = sum(not s.errors for s in scores)
    heard = f"{len(scores)} recordings, {whole.audio_seconds:.0f} s, {whole.characters} characters"
    kinds = f"{whole.substituted} others, {whole.left_out} left out, {whole.put_in} put in"
    print(f"{model.name}: {heard}")
    print(f"character error rate {whole.error_rate:.2%} ({kinds}); {right} recordings without an error")
    print(f"real-time factor {whole.real_time_factor:.4f}")


def _numbers(one: Score) -> dict[str, Any]:
    return {
        "characters": one.characters, "error_rate": round(one.error_rate, 4), "substituted": one.substituted,
        "left_out": one.left_out, "put_in": one.put_in, "audio_seconds": round(one.audio_seconds, 2),
        "real_time_factor": round(one.real_time_factor, 4),
    }  # fmt: skip


def _row(one: Score) -> dict[str, Any]:
    return {"name": one.name, "said": one.said, "heard": one.heard, **_numbers(one)}
