"""`hotline incidents`: what dispatch does about emergencies; reports joined, split, cleared, upgraded."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from dispatch.api import Assignment, Clearance, Incident, IncidentTypes, Join, Telling, letter_page
from hotline import timeline
from hotline.cli.data import NothingThereError, store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.ordering import AuthorOption, author_of, give
from hotline.cli.output import print_json, print_rows, print_table
from hotline.places import INCIDENT_TYPES, SHIPPED
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.yamlfile import load

app = typer.Typer(no_args_is_help=True)

LISTED = {
    "incident_id": "incident", "title": "what", "state": "state", "reports": "reports", "crews": "crews",
    "address": "address", "reported": "reported", "target": "target", "waiting": "not cleared",
    "drill": "drill",
}
ADDRESSES = {"ticket": "ticket", "address": "address", "phone": "phone", "state": "cleared", "by": "by",
             "at": "at", "recheck": "re-check", "joined": "why joined"}
TOLD = {"title": "told", "topic": "topic", "due": "due", "sent": "sent", "why": "not sent because",
        "clause": "clause", "text": "text"}
TYPES = {"key": "type", "title": "title", "hazards": "hazards", "places": "places", "rank": "rank",
         "advice": "advice", "crews": "crews", "skills": "skills", "equipment": "equipment", "tell": "tells"}
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays on record.")]
IncidentArgument = Annotated[str, typer.Argument(help="As `hotline incidents list` names it.")]
TicketArgument = Annotated[str, typer.Argument(help="The report's ticket.")]


@app.command("list")
def list_incidents(
    config: ConfigOption = DEFAULT_CONFIG,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List open incidents: the worst and those with most reports first."""
    settings = load_settings(config)
    zone, types = ZoneInfo(settings.timezone), types_of(settings)
    rows: list[dict[str, Any]] = []
    with store_of(settings) as store:
        for incident in store.incidents(open_only=not every, limit=limit):
            parts = store.of_incident(incident.key)
            crews = [one.crew for one in parts if isinstance(one, Assignment) and one.acknowledged_at]
            left = [one.ticket for one in parts if isinstance(one, Clearance) and one.state == "waiting"]
            kind = types.get(incident.incident_type)
            rows.append({
                **incident.model_dump(mode="json"), "title": kind.title if kind else incident.hazard,
                "rank": kind.rank if kind else 0, "reports": len(incident.tickets),
                "crews": ", ".join(crews), "waiting": len(left) or "",
                "reported": _local(incident.reported_at, zone), "target": _local(incident.target_at, zone),
            })
    rows.sort(key=lambda row: (-row["rank"], -row["reports"], row["target_at"]))
    print_rows(rows, LISTED, as_json=as_json, empty="no incidents")


