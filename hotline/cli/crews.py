"""`hotline crews`: who is on duty, and the hash of a PIN for the stations file."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from dispatch.api import Assignment, Stations, hash_pin
from hotline.cli.data import store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_rows
from hotline.errors import HotlineError, StoreUnavailableError
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.yamlfile import load

app = typer.Typer(no_args_is_help=True)

COLUMNS = {
    "key": "crew", "name": "name", "station": "station", "on_duty": "on duty", "phone": "phone",
    "state": "state", "incident": "incident",
}


@app.command("list")
def list_crews(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List the crews: who is on duty now, which phone is rung first, and what each is doing."""
    settings = load_settings(config)
    stations = load(settings.dispatch.stations, Stations)
    busy = _assignments(settings)
    local = datetime.now(UTC).astimezone(ZoneInfo(settings.timezone))
    rows: list[dict[str, Any]] = []
    for crew in stations.crews:
        on_duty = crew.on_duty(local)
        assignment = busy.get(crew.key)
        rows.append({
            "key": crew.key, "name": crew.name, "station": crew.station,
            "on_duty": ", ".join(member.name for member, _ in on_duty) or "nobody",
            "phone": on_duty[0][0].phone if on_duty else "",
            "state": assignment.state.value if assignment else "available",
            "incident": assignment.incident if assignment else "",
        })
    print_rows(rows, COLUMNS, as_json=as_json)


@app.command("hash-pin")
def hash_pin_command(
    from_stdin: Annotated[bool, typer.Option("--stdin", help="Read the PIN from standard input.")] = False,
) -> None:
    """Make the `pin_hash` of a crew from its PIN of 4 to 8 digits. The PIN itself is stored nowhere."""
    if from_stdin:
        pin = sys.stdin.readline().strip()
    else:
        pin = typer.prompt("PIN", hide_input=True, confirmation_prompt=True)
    try:
        print(hash_pin(pin))
    except ValueError as error:
        raise HotlineError(f"{error}; nothing was written") from error


def _assignments(settings: Settings) -> dict[str, Assignment]:
    """Crew → its open assignment; empty when there is no database."""
    try:
        with store_of(settings) as store:
            records, _ = store.load_open(datetime.now(UTC))
    except StoreUnavailableError as error:
        print(f"note: {error}", file=sys.stderr)
        return {}
    found = [record for record in records if isinstance(record, Assignment)]
    return {one.crew: one for one in found if one.cleared_at is None and one.released_at is None}
