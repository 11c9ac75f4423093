"""What a whole call costs in the real service: worker, and its share of edge and controller.

SIPp calls through the edge and sends PCMA both ways; the shipped menus speak without end; CPU is
every process's own clock over the measured seconds. `recogniser apart` means that everything is
done but the decoder's own work: sound goes through gate and thread and is then thrown away.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Report, Row, Series
from bench.line import CALLS_PER_SECOND, Callers, Line, flows_that_talk, pause
from bench.processes import busy_share, cpu_percent, memory, switches_per_second, ticks, usages
from hotline.demo.voices import HELD_OUT, synthesise
from hotline.speech.recogniser import BYTES_PER_MS

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

MENU_SECONDS = 8.0
"""After that a silent caller hears the list of keys, and goes on hearing it for half a minute."""
SPEAKS_FROM_SECONDS = 6.5
TALK = (
    "人民路二十六号三栋二单元五零一", "我住在胜利路六十号，六栋二单元八零三",
    "我的电话是幺三九零二五六七七八九",
    "对，就是这个号码", "学府路二十号七栋三单元六零二",
)  # fmt: skip
"""Nothing that could be heard as a leak: pages would be measured with it."""
NO_RECOGNISER = {"speech.engine": "none"}
CPU_AIM_PERCENT, PSS_AIM_MB = 0.6, 25.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What workers do in a run, and what callers do."""

    name: str
    overrides: dict[str, object]
    talks: bool = False
    conversation: str = ""


KINDS = (
    Kind("play", {**NO_RECOGNISER, "recording.enabled": False}),
    Kind("play + record", NO_RECOGNISER),
    Kind("… + listen, caller silent", {}),
    Kind("… + listen, talks, recogniser apart", {}, True, "bench.deaf:build_conversation"),
    Kind("… + listen, talks", {}, True),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """One run, per call; CPU in percent of one core."""

    kind: str
    calls: int
    worker: Series
    edge: float
    controller: float
    switches: Series
    pss_mb: Series
    private_mb: Series
    failed: int
    callers: float
    """What SIPp used in all: not ours."""
    busy: float
    """Share of the whole machine."""

    @property
    def sum(self) -> float:
        return self.worker.mean + self.edge + self.controller

    def row(self) -> Row:
        return {
            "calls": self.calls, "what": self.kind, "worker": f"{self.worker.median:.2f}",
            "p95": f"{self.worker.p95:.2f}", "max": f"{self.worker.worst:.2f}",
            "edge": f"{self.edge:.3f}", "controller": f"{self.controller:.3f}", "sum": f"{self.sum:.2f}",
            "switches/s": f"{self.switches.median:.0f}", "PSS MB": f"{self.pss_mb.median:.1f}",
            "private": f"{self.private_mb.median:.1f}", "failed": self.failed,
            "machine busy": f"{self.busy:.0%}",
        }  # fmt: skip


def measure(kind: Kind, calls: int, seconds: float, tick: Callable[[float], None]) -> Cost:
    """Raises ServiceError when the service does not start."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        overrides = {"paths.flows": str(flows_that_talk(folder)), **kind.overrides}
        with Line(folder / "line", overrides, conversation=kind.conversation) as line:
            ramp = calls / CALLS_PER_SECOND
            callers = Callers(
                line, "talking_caller", folder / "sipp", calls=calls, per_second=CALLS_PER_SECOND,
                seconds=ramp + MENU_SECONDS + seconds + 10, voice=voice(talks=kind.talks),
            )
            pause(ramp + MENU_SECONDS, lambda share: tick(share * 0.4))
            cost = _watch(line, kind, calls, callers, seconds, lambda share: tick(0.4 + share * 0.3))
            done = callers.finish(2 * ramp + 30)
            failed = max(calls - done.well, done.failed, cost.failed)
            tick(1.0)
            return Cost(**{**_fields(cost), "failed": failed + line.written("call_failed")})


def voice(*, talks: bool) -> bytes:
    """Fifty seconds of a caller over A-law: all silence, or all talk but the beginning."""
    if not talks:
        return audioop.lin2alaw(bytes(50_000 * BYTES_PER_MS), 2)
    talk = b"".join(synthesise(text, voice, tail_ms=150) for voice in HELD_OUT for text in TALK)
    whole = bytes(int(SPEAKS_FROM_SECONDS * 1000) * BYTES_PER_MS) + talk
    return audioop.lin2alaw(whole, 2)


def _watch(
    line: Line, kind: Kind, calls: int, callers: Callers, seconds: float, tick: Callable[[float], None]
) -> Cost:
    workers, roles = line.workers(), line.roles()
    mine, others = usages(workers), usages([*roles.values(), callers.pid])
    began, machine = time.monotonic(), ticks()
    pause(seconds, tick)
    passed = time.monotonic() - began
    mine_after, others_after, machine_after = usages(workers), usages(others), ticks()
    share = dict(zip(others, cpu_percent(others, others_after, passed), strict=True))
    alive = [pid for pid in workers if pid in mine_after]
    held = [one for pid in alive if (one := memory(pid)) is not None]
    return Cost(
        kind.name, calls, Series.of(cpu_percent(mine, mine_after, passed)),
        share[roles["edge"]] / calls, share[roles["controller"]] / calls,
        Series.of(switches_per_second(mine, mine_after, passed)),
        Series.of([one.pss for one in held]), Series.of([one.private for one in held]),
        calls - len(alive), share[callers.pid], busy_share(machine, machine_after),
    )  # fmt: skip


def _fields(cost: Cost) -> dict[str, object]:
    return {name: getattr(cost, name) for name in cost.__slots__}


def report(costs: list[Cost]) -> Report:
    return Report(
        "a whole call in the real service (CPU in % of one core)", [cost.row() for cost in costs],
        f"Aim: at most {CPU_AIM_PERCENT} % (recogniser apart) and {PSS_AIM_MB:.0f} MB a call at 60 calls, "
        "none failed. sum = mean of workers + the call's share of edge and controller.",
        {f"{cost.kind}, {cost.calls}": cost.worker.values for cost in costs},
    )  # fmt: skip
