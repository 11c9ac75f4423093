"""`hotline outages`: gas that is or will be off; the hotline hears it first (S0/S1 §24(8))."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from hotline.cli.data import store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.ordering import AuthorOption, OrderRefusedError, author_of, give
from hotline.cli.output import print_rows
from hotline.settings_file import load_settings

app = typer.Typer(no_args_is_help=True)

LISTED = {
    "outage_id": "outage", "cause": "cause", "area": "area", "places": "places", "reason": "reason",
    "starts": "starts", "expected": "expected back", "restored": "restored",
    "reported": "reported in writing", "incident": "incident", "drill": "drill",
}
OutageArgument = Annotated[str, typer.Argument(help="As `hotline outages list` names it.")]


@app.command("list")
def list_outages(
    config: ConfigOption = DEFAULT_CONFIG,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List announced and running outages."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    with store_of(settings) as store:
        found = store.outages(open_only=not every)
    rows = [
        {**one.model_dump(mode="json"), "places": "、".join(one.places),
         "starts": _local(one.starts_at, zone),
         "expected": _local(one.expected_at, zone), "restored": _local(one.restored_at, zone),
         "reported": _local(one.reported_at, zone)}
        for one in found
    ]
    print_rows(rows, LISTED, as_json=as_json, empty="no outages")


@app.command()
def announce(
    area: Annotated[str, typer.Option(help="As it is read to callers.")],
    place: Annotated[list[str], typer.Option(help="A street, community or village of it; give each.")],
    reason: Annotated[str, typer.Option(help="Why, as callers hear it.")],
    starts: Annotated[str, typer.Option(help="ISO 8601; without an offset it is local.")],
    expected: Annotated[str, typer.Option(help="When gas is expected back.")],
    cause: Annotated[Literal["planned", "unplanned"], typer.Option()] = "planned",
    what: Annotated[Literal["off", "low_pressure"], typer.Option()] = "off",
    incident: Annotated[str, typer.Option(help="The supply failure behind it.")] = "",
    households: Annotated[int, typer.Option(min=0)] = 0,
    excuse: Annotated[str, typer.Option(help="Why a planned one departs from the rules.")] = "",
    drill: Annotated[bool, typer.Option("--drill", help="Nobody outside the company is told.")] = False,
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Announce an outage: callers hear it, customers get an SMS, the authority a letter where it must."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    give(settings, "OutageAnnounced", area=area, places=list(place), reason=reason, cause=cause, what=what,
         starts_at=_moment("--starts", starts, zone), expected_at=_moment("--expected", expected, zone),
         incident=incident, households=households, excuse=excuse, drill=drill, person=author_of(by))
    print("announced; `hotline outages list` shows it")


@app.command()
def change(
    outage: OutageArgument,
    expected: Annotated[str, typer.Option(help="When gas is expected back now.")],
    reason: Annotated[str, typer.Option(help="Why; it stays on record.")],
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Change when gas is expected back; the customers are told."""
    settings = load_settings(config)
    moment = _moment("--expected", expected, ZoneInfo(settings.timezone))
    give(settings, "OutageChanged", outage=outage, expected_at=moment, reason=reason, person=author_of(by))
    print(f"{outage}: changed")


@app.command()
def over(
    outage: OutageArgument,
    cancelled: Annotated[bool, typer.Option("--cancelled", help="It does not take place.")] = False,
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that gas is back, or that a planned outage does not take place."""
    give(load_settings(config), "OutageOver", outage=outage, cancelled=cancelled, person=author_of(by))
    print(f"{outage}: {'cancelled' if cancelled else 'gas is back'}")


def _moment(option: str, text: str, zone: ZoneInfo) -> str:
    """Raises OrderRefusedError for what is no moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        advice = f"write ISO 8601, as in 2026-12-01T22:00 ({error})"
        raise OrderRefusedError(f"{option} {text!r}: {advice}") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()


def _local(value: datetime | None, zone: ZoneInfo) -> str:
    return f"{value.astimezone(zone):%Y-%m-%d %H:%M}" if value is not None else ""
