"""`hotline crews`: who is on duty, what each crew does, who would go where, and which hours have nobody."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from dispatch.api import (
    NOTHING,
    Board,
    CoverRule,
    Crew,
    DispatchError,
    Position,
    Rules,
    board_of,
    considered,
    doing,
    for_incident,
    for_place,
    gaps,
    half_hours,
    hash_pin,
)
from hotline.cli import crews_orders, crews_roster
from hotline.cli.data import NothingThereError, store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json, print_rows
from hotline.errors import HotlineError, StoreUnavailableError
from hotline.service.dispatching import build_rules
from hotline.settings import Settings
from hotline.settings_file import load_settings

app = typer.Typer(no_args_is_help=True)
app.registered_commands += crews_orders.app.registered_commands
app.add_typer(crews_roster.app, name="roster")
app.command("swap")(crews_roster.swap)

COLUMNS = {
    "key": "crew", "name": "name", "station": "station", "on_duty": "on duty", "phone": "phone",
    "state": "state", "doing": "doing", "position": "position",
}
DUTY_COLUMNS = {"crew": "crew", "name": "name", "member": "member", "on_call": "on call", "phone": "phone",
                "skills": "skills"}
CHOICE_COLUMNS = {"place": "", "crew": "crew", "name": "name", "state": "state", "free": "free",
                  "minutes": "minutes", "in_time": "in time", "position": "from", "because": "why"}
GAP_COLUMNS = {"rule": "what", "start": "from", "end": "until", "missing": "missing skill"}


class UncoveredError(HotlineError):
    """There are hours without anybody. Enter shifts for them, or change `coverage` in the stations file."""

    exit_status = 3


@app.command("list")
def list_crews(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List the crews: who is on duty now, which phone is rung first, and what each is doing."""
    board = _board(load_settings(config))
    rows = [_row(board, crew) for crew in board.rules.stations.crews]
    print_rows(rows, COLUMNS, as_json=as_json)


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="As `hotline crews list` names it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show a crew: its people with certificates, vehicles, what it does, and what became of it lately."""
    settings = load_settings(config)
    board = _board(settings)
    crew = board.rules.stations.crew(key)
    if crew is None:
        known = ", ".join(one.key for one in board.rules.stations.crews)
        raise NothingThereError(f"no crew {key}; there are {known}")
    try:
        with store_of(settings) as store:
            history = [row.model_dump(mode="json") for row in store.history([f"crew:{key}"])][-20:]
    except StoreUnavailableError:
        history = []
    unit = board.unit(key)
    document = {
        **_row(board, crew), "unit": unit.model_dump(mode="json") if unit else None,
        **crew.model_dump(mode="json", include={"members", "vehicles", "equipment", "duty"}),
        "history": history,
    }
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        if name not in ("history", "members", "vehicles", "unit") and value:
            print(f"{name.replace('_', ' '):10} {value}")
    for vehicle in crew.vehicles:
        print(f"vehicle    {vehicle.plate} {vehicle.kind}: {', '.join(vehicle.equipment)}")
    for member in crew.members:
        skills = [f"{one.skill}{f' until {one.until}' if one.until else ''}" for one in member.skills]
        print(f"member     {member.name} {member.phone} {', '.join(skills)}")
    for row in history:
        detail = " ".join(f"{name}={value}" for name, value in row["detail"].items())
        at = datetime.fromisoformat(row["at"]).astimezone(board.local.tzinfo)
        print(f"{at:%Y-%m-%d %H:%M:%S}  {row['what']}  {row['author']}  {detail}".rstrip())


