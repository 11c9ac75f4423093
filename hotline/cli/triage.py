"""`hotline triage`: what a caller's sentence means, with the words that led there."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from hotline.cli.jsonlines import answer_lines
from hotline.cli.options import JsonOption
from hotline.cli.output import print_json
from hotline.triage import NOBODY, Caller, assess
from hotline.triage.caller import caller_from
from hotline.triage.classifier import ARTEFACT
from hotline.triage.corpus import SENTENCES, fold_of, read_corpus
from hotline.triage.evaluate import cross_validate, evaluate, report
from hotline.triage.train import train


class Part(StrEnum):
    ALL = "all"
    SEEN = "seen"


app = typer.Typer(invoke_without_command=True)


@app.callback()
def triage(context: typer.Context) -> None:
    """What triage makes of a sentence: `explain TEXT`, or JSON lines {"id": …, "text": …} on standard input.

    Each line is answered by one with label, emergency, hazard, place, confidence and reasons. A line
    may carry a "context", who is calling: {"partner": "110", "vulnerable": true, "drill": true,
    "emergency": true, "ticket": "no_gas", "outage": true}, each of them optional.
    """
    if context.invoked_subcommand is None:
        answer_lines(_assessed, lambda text, given: _assessed(text, caller_from(given)))


@app.command()
def explain(text: str, as_json: JsonOption = False) -> None:
    """Say what TEXT means and which words led there."""
    found = _assessed(text)
    if as_json:
        print_json(found)
        return
    print(f"{found['label']}  emergency: {'yes' if found['emergency'] else 'no'}"
          f"  hazard: {found['hazard'] or '-'}  place: {found['place']}  confidence: {found['confidence']}")
    for reason in found["reasons"]:
        print(f"  “{reason['text']}” ({reason['start']}-{reason['end']}): {reason['rule']}")


@app.command("train")
def train_command(
    corpus: Annotated[Path, typer.Argument(help="A corpus file, or a folder of them.")] = SENTENCES,
    into: Annotated[Path, typer.Option(help="Where the artefact goes.")] = ARTEFACT,
    part: Annotated[Part, typer.Option(help="all, or seen: without the first fold.")] = Part.ALL,
) -> None:
    """Train the classifier on CORPUS; the same corpus gives the same artefact."""
    sentences = [s for s in read_corpus(corpus).sentences if part is Part.ALL or fold_of(s) != 0]
    with Progress(transient=True) as bar:
        task = bar.add_task("training", total=1.0)
        made = train(sentences, progress=lambda done: bar.update(task, completed=done))
    made.save(into)
    print(json.dumps({"artefact": str(into), **made.provenance}, ensure_ascii=False))


@app.command("evaluate")
def evaluate_file(
    file: Annotated[Path, typer.Argument(help="A corpus file, or a folder of them.")] = SENTENCES,
    cross_validated: Annotated[
        bool, typer.Option("--cross-validated", help="Train without each fifth, then judge it.")] = False,
    held_out: Annotated[
        bool | None, typer.Option("--held-out/--seen", help="Only the first fold, or all others.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure triage on FILE, clean and noisy: leak recall, false alarms, labels, worst cases."""
    corpus = read_corpus(file)
    if cross_validated:
        with Progress(transient=True) as bar:
            task = bar.add_task("training and judging", total=1.0)
            measured = cross_validate(corpus, progress=lambda done: bar.update(task, completed=done))
    else:
        print(f"judging {len(corpus.sentences)} sentences, clean and noisy …", file=sys.stderr)
        measured = evaluate(corpus, held_out=held_out)
    if as_json:
        print(json.dumps(measured.numbers(), ensure_ascii=False))
    else:
        print(report(measured))


def _assessed(text: str, caller: Caller = NOBODY) -> dict[str, Any]:
    found = assess(text, caller=caller)
    return {
        "label": found.label, "emergency": found.emergency, "hazard": found.hazard, "place": found.place,
        "confidence": found.confidence, "reasons": [reason.model_dump() for reason in found.reasons],
        "version": found.version,
    }
