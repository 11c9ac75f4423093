"""Runs SIPp, the other SIP implementation of the tests, with the scenarios of tests/live/sipp."""

from __future__ import annotations

import csv
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SCENARIOS = Path(__file__).parent.parent / "sipp"


class SippError(AssertionError):
    """A call of the scenario did not go as it says; the message shows SIPp's errors and last messages."""


@dataclass(frozen=True, slots=True)
class Result:
    """What SIPp counted."""

    successful: int
    failed: int
    response_ms: tuple[float, ...]
    """INVITE → 200 of every call (`rtd=1` of the scenario), as far as it had one."""


@dataclass(frozen=True, slots=True)
class Sipp:
    """`Sipp(service.ports.sip).run("bye", pause_ms=2000)`."""

    port: int
    dialled: str = "962677"
    caller: str = "13900000000"

    def start(
        self, scenario: str, folder: Path, *, calls: int = 1, rate: float = 1.0, pause_ms: int = 1000,
        timeout_seconds: int = 60,
    ) -> subprocess.Popen[bytes]:
        """Run in the background; `finish` reads the result."""
        command = [
            "sipp", f"127.0.0.1:{self.port}", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", "127.0.0.1",
            "-mi", "127.0.0.1", "-m", str(calls), "-r", str(rate), "-d", str(pause_ms), "-nostdin",
            "-s", self.dialled, "-key", "caller", self.caller, "-timeout", f"{timeout_seconds}s",
            "-timeout_error", "-max_retrans", "8", "-skip_rlimit",
            "-trace_err", "-error_file", str(folder / "errors.txt"),
            "-trace_msg", "-message_file", str(folder / "messages.txt"),
            "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-stf", str(folder / "statistics.csv"),
        ]
        with (folder / "stderr.txt").open("wb") as trouble:
            return subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=trouble
            )

    def finish(self, process: subprocess.Popen[bytes], folder: Path, timeout_seconds: float = 90) -> Result:
        """Raises SippError when one call failed or none was made."""
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        result = _result(folder)
        if process.returncode != 0 or result.failed or not result.successful:
            raise SippError(f"SIPp ended with {process.returncode}: {result.successful} calls well, "
                            f"{result.failed} not.\n{_trouble(folder)}")
        return result

    def run(
        self, scenario: str, *, calls: int = 1, rate: float = 1.0, pause_ms: int = 1000,
        timeout_seconds: int = 60,
    ) -> Result:
        """Run to the end. Raises SippError."""
        with tempfile.TemporaryDirectory(prefix="sipp-") as name:
            folder = Path(name)
            process = self.start(
                scenario, folder, calls=calls, rate=rate, pause_ms=pause_ms, timeout_seconds=timeout_seconds
            )
            return self.finish(process, folder, timeout_seconds + 30)


def _result(folder: Path) -> Result:
    try:
        with (folder / "statistics.csv").open() as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
    except (OSError, IndexError):
        return Result(0, 0, ())
    return Result(int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"]), tuple(_response_times(folder)))


def _response_times(folder: Path) -> list[float]:
    times = []
    for path in folder.glob("*_rtt.csv"):
        with path.open() as file:
            times += [float(row["response_time_ms"]) for row in csv.DictReader(file, delimiter=";")]
    return times


def _trouble(folder: Path) -> str:
    parts = []
    for name, length in (("stderr.txt", 800), ("errors.txt", 1500), ("messages.txt", 4000)):
        path = folder / name
        if path.exists() and (text := path.read_text(errors="replace").strip()):
            parts.append(f"--- {name}\n{text[-length:]}")
    return "\n".join(parts)
