"""A year of 300,000 households through the dispatch engine: how long it takes on one processor."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.company import CONFIG
from bench.figures import Report, against
from dispatch.planning import simulate
from hotline.planning import load_plan
from hotline.service.dispatching import build_rules
from hotline.settings_file import load_settings

CITY = CONFIG.parent / "cities" / "guangyuan-like.yaml"
AIM_SECONDS = 300.0
YEAR = 365


def measure(days: int, tick: Callable[[float], None]) -> Report:
    city = load_plan(CITY, days=days).cities[0]
    rules = build_rules(load_settings(CONFIG))
    began, used = time.perf_counter(), time.process_time()
    base = simulate(city, rules, 1, (), lambda _what, share: tick(share)).base
    used, took = time.process_time() - used, time.perf_counter() - began
    a_year = used * YEAR / days
    row = {
        "days": days, "households": f"{base.households:,}", "calls": f"{base.calls:,}",
        "emergencies": f"{base.emergencies.in_target.of:,}", "decisions": f"{base.decisions:,}",
        "processor s": f"{used:.1f}", "wall s": f"{took:.1f}", "processor s for a year": f"{a_year:.0f}",
        "× aim 300 s": against(a_year, AIM_SECONDS),
    }
    return Report("Simulate", [row], "One process; the wall clock of a busy machine says little.")