@app.command()
def duty(
    at: Annotated[str, typer.Option(help="When, as 2027-02-06T03:00; else now.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Say who is on duty, by the roster with its swaps and leave."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    now = crews_roster.moment(at, zone) if at else datetime.now(UTC)
    board = _board(settings, now)
    rows: list[dict[str, Any]] = [
        {
            "crew": crew.key, "name": crew.name, "member": member.name, "on_call": level,
            "phone": member.phone,
            "skills": ", ".join(one.skill for one in member.skills if one.holds(board.local.date())),
        }
        for crew in board.rules.stations.crews for member, level in board.on_duty(crew)
    ]
    print_rows(rows, DUTY_COLUMNS, as_json=as_json, empty="nobody is on duty")


@app.command()
def coverage(
    year: Annotated[int, typer.Option(min=2000, max=2200, help="The calendar year, with its holidays.")],
    config: ConfigOption = DEFAULT_CONFIG,
    by_station: Annotated[bool, typer.Option("--by-station", help="Every station by itself too.")] = False,
    skill: Annotated[list[str] | None, typer.Option(help="Somebody with this skill as well.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List exactly which hours of a year have nobody; fails when there are any."""
    settings = load_settings(config)
    rules = build_rules(settings)
    wanted = [*rules.stations.coverage, *_more_rules(rules, by_station, skill or [])]
    found = gaps(rules.stations, rules.roster, date(year, 1, 1), date(year, 12, 31), wanted)
    rows = [
        {"rule": gap.rule, "start": gap.start, "end": gap.end, "missing": ", ".join(gap.missing)}
        for gap in found
    ]
    halves = len(half_hours(found))
    if not rules.roster.calendar.known(year):
        advice = "holidays are taken by weekends; add it to the calendar file"
        print(f"note: no calendar of {year}: {advice}", file=sys.stderr)
    print_rows(rows, GAP_COLUMNS, as_json=as_json, empty=f"every hour of {year} is covered")
    if found:
        raise UncoveredError(f"{len(found)} gaps in {year}, {halves} half hours")


@app.command()
def recommend(
    incident: Annotated[str, typer.Option(help="For an incident that was reported.")] = "",
    latitude: Annotated[float | None, typer.Option("--lat", help="For a place, WGS-84.")] = None,
    longitude: Annotated[float | None, typer.Option("--lon")] = None,
    hazard: Annotated[str, typer.Option(help="smell, leak, co …")] = "smell",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Say which crew reaches a place first, every crew with its reasons, also why not."""
    board = _board(load_settings(config))
    try:
        if incident:
            found = for_incident(board, incident)
        elif latitude is not None and longitude is not None:
            found = for_place(board, Position(latitude, longitude), hazard)
        else:
            raise typer.BadParameter("give --incident, or --lat and --lon")
    except DispatchError as error:
        raise NothingThereError(f"no open incident {incident}") from error
    rows = [
        {**row, "place": number, "because": "；".join(row["why"])}
        for number, row in enumerate(considered(found), 1)
    ]
    print_rows(rows, CHOICE_COLUMNS, as_json=as_json, empty="nobody is on duty")


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


def _board(settings: Settings, now: datetime | None = None) -> Board:
    """As the database knows the crews; without one, as the roster alone does."""
    rules, at = build_rules(settings), now or datetime.now(UTC)
    try:
        with store_of(settings) as store:
            return board_of(rules, store, at)
    except StoreUnavailableError as error:
        print(f"note: {error}", file=sys.stderr)
        return Board(rules, NOTHING, at)


def _row(board: Board, crew: Crew) -> dict[str, Any]:
    on_duty = board.on_duty(crew)
    place, by_vehicle = board.position(crew)
    unit = board.unit(crew.key)
    age = ""
    if by_vehicle and unit is not None and unit.position_at is not None:
        minutes = round((board.now - unit.position_at).total_seconds() / 60)
        age = f"{place.latitude:.4f},{place.longitude:.4f} {minutes} min ago"
    return {
        "key": crew.key, "name": crew.name, "station": crew.station,
        "on_duty": ", ".join(member.name for member, _ in on_duty) or "nobody",
        "phone": on_duty[0][0].phone if on_duty else "", "state": board.state(crew).value,
        "doing": doing(board, crew.key), "position": age or "station",
        "reason": unit.reason if unit is not None and unit.out_at is not None else "",
    }


def _more_rules(rules: Rules, by_station: bool, skills: list[str]) -> list[CoverRule]:
    own = {crew.station for crew in rules.stations.own_crews}
    found = [
        CoverRule(title=station.name, station=station.key)
        for station in rules.stations.stations if by_station and station.key in own
    ]
    return [*found, *(CoverRule(title=skill, skills=(skill,)) for skill in skills)]
