"""`python -m bench [NAME …] [--quick] [--json FILE]`: what calls cost and how fast they are, in tables.

pickup   INVITE → 200 at 1, 5 and 10 calls a second, forked on demand and with spare workers
calls    CPU and memory of whole calls in the real service: 10, 30 and 60 at once
media    the same of bare media workers: what pjsua2, recording and the hand-over cost alone
phrase   end of a leak phrase → emergency → the crew's INVITE
conditions  the same by voice, codec, loss, noise and double talk, and what was understood
together    the same of ten callers who talk at once
kills    the engine killed again and again while 200 emergencies come in a minute
recognition  the engine against plain Vosk on the same audio, memory of a stream, triage's speed
decisions  the next job with 10,000 open tickets and 200 crews
storm    200 emergencies within a minute, and at once: report → first page, SQLite and PostgreSQL
stored   what the service asks its database, with 10,000 and with 1,000,000 stored tickets
simulate a year of 300,000 households through the dispatch engine
ready    fork → ready
search   full text over a million utterances
speech   the recogniser: phrase → partial, CPU of listening, what is understood

Nothing here asserts a time: a slow machine gives a slow table.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bench import (
    calls,
    conditions,
    deciding,
    kills,
    media,
    million,
    phrase,
    pickup,
    ready,
    recognition,
    search,
    simulated,
    speech,
    storm,
    together,
)
from bench.figures import Report
from bench.processes import machine
from tests.live.harness.bad_line import CONDITIONS

Tick = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long everything is measured."""

    at_once: tuple[int, ...]
    seconds: float
    rates_seconds: float
    phrases: int
    forks: int
    sentences: int
    """Leaks that each voice says over each line."""


FULL = Plan((10, 30, 60), 10, 20, 25, 60, 2)
QUICK = Plan((10,), 4, 5, 4, 15, 1)


def run_pickup(plan: Plan, tick: Tick) -> Report:
    spares = (0, pickup.SPARES)
    runs = [
        run
        for number, count in enumerate(spares)
        for run in pickup.measure(
            pickup.RATES, plan.rates_seconds, count, _part(tick, number, len(spares))
        )
    ]
    return pickup.report(runs)


def run_calls(plan: Plan, tick: Tick) -> Report:
    chosen = [(kind, count) for count in plan.at_once for kind in calls.KINDS]
    return calls.report(
        [
            calls.measure(kind, count, plan.seconds, _part(tick, number, len(chosen)))
            for number, (kind, count) in enumerate(chosen)
        ]
    )


def run_media(plan: Plan, tick: Tick) -> Report:
    return media.measure(plan.at_once, plan.seconds, tick)


def run_phrase(plan: Plan, tick: Tick) -> Report:
    return phrase.report(phrase.measure(plan.phrases, tick))


def run_ready(plan: Plan, tick: Tick) -> Report:
    return ready.report(ready.measure(plan.forks, tick))


def run_decisions(plan: Plan, tick: Tick) -> Report:
    return deciding.measure(60 if plan is QUICK else 1_000, tick)


def run_storm(plan: Plan, tick: Tick) -> Report:
    return storm.report(5 if plan is QUICK else 60, tick)


def run_stored(plan: Plan, tick: Tick) -> Report:
    return million.report(30_000 if plan is QUICK else 1_000_000, tick)


def run_simulate(plan: Plan, tick: Tick) -> Report:
    return simulated.measure(7 if plan is QUICK else 365, tick)


def run_conditions(plan: Plan, tick: Tick) -> Report:
    chosen = conditions.quick() if plan is QUICK else CONDITIONS
    return conditions.report(conditions.measure(chosen, plan.sentences, tick))


def run_together(plan: Plan, tick: Tick) -> Report:
    return together.report(together.measure((1, 5, 10), 1 if plan is QUICK else 3, tick))


def run_search(plan: Plan, tick: Tick) -> Report:
    return search.report(search.UTTERANCES if plan.forks == FULL.forks else search.QUICK_UTTERANCES, tick)


def run_kills(plan: Plan, tick: Tick) -> Report:
    return kills.report(kills.measure(50 if plan is QUICK else 1000, tick))


def run_recognition(plan: Plan, tick: Tick) -> Report:
    return recognition.measure(*((2, 5) if plan is QUICK else (7, 20)), tick)


BENCHES: dict[str, Callable[[Plan, Tick], Report]] = {
    "decisions": run_decisions, "storm": run_storm, "stored": run_stored, "simulate": run_simulate,
    "ready": run_ready, "pickup": run_pickup, "media": run_media, "calls": run_calls, "phrase": run_phrase,
    "search": run_search,
    "conditions": run_conditions, "together": run_together, "kills": run_kills,
    "recognition": run_recognition,
}  # fmt: skip
ALL = (*BENCHES, "speech")


def _part(tick: Tick, number: int, count: int) -> Tick:
    return lambda share: tick((number + share) / count)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; without any, all")
    parser.add_argument("--quick", action="store_true", help="short runs: whether all works, not how well")
    parser.add_argument("--calls", metavar="N,N", help="so many calls at once, for media and calls")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value to a file as well")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in ALL]:
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(ALL)}")
    plan = QUICK if given.quick else FULL
    if given.calls:
        plan = replace(plan, at_once=tuple(int(count) for count in given.calls.split(",")))
    console, began = Console(width=None if sys.stdout.isatty() else 160), datetime.now(UTC)
    head = machine()
    console.print(f"[bold]Bench of the gas hotline[/], {began:%Y-%m-%d %H:%M} UTC, {head}")
    names = [name for name in ALL if name in (given.names or ALL)]
    reports = _run([name for name in names if name in BENCHES], plan, console)
    if "speech" in names:
        speech.main([])
    if given.json:
        told = {"began": began.isoformat(), "machine": head}
        told |= {key: one.plain() for key, one in reports.items()}
        given.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def _run(names: Sequence[str], plan: Plan, console: Console) -> dict[str, Report]:
    """Each table is shown as soon as it is there."""
    reports = {}
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as progress:  # fmt: skip
        for name in names:
            task = progress.add_task(name, total=1.0)
            reports[name] = BENCHES[name](plan, partial(_show, progress, task))
            progress.remove_task(task)
            console.print(reports[name].table())
    return reports


def _show(progress: Progress, task: TaskID, share: float) -> None:
    progress.update(task, completed=share)


if __name__ == "__main__":
    sys.exit(main())
