"""The supervisor keeps processes alive, is itself replaceable, and ends without cutting a call.

Stand-ins of edge, zygote and controller (tests/fakes/role_process.py) keep a diary; the supervisor,
its signals, records and processes are real.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotline.ipc import Drain, decode
from hotline.service import process, workers

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0
DRIVER = """
import sys
from pathlib import Path
from hotline import logs
from hotline.service import drain, roles
from hotline.service.supervisor import Supervisor
from hotline.settings_file import load_settings
roles.MODULES = {name: f"tests.fakes.role_{name}" for name in roles.MODULES}
import hotline.service.workers as workers
workers.MODULES = roles.MODULES
settings = load_settings(Path(sys.argv[1]))
logs.configure(settings.logging, "supervisor")
sys.exit(Supervisor(Path(sys.argv[1]), (), settings).run())
"""


class Service:
    """A supervisor with its processes, seen from outside."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "hotline.yaml"
        self.run = folder / "run"
        self.supervisors: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        supervisor = subprocess.Popen([sys.executable, "-c", DRIVER, str(self.config)], cwd=ROOT)
        self.supervisors.append(supervisor)
        return supervisor

    def diary(self, role: str, word: str) -> list[tuple[int, str]]:
        """(pid, what) of the diary's lines of a role that hold the word."""
        try:
            lines = (self.run / "diary").read_text().splitlines()
        except FileNotFoundError:
            return []
        found = [line.split(" ", 2) for line in lines]
        return [(int(pid), what) for who, pid, what in found if who == role and word in what]

    def pids(self, role: str) -> list[int]:
        return [pid for pid, _ in self.diary(role, "started")]

    def instances(self) -> list[str]:
        return sorted({what.split()[1] for _, what in self.diary("zygote", "started")})

    def up(self, starts: int = 1) -> None:
        """All three roles have been started so often, and live."""
        for role, word in (("edge", "started"), ("zygote", "waits"), ("controller", "waits")):
            until(lambda role=role, word=word: len(self.diary(role, word)) >= starts)  # type: ignore[misc]

    def begin_call(self) -> int:
        """A worker of the newest zygote; its pid."""
        before = len(self.diary("worker", "waits"))
        os.kill(self.pids("zygote")[-1], signal.SIGUSR1)
        until(lambda: len(self.diary("worker", "waits")) > before)
        return self.diary("worker", "waits")[-1][0]

    def leave_nothing(self) -> None:
        for supervisor in self.supervisors:
            supervisor.kill()
            supervisor.wait()
        for line in (self.run / "diary").read_text().splitlines():
            kill(int(line.split()[1]))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    return process.start_ticks(pid) is not None


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    until(lambda: not alive(pid))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "flows").mkdir()
    for name in ("stations.yaml", "policy.yaml", "gazetteer.csv"):
        (tmp_path / name).touch()
    (tmp_path / "hotline.yaml").write_text(json.dumps({
        "company": "示范燃气", "service_number": "962677", "drain_seconds": 60,
        "paths": {"run": "run", "state": "state", "recordings": "recordings", "flows": "flows",
                  "prompts": "prompts"},
        "edge": {"listen": {"host": "127.0.0.1"}}, "entries": [{"dialled": ["*"], "flow": "main"}],
        "dispatch": {"stations": "stations.yaml", "policy": "policy.yaml", "gazetteer": "gazetteer.csv"},
    }), encoding="utf-8")
    service = Service(tmp_path)
    yield service
    service.leave_nothing()


@pytest.mark.parametrize("role", ["edge", "zygote", "controller"])
def test_what_dies_is_started_again(service: Service, role: str) -> None:
    service.start()
    service.up()
    others = [name for name in ("edge", "zygote", "controller") if name != role]
    for deaths in (1, 2, 3):
        kill(service.pids(role)[-1])
        until(lambda deaths=deaths: len(service.pids(role)) == deaths + 1)  # type: ignore[misc]
    assert [len(service.pids(other)) for other in others] == [1, 1]
    assert len(service.instances()) == 1


def test_a_killed_supervisors_processes_live_on_and_are_adopted(service: Service) -> None:
    first = service.start()
    service.up()
    call = service.begin_call()
    first.kill()
    first.wait()
    assert all(alive(pid) for role in ("edge", "zygote", "controller") for pid in service.pids(role))
    service.start()
    # What was adopted is told to read its configuration again.
    until(lambda: service.diary("zygote", "reloaded") and service.diary("controller", "reloaded"))
    kill(service.pids("zygote")[0])
    until(lambda: len(service.pids("zygote")) == 2)
    assert len(service.pids("edge")) == len(service.pids("controller")) == 1
    assert len(service.instances()) == 1
    assert alive(call)


