"""Starts the real service for the demo and the live tests: folders and ports of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from hotline.settings_file import load_settings

START_SECONDS = 90.0
POLL_SECONDS = 0.05


class ServiceError(Exception):
    """The service did not do what was asked of it; the message names the log to read."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Free ports of this machine, so that a demo disturbs no service that runs already."""

    sip: int
    web: int
    first_worker: int
    conversations: int

    @classmethod
    def choose(cls, conversations: int = 40) -> Ports:
        """Worker ports come from below the kernel's ephemeral range, at a random place."""
        return cls(free_sip_port(), _free_tcp_port(), random.randrange(10_000, 30_000, 50), conversations)

    def overrides(self) -> dict[str, object]:
        rtp = self.first_worker + self.conversations
        return {
            "edge.listen.host": "127.0.0.1",
            "edge.listen.udp_port": self.sip,
            "edge.listen.tcp_port": self.sip,
            "web.host": "127.0.0.1",
            "web.port": self.web,
            "workers.max_conversations": self.conversations,
            "workers.reserved_for_pages": max(2, self.conversations // 8),
            "workers.sip_ports": [self.first_worker, rtp - 1],
            "workers.rtp_ports": [rtp + rtp % 2, rtp + rtp % 2 + 8 * self.conversations - 1],
        }


class Service:
    """`hotline serve` as a child process, in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        config: Path,
        overrides: Mapping[str, object] | None = None,
        *,
        ports: Ports | None = None,
        environment: Mapping[str, str] | None = None,
        instance: str = "1",
    ) -> None:
        """`overrides` are configuration keys (`agents.ring_seconds`) and their values."""
        self.folder, self.instance = folder, instance
        self.ports = ports or Ports.choose()
        self.state, self.run_folder = folder / "state", folder / "run"
        self.recordings = folder / "recordings"
        self.log = folder / f"service-{instance}.log"
        self.config = folder / "hotline.yaml"
        """The whole configuration as it runs, for every `hotline` command that shall see this service."""
        folder.mkdir(parents=True, exist_ok=True)
        changed: dict[str, object] = {
            "paths.run": self.run_folder, "paths.state": self.state, "paths.recordings": self.recordings,
            "database.url": f"sqlite:///{self.state / 'hotline.db'}",
            **self.ports.overrides(), **(overrides or {}),
        }
        write_configuration(config, self.config, changed)
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    # ---- addresses
    def number(self, dialled: str) -> str:
        """The URI that a caller on this machine dials."""
        return f"sip:{dialled}@127.0.0.1:{self.ports.sip}"

    @property
    def registrar(self) -> str:
        return f"127.0.0.1:{self.ports.sip}"

    @property
    def journals(self) -> Path:
        return self.state / "journal"

    def command(self, *words: str) -> list[str]:
        """A command line of the `hotline` program for this service."""
        return [str(Path(sys.executable).with_name("hotline")), *words, "--config", str(self.config)]

    # ---- life
    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServiceError("the service was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; `wait_ready` waits until it takes calls."""
        for folder in (self.state, self.run_folder, self.recordings):
            folder.mkdir(parents=True, exist_ok=True)
        if self._process is not None:
            self.wait_ended(5)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command("serve"), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=self._environment, start_new_session=True,
            )

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        """Until `/ready` says 200. Raises ServiceError, with the end of the log."""
        self.wait_until(self.ready, timeout_seconds, "is not ready")

    def ready(self) -> bool:
        return self.get("/ready")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of its web port; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports.web}{path}", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_until(self, condition: Callable[[], bool], timeout_seconds: float, otherwise: str) -> None:
        """Raises ServiceError `the service <otherwise>` when it does not come true or the service dies."""
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            if not self.running:
                raise ServiceError(f"the service ended: {self.log_end()}")
            if time.monotonic() > deadline:
                says = self.get("/ready")[1] or "nothing"
                raise ServiceError(
                    f"the service {otherwise} after {timeout_seconds:g} s; "
                    f"/ready says {says}; {self.log_end()}"
                )
            time.sleep(POLL_SECONDS)

    def terminate(self) -> None:
        """SIGTERM: drain, then end."""
        self._signal(signal.SIGTERM)

    def reload(self) -> None:
        self._signal(signal.SIGHUP)

    def wait_ended(self, timeout_seconds: float) -> int:
        """Exit status. Raises ServiceError when it goes on."""
        if self._process is None:
            raise ServiceError("the service was not started")
        try:
            return self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise ServiceError(f"the service goes on after {timeout_seconds:g} s: {self.log_end()}") from None

    def stop(self, timeout_seconds: float = 15) -> None:
        """Drain for that long, then take down everything that is left of it."""
        if self._process is None:
            return
        if self.running:
            self.terminate()
            try:
                self._process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pid in self.processes():
            _kill(pid)

    def processes(self) -> dict[int, str]:
        """Every living process of this service, orphans too: pid → command line, which names its files."""
        mark = bytes(self.folder) + b"/"
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                words = _read(entry / "cmdline")
                if any(word.startswith(mark) for word in words.split(b"\0")):
                    found[int(entry.name)] = words.replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def log_end(self, lines: int = 15) -> str:
        try:
            text = self.log.read_text(errors="replace").splitlines()[-lines:]
        except OSError:
            text = []
        return f"see {self.log}\n" + "\n".join(text)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise ServiceError("the service was not started")
        self._process.send_signal(number)


def write_configuration(example: Path, target: Path, changed: Mapping[str, object]) -> None:
    """The example with some keys changed and absolute paths, as a file of its own.

    Raises ConfigurationError.
    """
    options = [f"{key}={json.dumps(value, default=str)}" for key, value in changed.items()]
    settings = load_settings(example, options)
    with target.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(settings.model_dump(mode="json"), file)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _free_tcp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_sip_port() -> int:
    """A port that is free for UDP and TCP alike."""
    while True:
        port = _free_tcp_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
