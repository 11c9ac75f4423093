"""A real edge process with scripted phones, trunks, zygotes and workers around it.

Everything is synchronous: a test says what is sent and waits for what must come. Each peer has
its own loopback address, since the edge tells trunks from strangers by address.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hotline.ipc import (
    ControllerHello,
    ProviderHello,
)
from hotline.journal import read
from tests.support.sip_base import (
    DIGEST_TRUNK,
    EDGE,
    PHONE,
    SDP,
    SECONDS,
    STRANGER,
    TRUNK,
    Ipc,
    free_port,
    until,
)
from tests.support.sip_phones import Phone, Worker, Zygote

__all__ = [
    "DIGEST_TRUNK",
    "EDGE",
    "MODULES",
    "PHONE",
    "SDP",
    "STRANGER",
    "TRUNK",
    "Edge",
    "Ipc",
    "Phone",
    "Worker",
    "Zygote",
    "free_port",
    "running_edge",
    "until",
]


class Edge:
    """A real edge process with a configuration of its own in a temporary folder."""

    def __init__(self, folder: Path, module: str, **changes: Any) -> None:
        self.folder, self.port, self.module = folder, free_port(), module
        self.worker_ports = iter(random.sample(range(20_000, 21_900), 200))
        self.config = folder / "hotline.yaml"
        self.config.write_text(json.dumps(_settings(folder, self.port, changes)))
        self.process: subprocess.Popen[bytes] | None = None
        self.links: list[Ipc | Phone] = []
        self.transport = "udp"
        """For tests that are run over each."""

    @property
    def address(self) -> tuple[str, int]:
        return (EDGE, self.port)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        environment = os.environ | {"AGENT_PASSWORD": "geheim", "TRUNK_PASSWORD": "trunk-geheim"}
        with (self.folder / "edge.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "--config", str(self.config)],
                env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        until(self._listening, "the edge")

    def _listening(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.folder / "run" / "edge.sock"))
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SECONDS)

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def log(self) -> str:
        return (self.folder / "edge.log").read_text()

    def journal(self) -> list[dict[str, Any]]:
        path = self.folder / "state" / "journal" / "edge.jsonl"
        return [json.loads(entry.record.model_dump_json()) for entry in read(path)]

    def kinds(self) -> list[str]:
        return [record["kind"] for record in self.journal()]

    def ipc(self) -> Ipc:
        link = Ipc(self.folder / "run" / "edge.sock")
        self.links.append(link)
        return link

    def zygote(self, instance: str = "") -> Zygote:
        """A new zygote, the newest unless it is given a name."""
        zygote = Zygote(self, self.ipc())
        name = instance or f"2026-{time.monotonic_ns():020d}"
        before = self.gauge("providers")
        zygote.link.send(ProviderHello(instance=name, pid=os.getpid()))
        until(lambda: self.gauge("providers") > before, "the zygote")
        return zygote

    def gauge(self, name: str) -> int:
        link = Ipc(self.folder / "run" / "edge.sock")
        link.send(ControllerHello(instance="gauge", pid=os.getpid()))
        stats = link.expect("edge_stats")
        link.close()
        return int(stats.gauges[name])

    def controller(self) -> Ipc:
        link = self.ipc()
        link.send(ControllerHello(instance="c", pid=os.getpid()))
        link.expect("edge_stats")
        return link

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = self.stop()
        for link in self.links:
            link.close()
        if kind is None:
            assert status in (0, -9), self.log()
            assert "Traceback" not in self.log(), self.log()


def _settings(folder: Path, port: int, changes: dict[str, Any]) -> dict[str, Any]:
    for name in ("flows", "prompts", "recordings"):
        (folder / name).mkdir(exist_ok=True)
    settings: dict[str, Any] = {
        "company": "示例燃气", "service_number": "962677", "area_code": "0839",
        "paths": {
            "run": str(folder / "run"), "state": str(folder / "state"),
            "recordings": str(folder / "recordings"), "flows": str(folder / "flows"),
            "prompts": str(folder / "prompts"),
        },
        "edge": {
            "listen": {"host": EDGE, "udp_port": port, "tcp_port": port},
            "trunks": [
                {"name": "carrier", "addresses": [f"{TRUNK}/32"],
                 "uri": f"sip:{{number}}@{TRUNK}:5999"},
                {"name": "110", "addresses": [f"{DIGEST_TRUNK}/32"], "digest_user": "police",
                 "digest_password_env": "TRUNK_PASSWORD", "partner": "110"},
            ],
            "softphones": [
                {"user": "1001", "password_env": "AGENT_PASSWORD"},
                {"user": "1002", "password_env": "AGENT_PASSWORD"},
            ],
            "default_trunk": "carrier",
            "rate_limits": {"stranger_per_second": 50, "softphone_per_second": 50},
        },
        "workers": {"max_conversations": 20, "reserved_for_pages": 5},
        "entries": [{"dialled": ["962677"], "flow": "main"}, {"dialled": ["*"], "flow": "rest"}],
        "dispatch": {name: str(folder / name) for name in ("stations", "policy", "gazetteer")},
        "logging": {"format": "text"},
    }  # fmt: skip
    for dotted, value in changes.items():
        *way, last = dotted.split("__")
        node = settings
        for part in way:
            node = node.setdefault(part, {})
        node[last] = value
    return settings


MODULES = {"embedded": "hotline.edge"}
"""The program of each adapter; all of them take `--config`."""


@contextmanager
def running_edge(adapter: str = "embedded", **changes: Any) -> Iterator[Edge]:
    """`with running_edge(edge__worker_wait_seconds=0.5) as edge`."""
    with tempfile.TemporaryDirectory(prefix="edge") as name:
        with Edge(Path(name), MODULES[adapter], **changes) as edge:
            yield edge
