"""What processes use, by the kernel's own clocks of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process since it began."""

    cpu_seconds: float
    """User and system, all threads."""
    switches: int
    """Voluntary context switches: how often it went to sleep."""


def usage(pid: int) -> Usage | None:
    """None when the process is gone."""
    try:
        seconds = time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3): nanoseconds
        return Usage(seconds, sum(_switches(task) for task in Path(f"/proc/{pid}/task").iterdir()))
    except (OSError, ProcessLookupError):
        return None


def children_cpu_seconds(pid: int) -> float:
    """User and system of all children that have ended and were buried, in hundredths. Raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _switches(task: Path) -> int:
    return int((task / "status").read_text().partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def usages(pids: Iterable[int]) -> dict[int, Usage]:
    return {pid: used for pid in pids if (used := usage(pid)) is not None}


def cpu_percent(before: dict[int, Usage], after: dict[int, Usage], seconds: float) -> list[float]:
    """Percent of one core of every process that lived through it."""
    return [
        (after[pid].cpu_seconds - early.cpu_seconds) / seconds * 100
        for pid, early in before.items() if pid in after
    ]  # fmt: skip


def switches_per_second(before: dict[int, Usage], after: dict[int, Usage], seconds: float) -> list[float]:
    return [(after[pid].switches - early.switches) / seconds for pid, early in before.items() if pid in after]


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, MB."""

    pss: float
    """Shared pages divided among their users."""
    private: float


def memory(pid: int) -> Memory | None:
    """None when the process is gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (OSError, ProcessLookupError):
        return None
    pss, clean, dirty = (
        int(rollup.partition(f"\n{name}:")[2].split()[0]) / 1024
        for name in ("Pss", "Private_Clean", "Private_Dirty")
    )
    return Memory(pss, clean + dirty)


def machine() -> str:
    """`2 × AMD EPYC …, load 0.4`: for the head of the tables."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]  # fmt: skip
    load = Path("/proc/loadavg").read_text().split()[0]
    kernel = Path("/proc/sys/kernel/osrelease").read_text().strip()
    return f"{len(models)} × {models[0] if models else 'unknown'}, Linux {kernel}, load {load} at the start"


def busy_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Share of all cores that was at work between two `ticks`, 0 to 1."""
    total = after[1] - before[1]
    return (after[0] - before[0]) / total if total else 0.0


def ticks() -> tuple[int, int]:
    """Busy and all ticks of all cores so far."""
    figures = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(figures) - figures[3] - figures[4], sum(figures)
