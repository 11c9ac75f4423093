"""`hotline simulate`: a year of a city's calls and emergencies in minutes, and what a change would bring."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dispatch.api import Rules
from dispatch.planning import ADVICE, Checked, NoSuchChange, Result, WhatIf, check, parse, simulate
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, OverrideOption
from hotline.cli.output import print_json, print_table
from hotline.errors import HotlineError
from hotline.planning import Plan, as_html, load_plan, sheets_of, write_csv
from hotline.service.dispatching import build_rules
from hotline.settings_file import load_settings

app = typer.Typer()
YEAR = 365
CHECKED = {
    "what": "queue", "servers": "servers", "load": "load (erlang)", "measure": "measure",
    "theory": "Erlang C", "played": "played", "half_width": "± (99.9 %)", "right": "agrees",
}


class SimulationRefusedError(HotlineError):
    """Nothing was played. docs/planning.md says how a plan and its what-ifs are written."""

    exit_status = 2


class TheoryContradictedError(HotlineError):
    """What was played does not agree with queueing theory: do not trust reports of this version."""


@app.command("simulate")
def simulate_command(
    file: Annotated[
        Path | None, typer.Argument(help="A plan: config/cities/*.yaml, of a city or a province.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3660, help="Play so many days.")] = None,
    year: Annotated[bool, typer.Option("--year", help="Play 365 days, whatever the plan says.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another seed: other callers, as likely as these.")] = 1,
    what_if: Annotated[
        list[str] | None,
        typer.Option("--what-if", metavar="CHANGE", help="crews@lizhou=+1, crews=+1, station=+1, agents=+2"),
    ] = None,
    advice: Annotated[
        bool, typer.Option("--advice/--no-advice", help="What one more crew and one more station bring.")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="Write the report as an HTML page.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write each table as CSV into this folder.")] = None,
    theory: Annotated[
        bool, typer.Option("--check", help="Compare the queues with queueing theory (M/M/c), and end.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    override: OverrideOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a year of a city through the real dispatch rules: who arrives in time, who waits, who is busy."""
    rules = build_rules(load_settings(config, override or ()))
    if theory:
        with _few_logs():
            _check(rules, seed, as_json)
        return
    if file is None:
        raise SimulationRefusedError("name a plan, such as config/cities/guangyuan-like.yaml")
    plan = load_plan(file, days=YEAR if year else days)
    wanted = _what_ifs(what_if or [])
    with _few_logs():
        results = _play(plan, rules, seed, wanted or (list(ADVICE) if advice else []))
    if out is not None:
        command = shlex.join(["hotline", *sys.argv[1:]])
        out.write_text(as_html(plan.title, results, command), encoding="utf-8")
    for number, result in enumerate(results):
        if csv is not None:
            list(write_csv(sheets_of(result), csv if len(results) == 1 else csv / f"{number + 1:02d}"))
    if as_json:
        print_json({"title": plan.title, "cities": [result.plain() for result in results]})
    else:
        _show(results, out, csv)


@contextmanager
def _few_logs() -> Iterator[None]:
    """The engine's own logs are not the report: only its warnings are shown, and not among the data."""
    before = structlog.get_config()
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _what_ifs(texts: Sequence[str]) -> list[WhatIf]:
    try:
        return [parse(text) for text in texts]
    except NoSuchChange as error:
        raise SimulationRefusedError(f"--what-if {error}") from None


def _play(plan: Plan, rules: Rules, seed: int, what_ifs: Sequence[WhatIf]) -> list[Result]:
    results = []
    with _bars() as show:
        for city in plan.cities:
            def tell(what: str, share: float, title: str = city.title) -> None:
                show(f"{title}: {what}", share)

            try:
                results.append(simulate(city, rules, seed, what_ifs, tell))
            except NoSuchChange as error:
                raise SimulationRefusedError(f"--what-if {error}") from None
    return results


@contextmanager
def _bars() -> Any:
    """A bar for each thing that is played, on standard error."""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    ) as progress:
        tasks: dict[str, Any] = {}

        def show(what: str, share: float) -> None:
            if what not in tasks:
                for task in tasks.values():
                    progress.update(task, visible=False)
                tasks[what] = progress.add_task(what, total=1.0)
            progress.update(tasks[what], completed=share)

        yield show


def _check(rules: Rules, seed: int, as_json: bool) -> None:
    with _bars() as show:
        found = check(rules, seed, lambda share: show("against queueing theory", share))
    rows = [_checked_row(one) for one in found]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, CHECKED, empty="nothing was compared")
    wrong = [one for one in found if not one.right]
    if wrong:
        raise TheoryContradictedError(f"{len(wrong)} of {len(found)} comparisons are outside their interval")


def _checked_row(one: Checked) -> dict[str, Any]:
    return {
        "what": one.what, "servers": one.servers, "load": one.load, "measure": one.measure,
        "theory": round(one.theory, 4), "played": round(one.played, 4),
        "half_width": round(one.half_width, 4), "right": one.right,
    }


def _show(results: Sequence[Result], out: Path | None, csv: Path | None) -> None:
    for result in results:
        base = result.base
        print(f"\n{base.title}: {base.days} days, {base.households:,} households, {base.calls:,} calls, "
              f"{base.emergencies.in_target.of:,} emergencies, {base.decisions:,} decisions")
        for sheet in sheets_of(result):
            print(f"\n{sheet.title}")
            print_table(sheet.rows, {key: en for key, (en, _) in sheet.columns.items()}, empty="nothing")
    for what, path in (("report", out), ("tables", csv)):
        if path is not None:
            print(f"{what}: {path}")
