"""Plays the ordinary visits of a city through the real engine: tickets, clocks, the next job of each."""

from __future__ import annotations

from collections.abc import Callable

from dispatch.planning.city import City
from dispatch.planning.demand import Calls
from dispatch.planning.visits import VisitYear
from dispatch.rules import Rules


def play_visits(
    city: City, rules: Rules, calls: Calls, seed: int, progress: Callable[[float], None]
) -> VisitYear | None:
    """None for a plan without technicians."""
    return None
