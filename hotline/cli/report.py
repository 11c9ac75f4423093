"""`hotline report`: figures of a period as a page with plots, CSV, XLSX or JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dispatch.api import SqlStore, read_material
from dispatch.reporting.report import Aims, Report, make_report
from hotline.cli.data import store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption
from hotline.places import SHIPPED
from hotline.reports import files
from hotline.reports.period import parse
from hotline.service.dispatching import build_rules
from hotline.settings_file import load_settings
from hotline.yamlfile import load

app = typer.Typer()


class Format(StrEnum):
    HTML = "html"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


@app.command()
def report(
    period: Annotated[
        str, typer.Argument(help="2026-11, 2026-H1, 2026, a day, 2026-11-01..2026-11-07; none: last month.")
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    kind: Annotated[
        Format, typer.Option("--format", help="csv: a zip with a file for each table.")
    ] = Format.HTML,
    out: Annotated[Path | None, typer.Option(help="Where to write; none: here, named by the period.")] = None,
    drills: Annotated[bool, typer.Option("--drills", help="Report on drills, and on nothing else.")] = False,
) -> None:
    """Arrivals by band, station, crew and hour; intervals, pages, promises, first-time fixes, call-backs."""
    settings = load_settings(config)
    zone = ZoneInfo(settings.timezone)
    now = datetime.now(UTC)
    chosen = parse(period, now.astimezone(zone).date())
    rules = build_rules(settings)
    since, until = chosen.bounds(zone)
    with store_of(settings) as store:
        assert isinstance(store, SqlStore), "the database of the configuration"
        material = read_material(store, since, until, now, drills=drills)
    aims = load(settings.report or SHIPPED / "report.yaml", Aims)
    titles = {name: kind.title for name, kind in rules.businesses.kinds.items()}
    made = make_report(material, rules.stations, zone, titles, aims)
    title = f"{chosen.title}热线与抢险统计" + ("（演习）" if drills else "")
    name = f"report-{period or f'{chosen.first:%Y-%m}'}{'-drills' if drills else ''}"
    path = out or Path(f"{name}.{_SUFFIX[kind]}")
    path.write_bytes(_content(made, kind, title, settings.company, now.astimezone(zone)))
    print(f"{path}: {len(material.incidents)} emergencies, {len(material.tickets)} tickets")


_SUFFIX = {Format.HTML: "html", Format.CSV: "zip", Format.XLSX: "xlsx", Format.JSON: "json"}


def _content(made: Report, kind: Format, title: str, company: str, now: datetime) -> bytes:
    match kind:
        case Format.HTML:
            return files.page(made, title=title, company=company, made_at=now).encode()
        case Format.CSV:
            return files.sheets_csv(made)
        case Format.XLSX:
            return files.workbook(made, title=title)
        case Format.JSON:
            return files.as_json(made).encode()
