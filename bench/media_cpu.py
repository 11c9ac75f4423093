"""What a call costs: CPU of one core, memory, and how fast a worker is there.

`python -m bench.media_cpu --calls 10,30,60` forks workers with the shipped settings (60 ms
ticks) and lets SIPp talk to each of them in PCMA both ways. CPU is each worker's own clock
(user and system) over the measured seconds; the table shows medians. The recogniser is off.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.live import sounds
from tests.live.worker_rig import Link, WorkerRig

SETTLE_SECONDS = 2.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
KINDS = {
    "play": "bench.media_conversation:Play",
    "play + record": "bench.media_conversation:PlayRecord",
    "play + record + listen": "bench.media_conversation:PlayRecordListen",
}
SCENARIO = Path(__file__).with_name("media_caller.xml")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: `calls` at once of one kind."""

    kind: str
    calls: int
    cpu_percent: list[float]
    """Per call, of one core."""
    switches_per_second: float
    pss_mb: list[float]
    ready_ms: list[float]
    failed: int


def measure(kind: str, calls: int, seconds: float) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prompt = sounds.write_wav(folder / "prompt.wav", sounds.tone(440, 5.0))
        (folder / "voice.al").write_bytes(sounds.a_law(sounds.tone(700, 10.0)))
        with WorkerRig(
            folder, conversation=KINDS[kind], workers=calls + 5, record=kind != "play"
        ) as rig:
            workers, ready = [], []
            for number in range(calls):
                began = time.perf_counter()
                workers.append(rig.fork(f"bench-{number}", facts={"play": str(prompt)}))
                ready.append((time.perf_counter() - began) * 1000)
            callers = [_caller(folder, number, worker) for number, worker in enumerate(workers)]
            time.sleep(SETTLE_SECONDS)
            before, began = [_usage(worker.pid) for worker in workers], time.monotonic()
            time.sleep(seconds)
            after, passed = [_usage(worker.pid) for worker in workers], time.monotonic() - began
            memory = [_pss_mb(worker.pid) for worker in workers]
            failed = sum(not _in_call(folder, number) for number in range(calls))
            for caller in callers:
                caller.terminate()
                caller.wait()
            pairs = list(zip(before, after, strict=True))
            cpu = [(late[0] - early[0]) / passed * 100 for early, late in pairs]
            switches = statistics.median((late[1] - early[1]) / passed for early, late in pairs)
            return Measured(kind, calls, cpu, switches, memory, ready, failed)


def _caller(folder: Path, number: int, worker: Link) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["sipp", f"127.0.0.1:{worker.port}", "-sf", str(SCENARIO), "-i", "127.0.0.1", "-mi", "127.0.0.1",
         "-m", "1", "-nostdin", "-s", "962677", "-key", "hotline_call", f"bench-{number}",
         "-mp", str(10000 + number * 20)],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _in_call(folder: Path, number: int) -> bool:
    journal = folder / "state" / "journal" / f"bench-{number}.jsonl"
    said = journal.read_bytes()
    return b"leg_answered" in said and b"leg_ended" not in said


def _usage(pid: int) -> tuple[float, int]:
    """CPU seconds so far, and voluntary context switches of all threads."""
    seconds = time.clock_gettime(_clock_of(pid))
    switches = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text()
        switches += int(status.partition("voluntary_ctxt_switches:")[2].split()[0])
    return seconds, switches


def _clock_of(pid: int) -> int:
    """clock_getcpuclockid(3): nanoseconds instead of the hundredths of /proc."""
    return (~pid << 3) | 2


def _pss_mb(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.partition("\nPss:")[2].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", default="10,30,60")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    given = parser.parse_args()
    runs = [(kind, int(calls)) for calls in given.calls.split(",") for kind in given.kinds.split(",")]
    table = Table(title="One call's cost (medians)")
    for column in ("calls", "what", "CPU %", "p95", "switches/s", "PSS MB", "fork→ready ms", "failed"):
        table.add_column(column, justify="right")
    with Progress(transient=True) as progress:
        for kind, calls in progress.track(runs, description="media"):
            _row(table, measure(kind, calls, given.seconds))
    Console(width=110).print(table)


def _row(table: Table, run: Measured) -> None:
    ordered = sorted(run.cpu_percent)
    table.add_row(
        str(run.calls), run.kind, f"{statistics.median(ordered):.2f}",
        f"{ordered[int(len(ordered) * 0.95)]:.2f}", f"{run.switches_per_second:.0f}",
        f"{statistics.median(run.pss_mb):.1f}", f"{statistics.median(run.ready_ms):.1f}", str(run.failed),
    )  # fmt: skip


if __name__ == "__main__":
    main()
