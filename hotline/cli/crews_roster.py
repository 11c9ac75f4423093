"""`hotline crews roster`: check, take over and write out the roster; swaps and leave that come in between."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dispatch.api import Gap, Roster, RosterRow, Rules, build_roster, gaps
from hotline.cli.data import store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.ordering import AuthorOption, author_of, give
from hotline.cli.output import print_rows
from hotline.errors import HotlineError
from hotline.roster_file import as_csv, as_yaml, load_rows
from hotline.service.dispatching import build_rules
from hotline.service.process import write_atomically
from hotline.settings import Settings
from hotline.settings_file import load_settings

app = typer.Typer(no_args_is_help=True, help="Check, take over, write out and change the roster.")
SHOWN = 20
CHANGE_COLUMNS = {
    "change_id": "change", "change": "kind", "crew": "crew", "member": "member", "substitute": "substitute",
    "start": "from", "end": "until", "author": "author", "approved_by": "approved by",
    "withdrawn_at": "withdrawn",
}


class GapsError(HotlineError):
    """The roster would leave hours without anybody; nothing was changed. Fill them, or say --allow-gaps."""

    exit_status = 3


@app.command("import")
def import_roster(
    file: Annotated[Path, typer.Argument(help="CSV or YAML (docs/crews.md says the columns).")],
    config: ConfigOption = DEFAULT_CONFIG,
    check: Annotated[bool, typer.Option("--check", help="Only check; change nothing.")] = False,
    allow_gaps: Annotated[bool, typer.Option("--allow-gaps", help="Take it with its gaps.")] = False,
) -> None:
    """Take over a roster; with a fault in any line, or hours without anybody, nothing is changed.

    Rows of the running file for days that the new one does not plan stay; for the others the new
    ones hold.
    """
    settings = load_settings(config)
    rules = build_rules(settings)
    fresh = load_rows(file, rules.stations)
    target = settings.dispatch.roster or Path(os.path.abspath(config)).parent / "roster.csv"
    kept = load_rows(target, rules.stations) if target.is_file() else ()
    rows = merged(kept, fresh)
    roster = build_roster(rules.roster.calendar, rows)
    found = _gaps(rules, roster, fresh)
    for gap in found[:SHOWN]:
        print(f"uncovered  {gap}", file=sys.stderr)
    if found and not allow_gaps:
        raise GapsError(f"{len(found)} gaps between the first and the last day of {file}")
    if check:
        print(f"{file}: {len(fresh)} rows, {_days(fresh)}; good")
        return
    text = as_csv(rows) if target.suffix.lower() == ".csv" else as_yaml(rows)
    write_atomically(target, text)
    print(f"{target}: {len(rows)} rows, {len(fresh)} of them new, {_days(fresh)}")
    print("`hotline flow reload`, or a reload of the service, takes it into use")


@app.command()
def export(
    config: ConfigOption = DEFAULT_CONFIG,
    as_yaml_file: Annotated[bool, typer.Option("--yaml", help="YAML instead of CSV.")] = False,
) -> None:
    """Write the dated roster to standard output."""
    settings = load_settings(config)
    rules = build_rules(settings)
    path = settings.dispatch.roster
    rows = load_rows(path, rules.stations) if path is not None else ()
    sys.stdout.write(as_yaml(rows) if as_yaml_file else as_csv(rows))


@app.command()
def changes(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List the swaps, leave, absences and extra duties that were told since the import."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    with store_of(settings) as store:
        records, _ = store.load_open(datetime.now(UTC))
    rows = [
        record.model_dump(mode="json")
        | {"start": _local(record.start, zone), "end": _local(record.end, zone)}
        for record in records if record.kind == "duty_change"
    ]
    print_rows(rows, CHANGE_COLUMNS, as_json=as_json, empty="no changes")


@app.command()
def swap(
    crew: Annotated[str, typer.Argument(help="The crew whose shift it is.")],
    member: Annotated[str, typer.Argument(help="Who cannot come.")],
    substitute: Annotated[str, typer.Argument(help="Who comes instead.")],
    since: Annotated[str, typer.Option("--from", help="As 2027-02-06T08:00, local time.")],
    until: Annotated[str, typer.Option("--until", help="As 2027-02-06T20:00.")],
    approved_by: Annotated[str, typer.Option(help="Who approved it.")],
    of_crew: Annotated[str, typer.Option(help="The substitute's crew, if it is another.")] = "",
    reason: Annotated[str, typer.Option()] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Somebody stands in for somebody else; pages ring the substitute at once."""
    settings = load_settings(config)
    _change(settings, "swap", crew, member, since, until, author_of(by), approved_by, reason,
            substitute=substitute, substitute_crew=of_crew)
    print(f"{substitute} stands in for {member} ({crew}) from {since} until {until}")


