"""The service under test: its processes by role, what it wrote, and how it is hurt."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from hotline.demo.service import Ports, Service

ROOT = Path(__file__).parent.parent.parent.parent
EXAMPLE = ROOT / "config" / "hotline.yaml"


class HotlineUnderTest(Service):
    """The shipped configuration on ports and in folders of its own."""

    def __init__(
        self, folder: Path, overrides: Mapping[str, object] | None = None, *, ports: Ports | None = None,
        environment: Mapping[str, str] | None = None, instance: str = "1", config: Path = EXAMPLE,
    ) -> None:
        super().__init__(
            folder, config, overrides, ports=ports, environment=environment, instance=instance
        )

    def role_pid(self, role: str) -> int:
        """`edge`, `zygote`, `controller` or `supervisor` of the newest instance. Raises LookupError."""
        names = ["edge.process"] if role == "edge" else sorted(
            path.name for path in self.run_folder.glob(f"{role}-*.process")
        )
        for name in reversed(names):
            try:
                record = json.loads((self.run_folder / name).read_text())
            except (OSError, ValueError):
                continue
            if _alive(record["pid"]):
                return int(record["pid"])
        raise LookupError(f"no {role} is running; {self.log_end()}")

    def worker_pid(self, call_id: str) -> int:
        """The process that writes a call's journal. Raises LookupError."""
        journal = str(self.journals / f"{call_id}.jsonl")
        for pid in self.processes():
            if journal in _open_files(pid):
                return pid
        raise LookupError(f"no worker has {journal} open")

    def kill_role(self, role: str) -> int:
        """SIGKILL; the pid that died."""
        pid = self.role_pid(role)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _alive(pid), 5, f"{role} {pid} did not die")
        return pid

    def kill_worker(self, call_id: str) -> int:
        pid = self.worker_pid(call_id)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _alive(pid), 5, f"worker {pid} did not die")
        return pid

    def wait_role(self, role: str, other_than: int = 0, timeout_seconds: float = 15) -> int:
        """The pid of a role once it runs (again)."""

        def found() -> bool:
            try:
                return self.role_pid(role) != other_than
            except LookupError:
                return False

        self.wait_until(found, timeout_seconds, f"has no new {role}")
        return self.role_pid(role)


def wait_until(condition: Callable[[], bool], timeout_seconds: float, otherwise: str) -> None:
    """Fails with `otherwise` when the condition does not come true."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, f"{otherwise} (waited {timeout_seconds:g} s)"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _open_files(pid: int) -> set[str]:
    found = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                continue
    except OSError:
        return set()
    return found
