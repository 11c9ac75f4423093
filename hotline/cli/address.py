"""`hotline address`: the parts of an address in a caller's sentence, and the place that fits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hotline.cli.jsonlines import answer_lines
from hotline.triage import Gazetteer, parse_address, spoken_form

app = typer.Typer()

SHIPPED = Path(__file__).parents[2] / "config" / "gazetteer.csv"
"""The example that stands beside the source."""


@app.command()
def address(
    gazetteer: Annotated[
        Path | None, typer.Option(help="CSV of places; without it the shipped example, when it is there.")
    ] = None,
) -> None:
    """Read JSON lines {"id", "text"} from standard input; write the parts of each address."""
    source = gazetteer or (SHIPPED if SHIPPED.exists() else None)
    places = Gazetteer.load(source) if source else None
    answer_lines(lambda text: _parsed(text, places))


def _parsed(text: str, places: Gazetteer | None) -> dict[str, Any]:
    fields = parse_address(text, places)
    match = places.match(fields) if places else None
    found = match and {
        "identifier": match.identifier, "names": list(match.names), "latitude": match.latitude,
        "longitude": match.longitude, "score": match.score,
    }
    return {**fields.flat(), "match": found, "spoken": spoken_form(fields)}
