"""Whether the queues are played rightly: against Erlang C, where theory says what must come out.

Two things are checked. The callers' queue, with random arrivals, exponential talks and endless
patience. And the engine itself: one station where everything happens, crews that answer at once and
need an exponential time, so that an emergency waits only while all crews are busy. Both must lie
within the confidence of what was played.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.planning import erlang
from dispatch.planning.chance import Floats, stream
from dispatch.planning.mmc import play_engine
from dispatch.planning.operators import queue
from dispatch.rules import Rules

BATCHES = 30
"""Stretches of the play that are taken as independent."""
Z = 3.29
"""99.9 %: eight comparisons in a row may not fail by chance."""
QUEUES = ((1, 0.5), (2, 1.4), (5, 4.0), (20, 17.0))
"""Servers and load in erlangs."""
CALLERS = 120_000
ENGINE = ((2, 1.0), (4, 2.8))
EMERGENCIES = 2_000
SERVICE_SECONDS = 3_600.0
MACHINE_SECONDS = 2.0
"""What the engine itself may take from a crew's being free to its having the next emergency."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One comparison."""

    what: str
    servers: int
    load: float
    measure: str
    """`waiting` (share) or `mean_wait` (in mean service times)."""
    theory: float
    played: float
    half_width: float
    """Of the interval; with what the engine may take on top."""

    @property
    def right(self) -> bool:
        return abs(self.played - self.theory) <= self.half_width


def check(rules: Rules, seed: int, progress: Callable[[float], None]) -> list[Checked]:
    """All comparisons."""
    found: list[Checked] = []
    steps = len(QUEUES) + 6 * len(ENGINE)
    for number, (servers, load) in enumerate(QUEUES):
        found += callers(servers, load, CALLERS, seed + number)
        progress((number + 1) / steps)
    for number, (servers, load) in enumerate(ENGINE):
        found += engine(rules, servers, load, EMERGENCIES, seed + number)
        progress((len(QUEUES) + 6 * (number + 1)) / steps)
    return found


def callers(servers: int, load: float, count: int, seed: int) -> list[Checked]:
    """The callers' queue."""
    chance = stream(seed, 21)
    asked = np.cumsum(chance.exponential(1 / load, count))
    talk = chance.exponential(1.0, count)
    patience, urgent = np.full(count, np.inf), np.zeros(count, dtype=bool)
    played = queue(asked, talk, patience, urgent, lambda _: servers, step=1e9)
    return _compare("callers", servers, load, played.wait, 1e-9, 0.0)


def engine(rules: Rules, servers: int, load: float, count: int, seed: int) -> list[Checked]:
    """The dispatch engine."""
    waits = play_engine(rules, servers, load, count, SERVICE_SECONDS, seed)
    machine = MACHINE_SECONDS / SERVICE_SECONDS
    return _compare("engine", servers, load, waits / SERVICE_SECONDS, machine, machine)


def _compare(
    what: str, servers: int, load: float, waits: Floats, at_once: float, machine: float
) -> list[Checked]:
    settled = waits[len(waits) // 20:]  # the beginning is empty, which no theory counts
    waiting, half = _mean(np.where(settled > at_once, 1.0, 0.0))
    mean, mean_half = _mean(settled)
    return [
        Checked(what, servers, load, "waiting", erlang.waiting_probability(servers, load), waiting, half),
        Checked(what, servers, load, "mean_wait", erlang.mean_wait(servers, load, 1.0), mean,
                mean_half + machine),
    ]


def _mean(values: Floats) -> tuple[float, float]:
    """The mean with half of its interval, from batches."""
    batches: Sequence[float] = [float(part.mean()) for part in np.array_split(values, BATCHES)]
    mean = math.fsum(batches) / BATCHES
    spread = math.sqrt(sum((batch - mean) ** 2 for batch in batches) / (BATCHES - 1))
    return float(values.mean()), Z * spread / math.sqrt(BATCHES)