@app.command()
def show(
    incident: IncidentArgument, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """Show an incident: its reports address by address, why they were joined, who was told, its history."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    with store_of(settings) as store:
        parts = store.of_incident(incident)
        found = next((one for one in parts if isinstance(one, Incident)), None)
        if found is None:
            raise NothingThereError(f"no incident {incident}")
        tickets = [ticket for number in found.tickets if (ticket := store.ticket(number))]
        history = [row.model_dump(mode="json") for row in store.history([incident, *found.tickets])]
    if as_json:
        print_json({
            "incident": found.model_dump(mode="json"),
            "tickets": [ticket.model_dump(mode="json") for ticket in tickets],
            "parts": [one.model_dump(mode="json") for one in parts if one is not found],
            "history": history,
        })
        return
    kind = types_of(settings).get(found.incident_type)
    title = kind.title if kind else found.hazard
    print(f"{found.key}: {title}, {found.state}, {found.address or 'no address'}")
    print(f"until {_local(found.target_at, zone)} ({found.target_clause}: {found.target_reckoning})")
    clearances = {one.ticket: one for one in parts if isinstance(one, Clearance)}
    joins = {one.ticket: one for one in parts if isinstance(one, Join)}
    print_table([_address(t, clearances.get(t.number), joins.get(t.number), zone) for t in tickets],
                ADDRESSES, empty="no reports")
    print_table([_told(one, zone) for one in parts if isinstance(one, Telling)], TOLD, empty="nobody told")
    if kind is not None:
        for number, step in enumerate(kind.checklist, 1):
            print(f"  {number}. {step}")
        said = {name for ticket in tickets for name, value in ticket.fields.items() if value}
        for question in kind.ask:
            if question.key not in said:
                print(f"  to be asked: {question.text} ({question.key})")
    for ticket in tickets:
        for text, answer in types_of(settings).answers(ticket.fields).items():
            print(f"  answered ({ticket.number}): {text} {answer}")
    print(timeline.as_text(timeline.lines([], history), zone))


@app.command()
def join(
    incident: IncidentArgument,
    into: Annotated[str, typer.Argument(help="The incident that takes its reports.")],
    reason: ReasonOption, by: AuthorOption = "", config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that two incidents are one leak. Each report keeps its ticket and its address."""
    give(load_settings(config), "JoinIncidents", incident=incident, into=into, person=author_of(by),
         reason=reason)
    print(f"{incident} was joined into {into}")


@app.command()
def split(
    ticket: TicketArgument, reason: ReasonOption, by: AuthorOption = "", config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Say that a joined report is another leak: it gets its own incident and is paged at once."""
    give(load_settings(config), "SplitReport", ticket=ticket, person=author_of(by), reason=reason)
    print(f"{ticket} has an incident of its own")


@app.command()
def refuse(
    ticket: TicketArgument, incident: IncidentArgument, reason: ReasonOption, by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that a proposed join is wrong."""
    give(load_settings(config), "RefuseJoin", ticket=ticket, incident=incident, person=author_of(by),
         reason=reason)
    print(f"{ticket} and {incident} stay two")


@app.command()
def clear(
    ticket: TicketArgument,
    by: Annotated[str, typer.Option("--by", envvar="HOTLINE_PERSON", help="The crew that checked, or you.")],
    recheck: Annotated[
        Literal["no_gas", "gas_found", "not_done"], typer.Option(help="What the check for leaks has shown.")
    ] = "no_gas",
    note: Annotated[str, typer.Option(help="Needed from a person: why without the crew.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Record that the address of a report was checked; an incident closes when all of its are."""
    give(load_settings(config), "AddressCleared", ticket=ticket, by=by, recheck=recheck, note=note)
    print(f"{ticket}: {'gas was found, it stays open' if recheck == 'gas_found' else 'recorded'}")


@app.command("stand-down")
def stand_down(
    incident: IncidentArgument, reason: ReasonOption, by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """End an incident that is none; only a named person may, and every address says so."""
    give(load_settings(config), "StandDown", incident=incident, person=author_of(by), reason=reason)
    print(f"{incident} is stood down")


@app.command()
def upgrade(
    incident: IncidentArgument,
    incident_type: Annotated[str, typer.Argument(metavar="TYPE", help="As `hotline incidents types` says.")],
    reason: ReasonOption, by: AuthorOption = "", config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that it is worse: more crews go, and more people hear of it."""
    give(load_settings(config), "UpgradeIncident", incident=incident, incident_type=incident_type,
         person=author_of(by), reason=reason)
    print(f"{incident} is {incident_type} now")


@app.command()
def types(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show the kinds of incidents: advice, what goes out, who is told."""
    found = types_of(load_settings(config))
    rows = [
        {**kind.model_dump(mode="json"), "hazards": ", ".join(kind.hazards), "skills": ", ".join(kind.skills),
         "places": ", ".join(kind.places) if kind.hazards else "", "equipment": ", ".join(kind.equipment),
         "tell": ", ".join(dict.fromkeys(found.parties[tell.to].title for tell in kind.tell))}
        for kind in found.types
    ]
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_table(rows, TYPES, empty="no types")


@app.command()
def letter(
    telling: Annotated[str, typer.Argument(help="As `hotline incidents show` names it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    html: Annotated[Path | None, typer.Option(help="Write it as a page to print.")] = None,
) -> None:
    """Print the letter that an authority was sent (S0/S1 §24(4))."""
    with store_of(load_settings(config)) as store:
        parts = store.of_incident(telling.rpartition("-T")[0])
    found = next((one for one in parts if isinstance(one, Telling) and one.key == telling), None)
    if found is None or not found.letter:
        raise NothingThereError(f"no letter {telling}")
    if html is None:
        print(found.letter)
    else:
        html.write_text(letter_page(found.letter), encoding="utf-8")
        print(f"wrote {html}")


def types_of(settings: Settings) -> IncidentTypes:
    return load(settings.dispatch.incident_types or SHIPPED / INCIDENT_TYPES, IncidentTypes)


def _address(ticket: Any, clearance: Clearance | None, join: Join | None, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "ticket": ticket.number, "address": ticket.address, "phone": ticket.phone,
        "state": clearance.state if clearance else "", "by": clearance.by if clearance else "",
        "at": _local(clearance.at, zone) if clearance else "",
        "recheck": clearance.recheck if clearance else "",
        "joined": (join.reason or "; ".join(join.reasons)) if join else "",
    }


def _told(one: Telling, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "title": f"{one.title} ({one.key})" if one.letter else one.title, "topic": one.topic,
        "due": _local(one.due_at, zone), "sent": _local(one.sent_at, zone), "why": one.dropped_why,
        "clause": one.clause, "text": one.text,
    }


def _local(value: datetime | None, zone: ZoneInfo) -> str:
    return f"{value.astimezone(zone):%m-%d %H:%M:%S}" if value is not None else ""
