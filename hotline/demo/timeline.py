"""What happens in the demo, printed as it happens, and the table of measured times at its end."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

COLOURS = {"caller": "cyan", "hotline": "green", "dispatch": "yellow", "crew": "magenta", "agent": "blue"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was to happen, and what was measured."""

    name: str
    ok: bool
    """It happened, and not hopelessly late."""
    measured: str = ""
    budget: str = ""
    seconds: float | None = None
    slow: bool = False
    """It happened, over its budget: a busy machine, or something to look at."""


HOPELESS = 5
"""A step that takes so many times its budget has failed."""


def timed(name: str, seconds: float, budget_seconds: float) -> Step:
    """A step that has a time limit."""
    budget = f"≤ {_readable(budget_seconds)}"
    ok, slow = seconds <= HOPELESS * budget_seconds, seconds > budget_seconds
    return Step(name, ok, _readable(seconds), budget, seconds, slow)


def _readable(seconds: float) -> str:
    if seconds < 0:
        return f"{-seconds * 1000:.0f} ms before"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


class Timeline:
    """Lines with the seconds since the story began; safe to use from any thread."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._began = time.time()

    def begin(self, at: float) -> None:
        """Seconds are counted from here."""
        self._began = at

    def note(self, text: str) -> None:
        """Something about the demo itself."""
        with self._lock:
            self._console.print(f"[dim]           {escape(text)}[/dim]", soft_wrap=True)

    def tell(self, who: str, text: str, at: float | None = None) -> None:
        seconds = (time.time() if at is None else at) - self._began
        colour = COLOURS.get(who.split()[0], "white")
        with self._lock:
            self._console.print(
                f"[bold]{seconds:8.3f} s[/bold] [{colour}]{escape(who):10}[/{colour}] {escape(text)}",
                highlight=False, soft_wrap=True,
            )


def print_steps(console: Console, steps: list[Step]) -> None:
    table = Table("step", "measured", "budget", "", title="What was shown", title_justify="left")
    for step in steps:
        good = "[yellow]over budget[/yellow]" if step.slow else "[green]ok[/green]"
        mark = good if step.ok else "[red]FAILED[/red]"
        table.add_row(escape(step.name), escape(step.measured), escape(step.budget), mark)
    console.print(table)