@app.command()
def leave(
    crew: Annotated[str, typer.Argument()],
    member: Annotated[str, typer.Argument(help="Who is away.")],
    since: Annotated[str, typer.Option("--from", help="As 2027-02-06T08:00, local time.")],
    until: Annotated[str, typer.Option("--until", help="As 2027-02-09T08:00.")],
    approved_by: Annotated[str, typer.Option(help="Who approved it.")],
    ill: Annotated[bool, typer.Option("--ill", help="An absence nobody planned.")] = False,
    reason: Annotated[str, typer.Option()] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Somebody is away; says which hours nobody covers because of it."""
    settings = load_settings(config)
    kind = "absence" if ill else "leave"
    _change(settings, kind, crew, member, since, until, author_of(by), approved_by, reason)
    print(f"{member} ({crew}) is away from {since} until {until}")


@app.command()
def withdraw(
    change: Annotated[str, typer.Argument(help="As `hotline crews roster changes` names it.")],
    reason: Annotated[str, typer.Option()] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take a swap, leave or absence back."""
    give(load_settings(config), "DutyChangeWithdrawn", change_id=change, person=author_of(by), reason=reason)
    print(f"{change} is withdrawn")


def merged(kept: tuple[RosterRow, ...], fresh: tuple[RosterRow, ...]) -> tuple[RosterRow, ...]:
    """The new file's days hold; of the old one stay the rows of other days and of other crews."""
    planned = {(row.crew, day) for row in fresh if row.kind in ("shift", "off") for day in row.days()}
    stay: list[RosterRow] = []
    for row in kept:
        if row in fresh:
            continue
        if row.kind not in ("shift", "off"):
            stay.append(row)
            continue
        days = [day for day in row.days() if (row.crew, day) not in planned]
        stay += [row.model_copy(update={"first": first, "last": last}) for first, last in _runs(days)]
    return tuple(sorted((*stay, *fresh), key=lambda row: (row.first, row.crew, row.kind, row.start)))


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A local time as it is typed, with its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it as 2027-02-06T08:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _change(
    settings: Settings, kind: str, crew: str, member: str, since: str, until: str, author: str,
    approved_by: str, reason: str, **more: str,
) -> None:
    zone = ZoneInfo(settings.timezone)
    give(settings, "DutyChanged", change=kind, crew=crew, member=member,
         start=moment(since, zone).isoformat(), end=moment(until, zone).isoformat(), author=author,
         approved_by=approved_by, reason=reason, **more)


def _gaps(rules: Rules, roster: Roster, fresh: tuple[RosterRow, ...]) -> list[Gap]:
    if not fresh:
        return []
    first, last = min(row.first for row in fresh), max(row.last for row in fresh)
    return gaps(rules.stations, roster, first, last)


def _days(rows: tuple[RosterRow, ...]) -> str:
    return f"{min(r.first for r in rows)} to {max(r.last for r in rows)}" if rows else "no days"


def _runs(days: list[date]) -> list[tuple[date, date]]:
    """Days that follow each other, as first and last."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _local(then: datetime, zone: ZoneInfo) -> str:
    return f"{then.astimezone(zone):%Y-%m-%d %H:%M}"
