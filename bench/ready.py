"""How long a forked worker takes until the edge may send it a call; and a spare that waits already."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Report, Series
from bench.processes import memory
from hotline.settings_file import load_settings
from tests.live.harness.service import EXAMPLE
from tests.live.worker_rig import WorkerRig

GUIDE_MS = 15.0
"""What a prototype took (median), without flows and speech model."""


@dataclass(frozen=True, slots=True)
class Ready:
    """One run."""

    what: str
    ready_ms: Series
    pss_mb: Series


def measure(forks: int, tick: Callable[[float], None]) -> list[Ready]:
    """One after the other, with the shipped menus and conversation loaded."""
    kinds = (("forked on demand", 0), ("spare, forked before", 2))
    return [
        _run(what, spares, forks, lambda share, n=number: tick((n + share) / len(kinds)))  # type: ignore[misc]
        for number, (what, spares) in enumerate(kinds)
    ]


def _run(what: str, spares: int, forks: int, tick: Callable[[float], None]) -> Ready:
    flows = load_settings(EXAMPLE).paths.flows
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        with WorkerRig(
            Path(name), flows=flows, workers=forks + 10, spares=spares,
            conversation="hotline.app:build_conversation",
        ) as rig:  # fmt: skip
            taken, pss = [], []
            for number in range(forks):
                time.sleep(0.1)  # a new spare is there by then
                began = time.perf_counter()
                worker = rig.fork(f"bench-{number}", facts={"caller": "", "dialled": "962677"})
                taken.append((time.perf_counter() - began) * 1000)
                if (held := memory(worker.pid)) is not None:
                    pss.append(held.pss)
                tick((number + 1) / forks)
            return Ready(what, Series.of(taken), Series.of(pss))


def report(runs: list[Ready]) -> Report:
    first = runs[0].ready_ms.median
    return Report(
        "fork → ready: from the edge's wish to the worker's word that its SIP port is open",
        [
            {
                "worker": run.what, **{f"{key} ms": value for key, value in run.ready_ms.told(1).items()},
                "to forked": f"{run.ready_ms.median / first:.2f}", "PSS MB": f"{run.pss_mb.median:.1f}",
            }
            for run in runs
        ],
        f"Guide: {GUIDE_MS:.0f} ms for a bare worker of a prototype.",
        {run.what: run.ready_ms.values for run in runs},
    )  # fmt: skip
