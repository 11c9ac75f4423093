"""Writes docs/state-machines.md from the tables: `python -m dispatch.state_docs [FILE]`."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from dispatch.crew_states import CREW_MACHINES
from dispatch.machine import Machine
from dispatch.states import MACHINES
from dispatch.ticket_states import TICKET_MACHINES

ALL: tuple[Machine[Any, Any], ...] = (*MACHINES, *CREW_MACHINES, *TICKET_MACHINES)
HEAD = """# The lives of what dispatch stores

Generated from `dispatch/states.py`, `dispatch/crew_states.py` and their like by
`python -m dispatch.state_docs`; a test keeps it current.
Every pair of state and event is a step, or changes nothing for the reason given.
"""


def document() -> str:
    return "\n".join([HEAD, *(chapter(machine) for machine in ALL)])


def chapter(machine: Machine[Any, Any]) -> str:
    """One machine: picture, steps, what changes nothing."""
    arrows = [
        f"    {state.value} --> {target.value}: {event.value}"
        for (state, event), target in machine.transitions.items()
    ]
    steps = [
        f"| {state.value} | {event.value} | {target.value} |"
        for (state, event), target in machine.transitions.items()
    ]
    return "\n".join([
        f"## {machine.name}", "", machine.about, "",
        "```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial.value}", *arrows, "```", "",
        "| in state | when | then |", "|---|---|---|", *steps, "",
        "| in state | changes nothing | because |", "|---|---|---|", *_ignored(machine), "",
    ])


def _ignored(machine: Machine[Any, Any]) -> list[str]:
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (state, event), why in machine.ignored.items():
        rows[state.value, why].append(event.value)
    return [f"| {state} | {', '.join(events)} | {why} |" for (state, why), events in rows.items()]


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/state-machines.md")
    target.write_text(document(), encoding="utf-8")
