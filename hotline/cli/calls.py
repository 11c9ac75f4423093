"""`hotline calls`: who called, and what happened in each call."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer
from opencc import OpenCC

from dispatch.api import CallQuery, Hit, SearchQuery, Store, TicketQuery
from hotline import timeline
from hotline.cli.data import NothingThereError, journal_of, store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json, print_rows
from hotline.errors import StoreUnavailableError
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.timeline_page import as_html

app = typer.Typer(no_args_is_help=True)

COLUMNS = {
    "call_id": "call", "arrived": "arrived", "direction": "", "purpose": "purpose", "caller": "caller",
    "dialled": "dialled", "seconds": "seconds", "ended_by": "ended by",
    "emergency": "emergency", "drill": "drill",
}


@app.command("list")
def list_calls(
    config: ConfigOption = DEFAULT_CONFIG,
    caller: Annotated[str, typer.Option(help="Only this caller's.")] = "",
    words: Annotated[str, typer.Option(help="Only those in which this was said.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List calls, the newest first."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    with store_of(settings) as store:
        found = store.calls(CallQuery(caller=caller, words=words, limit=limit))
    rows = [{**asdict(call), **_times(asdict(call), zone)} for call in found]
    print_rows(rows, COLUMNS, as_json=as_json, empty="no calls")


FOUND = {"at": "said", "call_id": "call", "who": "by", "place": "at", "shown": "words"}


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="漏气, or parts that all occur: '厨房 漏气'.")],
    config: ConfigOption = DEFAULT_CONFIG,
    caller: Annotated[str, typer.Option(help="Only in this caller's calls.")] = "",
    role: Annotated[str, typer.Option(help="Only said by: caller, agent, partner, crew, supervisor.")] = "",
    call: Annotated[str, typer.Option(help="Only in this call.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Not before this day, local time.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this day, local time.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Find what was said, in all calls, by both sides."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    asked = SearchQuery(
        simplified(words), caller=caller, role=role, call_id=call, limit=limit,
        since=since.replace(tzinfo=zone) if since else None,
        until=until.replace(tzinfo=zone) if until else None,
    )  # fmt: skip
    with store_of(settings) as store:
        rows = [_hit(hit, zone) for hit in store.search(asked)]
    print_rows(rows, FOUND, as_json=as_json, empty="nobody said that")


def simplified(words: str) -> str:
    """As the recogniser writes them."""
    return str(OpenCC("t2s").convert(words))


def _hit(hit: Hit, zone: ZoneInfo) -> dict[str, Any]:
    shown = hit.snippet
    for start, end in reversed(hit.marks):
        shown = f"{shown[:start]}【{shown[start:end]}】{shown[end:]}"
    minutes, seconds = divmod(hit.start_ms // 1000, 60)
    return {
        **asdict(hit), "at": f"{hit.at.astimezone(zone):%Y-%m-%d %H:%M:%S}", "who": hit.role,
        "place": f"{minutes}:{seconds:02}", "shown": shown,
    }  # fmt: skip


@app.command()
def show(
    call_id: Annotated[str, typer.Argument(help="As `hotline calls list` names it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    html: Annotated[Path | None, typer.Option(help="Write the timeline to this HTML file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a call as a timeline: what was said, heard, decided and done about it."""
    settings = load_settings(config)
    facts, records, history = _look_up(settings, call_id)
    if not records:
        raise NothingThereError(f"no call {call_id}")
    zone = ZoneInfo(settings.timezone)
    if as_json:
        print_json({**facts, "records": records, "history": history})
        return
    told = timeline.lines(records, history)
    if html is not None:
        seconds = max((r["seconds"] for r in records if r["kind"] == "recording_finished"), default=0.0)
        page = as_html(
            f"Call {call_id}", facts, told, zone, recording=_beside(html, facts), recording_seconds=seconds
        )
        html.write_text(page, encoding="utf-8")
        print(f"wrote {html}")
        return
    for name, value in facts.items():
        print(f"{name:12} {value}")
    print()
    print(timeline.as_text(told, zone))


def _beside(page: Path, facts: dict[str, Any]) -> str:
    """The recording as the page refers to it, so that both can be carried off together."""
    recording = facts.get("recording")
    return quote(os.path.relpath(str(recording), page.resolve().parent)) if recording else ""


def _look_up(settings: Settings, call_id: str) -> tuple[dict[str, Any], list[Any], list[Any]]:
    """Facts, records and dispatch's history of a call; from its journal alone when the database is away."""
    try:
        with store_of(settings) as store:
            records = store.timeline(call_id) or journal_of(settings, call_id)
            return _facts(settings, store, call_id), records, _history(store, call_id)
    except StoreUnavailableError as error:
        return {"call": call_id, "note": f"from the journal: {error}"}, journal_of(settings, call_id), []


def _facts(settings: Settings, store: Store, call_id: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"call": call_id}
    call = store.call(call_id)
    if call is not None:
        facts |= {"caller": call.caller, "flow": f"{call.flow} {call.flow_version}", "drill": call.drill}
    facts["tickets"] = ", ".join(_tickets(store, call_id)) or "none"
    for attachment in store.attachments(call_id):
        facts["recording"] = str(settings.paths.recordings / attachment.path)
    return facts


def _tickets(store: Store, call_id: str) -> dict[str, str]:
    """Number → incident of the tickets of a call."""
    tickets = store.tickets(TicketQuery(limit=1000))
    return {ticket.number: ticket.incident for ticket in tickets if call_id in ticket.call_ids}


def _history(store: Store, call_id: str) -> list[dict[str, Any]]:
    tickets = _tickets(store, call_id)
    subjects = [*tickets, *filter(None, tickets.values())]
    return [row.model_dump(mode="json") for row in store.history(subjects)] if subjects else []


def _times(call: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    arrived: datetime | None = call["arrived_at"]
    ended: datetime | None = call["ended_at"]
    return {
        "arrived": f"{arrived.astimezone(zone):%m-%d %H:%M:%S}" if arrived else "",
        "seconds": round((ended - arrived).total_seconds(), 1) if arrived and ended else None,
    }
