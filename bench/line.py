"""The whole service under load, and SIPp as everybody who calls it."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from hotline.demo.service import Ports
from hotline.demo.stage import read_yaml, write_yaml
from hotline.settings_file import load_settings
from tests.live.harness.service import EXAMPLE, HotlineUnderTest

HERE = Path(__file__).parent
NOBODY = "sip:nobody@127.0.0.1:9"
CALLS_PER_SECOND = 10
PROMPTS = HERE.parent / "var" / "bench" / "prompts"
"""Rendered prompts, kept from run to run: rendering is not what is measured here."""


class Line:
    """`with Line(folder) as line:` the shipped configuration answers calls on ports of its own."""

    def __init__(
        self, folder: Path, overrides: Mapping[str, object] | None = None, *, conversations: int = 120,
        conversation: str = "",
    ) -> None:
        """`conversation`: what workers run instead of the hotline's own (`module:factory`)."""
        self.service = HotlineUnderTest(
            folder, {"logging.format": "text", "agents.duty_crew": [NOBODY], **(overrides or {})},
            ports=Ports.choose(conversations),
        )
        self._conversation = conversation
        self._zygote: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        PROMPTS.mkdir(parents=True, exist_ok=True)
        self.service.state.mkdir(parents=True, exist_ok=True)
        (self.service.state / "prompts").symlink_to(PROMPTS)
        try:
            self.service.start()
            self.service.wait_ready()
            if self._conversation:
                self._start_zygote()
        except BaseException:
            self.service.stop(0)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()
        self.service.stop(1)

    def workers(self) -> list[int]:
        """Processes of the calls that are up."""
        return [pid for pid in self.service.processes() if _name(pid) == "hotline-worker"]

    def roles(self) -> dict[str, int]:
        return {role: self.service.role_pid(role) for role in ("edge", "controller", "zygote", "supervisor")}

    def wait(self, condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
        self.service.wait_until(condition, seconds, otherwise)

    def written(self, kind: str) -> int:
        """How many records of a kind are in all journals."""
        mark = f'"kind":"{kind}"'
        return sum(path.read_text().count(mark) for path in self.service.journals.rglob("*.jsonl"))

    def _start_zygote(self) -> None:
        """A newer instance beside the service's own: it gets the calls."""
        instance = "99999999-bench"
        with self.service.log.open("ab") as log:
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "hotline.calls.zygote", "--config", str(self.service.config),
                 "--instance", instance, "--conversation", self._conversation],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=HERE.parent,
            )  # fmt: skip
        ready = self.service.run_folder / f"zygote-{instance}.ready"
        self.wait(ready.exists, 20, "has no zygote of the bench")


@dataclass(frozen=True, slots=True)
class Calls:
    """What became of SIPp's calls."""

    well: int
    failed: int
    answered_ms: tuple[float, ...]
    """INVITE → 200."""


class Callers:
    """SIPp makes `calls` calls, each of `seconds`."""

    def __init__(
        self, line: Line, scenario: str, folder: Path, *, calls: int, per_second: float, seconds: float,
        voice: bytes = b"", caller: str = "13900000000",
    ) -> None:
        """`voice`: A-law that every caller says over and over."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "voice.al").write_bytes(voice)
        shutil.copy(HERE / f"{scenario}.xml", folder)
        self._folder = folder
        with (folder / "stderr.txt").open("wb") as trouble:
            self._process = subprocess.Popen(
                ["sipp", f"127.0.0.1:{line.service.ports.sip}", "-sf", f"{scenario}.xml", "-i", "127.0.0.1",
                 "-mi", "127.0.0.1", "-m", str(calls), "-r", str(per_second), "-rp", "1000", "-l", str(calls),
                 "-d", str(int(seconds * 1000)), "-nostdin", "-s", "962677", "-key", "caller", caller,
                 "-timeout", f"{int(calls / per_second + seconds + 40)}s", "-timeout_error", "-skip_rlimit",
                 "-mp", "40000",
                 "-trace_err", "-error_file", "errors.txt",
                 "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-stf", "statistics.csv"],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=trouble,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def finish(self, timeout_seconds: float) -> Calls:
        """Wait for the last call's end."""
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.stop()
        return self._result()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _result(self) -> Calls:
        try:
            with (self._folder / "statistics.csv").open() as file:
                last = list(csv.DictReader(file, delimiter=";"))[-1]
        except (OSError, IndexError):
            return Calls(0, 0, ())
        return Calls(
            int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"]), tuple(_answer_times(self._folder))
        )


def _answer_times(folder: Path) -> list[float]:
    times = []
    for path in folder.glob("*_rtt.csv"):
        with path.open() as file:
            times += [float(row["response_time_ms"]) for row in csv.DictReader(file, delimiter=";")]
    return times


def flows_that_talk(folder: Path) -> Path:
    """The shipped menus, in which a silent caller soon hears the list of keys, for a minute."""
    flows = folder / "flows"
    shutil.copytree(load_settings(EXAMPLE).paths.flows, flows, ignore=shutil.ignore_patterns("tests"))
    main = read_yaml(flows / "main.yaml")
    states = main["states"]
    states["greeting"]["noinput_seconds"] = 1
    states["greeting"]["noinput"] = {"times": 0, "to": "keys"}
    states["keys"]["prompt"] = states["keys"]["prompt"] * 3
    states["keys"]["next"] = "silent"
    write_yaml(flows / "main.yaml", main)
    return flows


def pause(seconds: float, tick: Callable[[float], None]) -> None:
    """Sleep, telling the share that is over."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        tick(passed / seconds)
        time.sleep(min(0.2, seconds - passed))
    tick(1.0)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
