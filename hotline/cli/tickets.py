"""`hotline tickets`: what callers told, until when it is promised, and what was done about it."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from dispatch.api import Clock, Finding, HistoryRow, Slip, Ticket, TicketQuery, verify
from hotline import timeline
from hotline.businesses import load_businesses
from hotline.cli import tickets_slips, tickets_work
from hotline.cli.data import NothingThereError, store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json, print_rows
from hotline.errors import HotlineError
from hotline.service.anchors import kept_anchors
from hotline.settings_file import load_settings

app = typer.Typer(no_args_is_help=True)
app.registered_commands += tickets_work.app.registered_commands + tickets_slips.app.registered_commands

COLUMNS = {
    "number": "ticket", "business": "business", "phase": "how far", "priority": "priority",
    "opened": "opened", "due": "due", "mark": "", "phone": "phone", "address": "address", "owner": "owner",
    "drill": "drill",
}
ROWS_OF_EXPORT = (
    "subject", "seq", "at", "what", "author", "call_id", "detail", "event_id", "previous", "hash",
)


class TamperedError(HotlineError):
    """Keep the database as it is, restore a backup beside it, and compare the rows that are named."""

    exit_status = 3


@app.command("list")
def list_tickets(
    config: ConfigOption = DEFAULT_CONFIG,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those with a broken promise.")] = False,
    business: Annotated[str, typer.Option(help="Only this kind: emergency, repair, complaint …")] = "",
    phone: Annotated[str, typer.Option(help="Only those of this number.")] = "",
    owner: Annotated[str, typer.Option(help="Only those of this person.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List tickets: open ones first by urgency, then the newest."""
    settings = load_settings(config)
    zone, now = ZoneInfo(settings.timezone), datetime.now(UTC)
    with store_of(settings) as store:
        clocks = next_clocks(store.open_clocks(now if overdue else None))
        wanted = limit if not (overdue or owner) else 1_000_000
        query = TicketQuery(open_only=open_only or overdue, business=business, phone=phone, limit=wanted)
        found = store.tickets(query)
    found = [
        ticket for ticket in found
        if (not overdue or ticket.number in clocks) and owner in ("", ticket.owner)
    ]
    rows = [_row(ticket, clocks.get(ticket.number), zone, now) for ticket in found[:limit]]
    print_rows(rows, COLUMNS, as_json=as_json, empty="no tickets")


def next_clocks(clocks: Iterable[Clock]) -> dict[str, Clock]:
    """The clock of each ticket that is due first."""
    found: dict[str, Clock] = {}
    for clock in clocks:
        if clock.due_at is not None:
            found.setdefault(clock.ticket, clock)
    return found


