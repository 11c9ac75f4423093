"""Two hundred emergencies within a minute, and the engine killed all the while: is anything lost or double?

The end is compared with that of an undisturbed run, record by record.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Report
from tests.support.crash import end_state, ordered, run, rung

CALLS, SECONDS = 200, 60
LONGEST_LIFE_SECONDS = 0.25
"""From the moment an engine has read its journal until it is killed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    kills: int
    seconds: float
    emergencies: int
    pages: int
    differences: int
    """Tickets whose end differs from the undisturbed run's."""
    never_rung: int
    rung_again: int
    """Pages handed to the telephones again after a kill; the same page is the same call there."""


def measure(kills: int, tick: Callable[[float], None], seed: int = 20261122) -> Outcome:
    """At most so many kills; then it runs to its end."""
    chance, script = random.Random(seed), {"calls": CALLS, "every": SECONDS / CALLS}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        calm, rough = Path(name) / "calm", Path(name) / "rough"
        calm.mkdir()
        rough.mkdir()
        assert run(calm, None, **script)
        began, done = time.monotonic(), 0
        ended = False
        while done < kills and not ended:
            ended = run(rough, chance.uniform(0, LONGEST_LIFE_SECONDS), **script)
            done += not ended
            tick(done / kills)
        if not ended:
            assert run(rough, None, **script)
        wanted, found = end_state(calm), end_state(rough)
        out = rung(rough)
        return Outcome(
            done, time.monotonic() - began,
            sum(entry["ticket"][0] == "emergency" for entry in found.values()), len(ordered(found)),
            sum(wanted.get(key) != found.get(key) for key in wanted.keys() | found.keys()),
            len(ordered(found) - set(out)), len(out) - len(set(out)),
        )


def report(done: Outcome) -> Report:
    row = {
        "kills": done.kills, "seconds": f"{done.seconds:.0f}", "emergencies": done.emergencies,
        "pages ordered": done.pages, "tickets that differ": done.differences,
        "pages never rung": done.never_rung, "handed over again": done.rung_again,
    }
    return Report(
        "the engine killed while two hundred emergencies come in a minute", [row],
        "SIGKILL at random moments of scripted minutes; compared with an undisturbed run. `handed over "
        "again`: the telephones get the same order with the same id, and ring once.",
    )
