"""`hotline handover`: the sheet with which a shift hands over to the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from dispatch.api import SqlStore, State
from dispatch.reporting.handover import Sheet, handover
from hotline.cli.data import store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption
from hotline.reports.files import sheet_page
from hotline.service.dispatching import build_rules
from hotline.settings_file import load_settings

app = typer.Typer()


@app.command("handover")
def show(
    config: ConfigOption = DEFAULT_CONFIG,
    hours: Annotated[float, typer.Option(min=0.5, help="How far back the shift began.")] = 12,
    ahead: Annotated[float, typer.Option(min=0, help="How far ahead promises and visits are shown.")] = 12,
    out: Annotated[Path | None, typer.Option(help="A page to print; none: text on the screen.")] = None,
) -> None:
    """What is open, what is late, who is out and what is left; urgent matters are marked with !."""
    settings = load_settings(config)
    rules = build_rules(settings)
    now = datetime.now(UTC)
    state = State()
    with store_of(settings) as store:
        assert isinstance(store, SqlStore), "the database of the configuration"
        state.adopt(store.left_open())
        state.adopt(store.load_open(now - timedelta(hours=hours))[0])
    titles = {name: kind.title for name, kind in rules.businesses.kinds.items()}
    sheet = handover(
        state, rules, titles, now, shift=timedelta(hours=hours), soon=timedelta(hours=ahead)
    )
    if out is not None:
        out.write_text(sheet_page(sheet, company=settings.company), encoding="utf-8")
        print(out)
        return
    print(as_text(sheet))


def as_text(sheet: Sheet) -> str:
    """For the screen."""
    lines = [f"交接班记录 {sheet.since:%m-%d %H:%M} 至 {sheet.made_at:%m-%d %H:%M}"]
    for section in sheet.sections:
        lines.append(f"{'!' if section.urgent else ' '} {section.title}")
        lines += [f"    {line}" for line in section.lines or ("无。",)]
    return "\n".join(lines)
