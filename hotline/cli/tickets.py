"""`hotline tickets`: what callers told, and what was done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from dispatch.api import TicketQuery
from hotline import timeline
from hotline.cli.data import NothingThereError, store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json, print_rows
from hotline.settings_file import load_settings

app = typer.Typer(no_args_is_help=True)

COLUMNS = {
    "number": "ticket", "business": "business", "state": "state", "priority": "priority", "opened": "opened",
    "phone": "phone", "address": "address", "owner": "owner", "drill": "drill",
}


@app.command("list")
def list_tickets(
    config: ConfigOption = DEFAULT_CONFIG,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    business: Annotated[str, typer.Option(help="Only this kind: emergency, repair, complaint …")] = "",
    phone: Annotated[str, typer.Option(help="Only those of this number.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List tickets: open ones first by urgency, then the newest."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    with store_of(settings) as store:
        found = store.tickets(TicketQuery(open_only=open_only, business=business, phone=phone, limit=limit))
    rows = [
        {**ticket.model_dump(mode="json"), "phone": ticket.phone, "opened": _local(ticket.opened_at, zone)}
        for ticket in found
    ]
    print_rows(rows, COLUMNS, as_json=as_json, empty="no tickets")


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="As `hotline tickets list` names it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show a ticket with its incident, its pages and its history, the times against the targets."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    with store_of(settings) as store:
        ticket = store.ticket(number)
        if ticket is None:
            raise NothingThereError(f"no ticket {number}")
        parts = store.of_incident(ticket.incident) if ticket.incident else []
        history = store.history([number, *filter(None, [ticket.incident])])
    document = {
        "ticket": ticket.model_dump(mode="json"),
        "incident": [part.model_dump(mode="json") for part in parts],
        "history": [row.model_dump(mode="json") for row in history],
    }
    if as_json:
        print_json(document)
        return
    _print_facts(document["ticket"], zone)
    for part in parts:
        print(f"\n{part.kind} {part.key}")
        _print_facts(part.model_dump(mode="json"), zone, besides=("kind", "incident", f"{part.kind}_id"))
    print()
    print(timeline.as_text(timeline.lines([], [row.model_dump(mode="json") for row in history]), zone))


def _print_facts(facts: Any, zone: ZoneInfo, besides: tuple[str, ...] = ("kind",)) -> None:
    for name, value in facts.items():
        if value in ("", None, [], {}, False) or name in besides:
            continue
        if name.endswith(("_at", "_by")) and isinstance(value, str):
            value = _local_text(value, zone)
        print(f"  {name.replace('_', ' '):18} {value}")


def _local_text(value: str, zone: ZoneInfo) -> str:
    try:
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return value


def _local(value: datetime, zone: ZoneInfo) -> str:
    return f"{value.astimezone(zone):%m-%d %H:%M:%S}"
