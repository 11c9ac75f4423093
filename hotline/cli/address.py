"""`hotline address`: the parts of an address in a caller's sentence, and the place that fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hotline.cli.jsonlines import answer_lines
from hotline.triage import Gazetteer, parse_address
from hotline.triage.address_evaluate import evaluate, read_addresses, report, worst

app = typer.Typer()

SHIPPED = Path(__file__).parents[2] / "config" / "gazetteer.csv"
"""The example that stands beside the source."""


@app.command()
def address(
    gazetteer: Annotated[
        Path | None, typer.Option(help="CSV of places; without it the shipped example, when it is there.")
    ] = None,
    measured: Annotated[
        Path | None, typer.Option("--evaluate", help="Measure on this corpus instead of reading lines.")
    ] = None,
    held_out: Annotated[bool | None, typer.Option("--held-out/--seen", help="Only one half of it.")] = None,
) -> None:
    """What the gazetteer makes of an address: JSON lines {"id": …, "text": …} on standard input.

    Each line is answered by one with the parts of the address and the place that fits.
    """
    source = gazetteer or (SHIPPED if SHIPPED.exists() else None)
    places = Gazetteer.load(source) if source else None
    if measured is None:
        answer_lines(lambda text: _parsed(text, places))
        return
    answers = evaluate(read_addresses(measured), lambda text: parse_address(text, places), held_out=held_out)
    cases = {f"worst_{kind}": worst(given) for kind, given in answers.items()}
    shown = {**report(answers), **cases}
    print(json.dumps(shown, ensure_ascii=False, indent=1))


def _parsed(text: str, places: Gazetteer | None) -> dict[str, Any]:
    fields = parse_address(text, places)
    match = places.match(fields) if places else None
    found = match and {
        "identifier": match.identifier, "names": list(match.names), "latitude": match.latitude,
        "longitude": match.longitude, "score": match.score,
    }
    return {**fields.flat(), "match": found}
