"""The baseline: bare media workers (bench.media_cpu) without menus, edge and controller."""

from __future__ import annotations

from collections.abc import Callable

from bench import media_cpu
from bench.figures import Report, Row, Series

GUIDE_PERCENT = {"play": 0.22, "play + record": 0.38, "play + record + listen": 0.48}
"""As a guide, not measured here: Asterisk 20 with chan_sip for the first two, a prototype of
this worker (0.43 to 0.53) for the third."""


def measure(at_once: tuple[int, ...], seconds: float, tick: Callable[[float], None]) -> Report:
    chosen = [(kind, calls) for calls in at_once for kind in media_cpu.KINDS]
    runs = []
    for number, (kind, calls) in enumerate(chosen):
        runs.append(media_cpu.measure(kind, calls, seconds))
        tick((number + 1) / len(chosen))
    return Report(
        "the bare media worker, the baseline (CPU in % of one core)", [_row(run) for run in runs],
        "guide: figures of other measurements on such a machine, not measured here (Asterisk 20 with "
        "chan_sip for play and play + record; a prototype whose reactor clocks the bridge for listening).",
        {f"{run.kind}, {run.calls}": run.cpu_percent for run in runs},
    )  # fmt: skip


def _row(run: media_cpu.Measured) -> Row:
    cpu, guide = Series.of(run.cpu_percent), GUIDE_PERCENT[run.kind]
    return {
        "calls": run.calls, "what": run.kind, "worker": f"{cpu.median:.2f}", "p95": f"{cpu.p95:.2f}",
        "max": f"{cpu.worst:.2f}", "guide": f"{guide:.2f}", "to guide": f"{cpu.median / guide:.2f}",
        "switches/s": f"{run.switches_per_second:.0f}",
        "PSS MB": f"{Series.of(run.pss_mb).median:.1f}",
        "fork→ready ms": f"{Series.of(run.ready_ms).median:.1f}", "failed": run.failed,
    }  # fmt: skip
