"""`hotline triage`: what a caller's sentence means, with the words that led there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hotline.cli.jsonlines import answer_lines
from hotline.cli.options import JsonOption
from hotline.cli.output import print_json
from hotline.triage import assess
from hotline.triage.evaluate import evaluate, read_corpus, report

app = typer.Typer(invoke_without_command=True)


@app.callback()
def triage(context: typer.Context) -> None:
    """Read JSON lines {"id", "text"} and write label, emergency, hazard, place, confidence, reasons."""
    if context.invoked_subcommand is None:
        answer_lines(_assessed)


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


@app.command("evaluate")
def evaluate_file(
    file: Path,
    held_out: Annotated[bool | None, typer.Option("--held-out/--seen", help="Only the one part.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure triage on a corpus FILE, clean and noisy: leak recall, false alarms, labels, worst cases."""
    measured = evaluate(read_corpus(file), held_out=held_out)
    if as_json:
        print(json.dumps(measured.numbers(), ensure_ascii=False))
    else:
        print(report(measured))


def _assessed(text: str) -> dict[str, Any]:
    found = assess(text)
    return {
        "label": found.label, "emergency": found.emergency, "hazard": found.hazard, "place": found.place,
        "confidence": found.confidence, "reasons": [reason.model_dump() for reason in found.reasons],
        "version": found.version,
    }