def test_what_died_together_with_the_supervisor_is_started(service: Service) -> None:
    first = service.start()
    service.up()
    first.kill()
    first.wait()
    kill(service.pids("edge")[0])
    kill(service.pids("controller")[0])
    service.start()
    until(lambda: len(service.pids("edge")) == 2 and len(service.pids("controller")) == 2)
    assert len(service.pids("zygote")) == 1 == len(service.instances())


def test_reload_reaches_zygote_and_controller_and_a_faulty_file_changes_nothing(service: Service) -> None:
    supervisor = service.start()
    service.up()
    service.config.write_text("edge: [\n")
    supervisor.send_signal(signal.SIGHUP)
    until(lambda: service.diary("zygote", "reloaded") and service.diary("controller", "reloaded"))
    kill(service.pids("zygote")[0])
    until(lambda: len(service.diary("zygote", "waits")) == 2)
    assert alive(service.pids("edge")[0])


def test_without_a_successor_the_call_ends_first_and_everything_after_it(service: Service) -> None:
    supervisor = service.start()
    service.up()
    call = service.begin_call()
    supervisor.send_signal(signal.SIGTERM)
    until(lambda: service.diary("edge", "drain"))
    assert decode(service.diary("edge", "drain")[0][1].encode()) == Drain(instance=service.instances()[0])
    # While the call goes on its emergency must still be paged: all three are kept alive.
    for role in ("edge", "zygote", "controller"):
        kill(service.pids(role)[0])
        until(lambda role=role: len(service.pids(role)) == 2)  # type: ignore[misc]
    # An edge that was started again has forgotten the drain and is told again.
    until(lambda: len(service.diary("edge", "drain")) == 2)
    assert alive(call) and supervisor.poll() is None
    kill(call)
    assert supervisor.wait(PATIENCE_SECONDS) == 0
    assert not any(alive(pid) for role in ("edge", "zygote", "controller") for pid in service.pids(role))
    assert not list(service.run.glob("*.process*")) or list(service.run.glob("*.process*")) == [
        service.run / "edge.process"
    ]


def test_with_a_successor_only_the_calls_are_waited_for(service: Service) -> None:
    old = service.start()
    service.up()
    call = service.begin_call()
    new = service.start()
    service.up(starts=1)
    until(lambda: len(service.diary("zygote", "waits")) == 2 == len(service.diary("controller", "waits")))
    old.send_signal(signal.SIGTERM)
    until(lambda: not alive(service.pids("zygote")[0]) and not alive(service.pids("controller")[0]))
    assert alive(call) and old.poll() is None and len(service.pids("edge")) == 1
    kill(call)
    assert old.wait(PATIENCE_SECONDS) == 0
    assert new.poll() is None and alive(service.pids("edge")[0])
    # The edge was the old one's child and is the successor's to keep alive.
    kill(service.pids("edge")[0])
    until(lambda: len(service.pids("edge")) == 2)


def test_a_successor_that_is_still_loading_is_waited_for_and_calls_are_taken(service: Service) -> None:
    old = service.start()
    service.up()
    (service.run / "keep-zygotes-loading").touch()
    service.start()
    until(lambda: len(service.diary("zygote", "waits")) == 2 == len(service.diary("controller", "waits")))
    old.send_signal(signal.SIGTERM)
    records = [service.run / f"supervisor-{name}.process" for name in service.instances()]
    until(lambda: json.loads(records[0].read_text())["draining"])
    # Nothing is refused: it is killed and comes back, and the edge has heard of no drain.
    kill(service.pids("zygote")[0])
    until(lambda: len(service.diary("zygote", "waits")) == 3)
    assert not service.diary("edge", "drain") and old.poll() is None
    (service.run / f"zygote-{service.instances()[1]}.ready").write_text(str(service.pids("zygote")[1]))
    assert old.wait(PATIENCE_SECONDS) == 0
    assert service.diary("edge", "drain")


def test_a_second_signal_hurries_and_leaves_nothing_behind(service: Service) -> None:
    supervisor = service.start()
    service.up()
    call = service.begin_call()
    supervisor.send_signal(signal.SIGTERM)
    until(lambda: service.diary("edge", "drain"))
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(PATIENCE_SECONDS) == 0
    assert not alive(call)


def test_workers_are_found_by_their_instance(service: Service) -> None:
    service.start()
    service.up()
    call = service.begin_call()
    names, modules = service.instances(), workers.MODULES
    zygote = service.pids("zygote")[0]
    try:
        workers.MODULES = {"zygote": "tests.fakes.role_zygote"}
        assert [one.pid for one in workers.of_instance(names[0], besides=[zygote])] == [call]
        assert workers.of_instance("another", besides=[]) == []
    finally:
        workers.MODULES = modules
