"""How long a caller waits for the answer: INVITE → 200, through edge, fork and worker with the real menus."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.calls import voice
from bench.figures import Report, Series
from bench.line import Callers, Line, pause
from bench.processes import busy_share, children_cpu_seconds, ticks, usage

RATES = (1, 5, 10)
AIM_P95_MS = 100.0
SPARES = 4
CALL_SECONDS = 5.0
"""So that some 50 calls talk while the next ones come at 10 a second."""


@dataclass(frozen=True, slots=True)
class PickUp:
    """One run."""

    spares: int
    per_second: int
    calls: int
    answered_ms: Series
    failed: int
    busy: float
    cpu_ms: dict[str, float]
    """CPU of a whole call of five seconds, by process."""


def measure(
    rates: tuple[int, ...], seconds: float, spares: int, tick: Callable[[float], None]
) -> list[PickUp]:
    """Raises ServiceError when the service does not start."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with Line(folder / "line", {"workers.spares": spares}) as line:
            return [
                _run(line, folder / f"at-{rate}", rate, seconds, spares,
                     lambda share, n=number: tick((n + share) / len(rates)))  # type: ignore[misc]
                for number, rate in enumerate(rates)
            ]  # fmt: skip


def _run(
    line: Line, folder: Path, rate: int, seconds: float, spares: int, tick: Callable[[float], None]
) -> PickUp:
    calls = max(round(rate * seconds), 10)
    before, used = ticks(), _used(line)
    callers = Callers(
        line, "talking_caller", folder, calls=calls, per_second=rate, seconds=CALL_SECONDS,
        voice=voice(talks=False),
    )  # fmt: skip
    pause(calls / rate, tick)
    after = ticks()
    done = callers.finish(CALL_SECONDS + 40)
    line.wait(lambda: not line.workers(), 30, "still has workers")
    failed = max(calls - done.well, done.failed)
    cpu_ms = {role: (now - used[role]) * 1000 / calls for role, now in _used(line).items()}
    return PickUp(
        spares, rate, calls, Series.of(done.answered_ms), failed, busy_share(before, after), cpu_ms
    )


def _used(line: Line) -> dict[str, float]:
    """CPU seconds so far; `worker`: of all that have ended."""
    roles = line.roles()
    used = {role: one.cpu_seconds for role in ("edge", "zygote", "controller") if (one := usage(roles[role]))}
    return {"worker": children_cpu_seconds(roles["zygote"]), **used}


def report(runs: list[PickUp]) -> Report:
    return Report(
        "pick-up: INVITE → 200",
        [
            {
                "calls/s": run.per_second, "spare workers": run.spares, "calls": run.calls,
                "median ms": f"{run.answered_ms.median:.0f}", "p95 ms": f"{run.answered_ms.p95:.0f}",
                "max ms": f"{run.answered_ms.worst:.0f}",
                "p95 / aim": f"{run.answered_ms.p95 / AIM_P95_MS:.2f}", "failed": run.failed,
                "machine busy": f"{run.busy:.0%}",
                **{f"{role} CPU ms": f"{used:.0f}" for role, used in run.cpu_ms.items()},
            }
            for run in runs
        ],
        f"SIPp's own clock (to the millisecond). Every call lasts {CALL_SECONDS:.0f} s with PCMA both ways, "
        f"is recorded and listened to. CPU: of a whole call, from INVITE to its worker's end. "
        f"Aim: p95 ≤ {AIM_P95_MS:.0f} ms.",
        {f"{run.per_second}/s, {run.spares} spares": run.answered_ms.values for run in runs},
    )  # fmt: skip