def _row(ticket: Ticket, clock: Clock | None, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    due = clock.due_at if clock is not None else None
    marks = [
        "overdue" if due is not None and due <= now else "",
        "stands still" if clock is not None and clock.state == "paused" else "",
        "provisional" if clock is not None and clock.provisional else "",
        ticket.customer_flag.partition(":")[0],
    ]
    return {
        **ticket.model_dump(mode="json"), "phone": ticket.phone, "opened": _local(ticket.opened_at, zone),
        "due": _local(due, zone) if due else "", "mark": ", ".join(filter(None, marks)),
        "phase": ticket.phase or ticket.state.value,
        "clock": clock.model_dump(mode="json") if clock is not None else None,
    }


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="As `hotline tickets list` names it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show a ticket with its promises, visits, slips, files, incident, pages and history."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    with store_of(settings) as store:
        ticket = store.ticket(number)
        if ticket is None:
            raise NothingThereError(f"no ticket {number}")
        hanging = store.of_ticket(number)
        parts = store.of_incident(ticket.incident) if ticket.incident else []
        history = store.history([number, *filter(None, [ticket.incident])])
    kind = load_businesses(settings.dispatch.businesses).kind_of(ticket.business)
    steps = kind.open_steps(ticket.phase) if kind is not None and ticket.closed_at is None else ()
    document = {
        "ticket": ticket.model_dump(mode="json"),
        "next_steps": {step.step: step.title for step in steps},
        **{
            f"{name}s": [one.model_dump(mode="json") for one in hanging if one.kind == name]
            for name in ("clock", "visit", "slip", "attachment")
        },
        "incident": [part.model_dump(mode="json") for part in parts],
        "history": [row.model_dump(mode="json") for row in history],
    }
    if as_json:
        print_json(document)
        return
    _print_facts(document["ticket"], zone)
    if steps:
        print(f"  {'next':18} {', '.join(f'{step.step} ({step.title})' for step in steps)}")
    for part in (*hanging, *parts):
        print(f"\n{part.kind} {part.key}")
        _print_facts(part.model_dump(mode="json"), zone,
                     besides=("kind", "incident", "ticket", f"{part.kind}_id"))
    print()
    print(_timeline(history, zone))


@app.command()
def history(
    number: Annotated[str, typer.Argument(help="A ticket or an incident; empty with --all.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Of all tickets and incidents.")] = False,
    export: Annotated[str, typer.Option(help="jsonl or csv, with the hashes of the chain.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """What was done, by whom, when, with values before and after; or all of it, exported."""
    settings = load_settings(config)
    if export not in ("", "jsonl", "csv") or bool(number) == every:
        raise NothingThereError("name one ticket, or --all with --export jsonl or csv")
    with store_of(settings) as store:
        if export or every:
            with store.history_view() as view:
                chains = view.chains()
                links = (one for subject, chain in chains if every or subject == number for one in chain)
                _export(links, export or "jsonl")
            return
        rows = store.history([number])
    if not rows:
        raise NothingThereError(f"nothing is known of {number}")
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
    else:
        print(_timeline(rows, ZoneInfo(settings.timezone)))


def _export(links: Iterable[Any], form: str) -> None:
    writer = csv.writer(sys.stdout) if form == "csv" else None
    if writer is not None:
        writer.writerow(ROWS_OF_EXPORT)
    for one in links:
        row = {**one.row.model_dump(mode="json"), "seq": one.seq, "previous": one.previous, "hash": one.hash}
        if writer is None:
            print(json.dumps({name: row[name] for name in ROWS_OF_EXPORT}, ensure_ascii=False))
        else:
            row["detail"] = json.dumps(row["detail"], ensure_ascii=False, sort_keys=True)
            writer.writerow([_cell(str(row[name])) for name in ROWS_OF_EXPORT])


def _cell(text: str) -> str:
    """A spreadsheet takes nothing of it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@app.command("verify")
def verify_history(
    anchors: Annotated[
        Path | None, typer.Option(help="The anchors kept outside the database; else the state directory's.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Check that nobody has changed, deleted, put in or moved anything in the history."""
    settings = load_settings(config)
    kept = kept_anchors(anchors or settings.paths.state)
    print("reading the whole history …", file=sys.stderr)
    with store_of(settings) as store:
        verdict = verify(store, kept)
    if as_json:
        print_json({
            "rows": verdict.rows, "chains": verdict.chains, "anchors": verdict.anchors, "kept": len(kept),
            "findings": [_finding(one) for one in verdict.findings],
        })
    else:
        for one in verdict.findings:
            print(f"{one.subject or 'anchors'}: {one.text}")
        print(f"{verdict.rows} rows of {verdict.chains} tickets and incidents, {verdict.anchors} anchors, "
              f"{len(kept)} kept outside: {'whole' if not verdict.findings else 'NOT whole'}")
    if verdict.findings:
        raise TamperedError(f"{len(verdict.findings)} signs that somebody has changed the history")


def _finding(one: Finding) -> dict[str, Any]:
    return {"subject": one.subject, "seq": one.seq, "what": one.what, "text": one.text}


@app.command()
def unsolved(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List what was left unsolved (遗留问题), for the next step."""
    settings = load_settings(config)
    with store_of(settings) as store:
        slips = store.unsolved()
    columns = {
        "slip": "slip", "point": "point", "text": "unsolved", "in_charge": "in charge", "since": "since",
    }
    rows = [row for slip in slips for row in _points(slip, ZoneInfo(settings.timezone))]
    print_rows(rows, columns, as_json=as_json, empty="nothing is left unsolved")


def _points(slip: Slip, zone: ZoneInfo) -> list[dict[str, Any]]:
    since = _local(slip.reported_at or slip.issued_at, zone)
    return [
        {
            "slip": slip.slip_id, "point": place, "text": point.text, "in_charge": slip.in_charge,
            "since": since,
        }
        for place, point in enumerate(slip.points, 1) if point.settled_at is None
    ]


def _timeline(rows: list[HistoryRow], zone: ZoneInfo) -> str:
    return timeline.as_text(timeline.lines([], [row.model_dump(mode="json") for row in rows]), zone)


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
