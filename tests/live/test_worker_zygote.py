"""The zygote as a process: forks, spares, signals, and what outlives what."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline import ipc
from hotline.service import workers
from tests.live.worker_rig import ROOT, WorkerRig, wait_until


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[WorkerRig]:
    with WorkerRig(tmp_path) as one:
        yield one


def log(rig: WorkerRig) -> str:
    return (rig.folder / "zygote.log").read_text()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(rig: WorkerRig) -> list[int]:
    assert rig.zygote is not None
    pid = rig.zygote.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_has_one_thread_and_leaves_nothing_of_itself_in_workers(rig: WorkerRig) -> None:
    assert rig.zygote is not None
    assert len(os.listdir(f"/proc/{rig.zygote.pid}/task")) == 1
    workers = [rig.fork(f"call-{number}") for number in range(3)]
    assert len({worker.port for worker in workers}) == 3
    for worker in workers:
        assert os.getsid(worker.pid) == worker.pid
        held = [os.readlink(f"/proc/{worker.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{worker.pid}/fd")]
        assert not [name for name in held if name.endswith(".lock")]
        assert len([name for name in held if name.startswith("socket:")]) <= 4


def test_dead_workers_are_reaped_and_named(rig: WorkerRig) -> None:
    worker = rig.fork("call-1")
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.next() is None
    wait_until(lambda: not Path(f"/proc/{worker.pid}").exists(), "the worker was not reaped")
    wait_until(lambda: "a worker died" in log(rig) and "call-1" in log(rig), "its death was not logged")
    rig.fork("call-2")


def test_terminal_signals_do_not_end_a_call(rig: WorkerRig) -> None:
    worker = rig.fork("call-1")
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(worker.pid, number)
    rig.fork("call-2")
    assert alive(worker.pid)


def test_sigterm_says_draining_and_leaves_the_workers(rig: WorkerRig) -> None:
    worker = rig.fork("call-1")
    assert rig.zygote is not None and rig.provider is not None
    rig.zygote.terminate()
    assert rig.provider.next() == ipc.ProviderDraining(instance="1")
    assert rig.zygote.wait(10) == 0
    assert rig.provider.next() is None
    assert alive(worker.pid)


def test_comes_back_to_the_edge(rig: WorkerRig) -> None:
    assert rig.provider is not None
    rig.provider.close()
    rig.provider = rig.accept(ipc.ProviderHello)
    rig.fork("call-1")


def test_second_zygote_of_the_same_instance_is_refused(rig: WorkerRig) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "hotline.calls.zygote", "--config", str(rig.config), "--instance", "1",
         "--without-flows"],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert "runs already" in second.stderr


def test_bad_configuration_is_said_by_line(tmp_path: Path) -> None:
    config = tmp_path / "hotline.yaml"
    config.write_text("company: x\nservice_nummer: 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "hotline.calls.zygote", "--config", str(config), "--instance", "1"],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"{config}:2: service_nummer" in done.stderr


def test_spares_take_the_calls(tmp_path: Path) -> None:
    with WorkerRig(tmp_path, spares=2) as rig:
        wait_until(lambda: len(children(rig)) == 2, "no spares")
        spare = set(children(rig))
        first, second = rig.fork("call-1"), rig.fork("call-2")
        assert {first.pid, second.pid} == spare
        wait_until(lambda: len(children(rig)) == 4, "spares were not replaced")
        [killed, _] = set(children(rig)) - spare
        os.kill(killed, signal.SIGKILL)
        assert rig.fork("call-3").pid != killed
        rig.fork("call-4")
        assert rig.zygote is not None
        left = set(children(rig)) - {link.pid for link in (first, second)}
        rig.zygote.kill()
        rig.zygote.wait()
        wait_until(
            lambda: sum(alive(pid) for pid in left) <= 2, "spares without a zygote must end by themselves"
        )


def test_a_drain_waits_for_calls_and_not_for_spares(tmp_path: Path) -> None:
    with WorkerRig(tmp_path, spares=2) as rig:
        wait_until(lambda: len(children(rig)) == 2, "no spares")
        call = rig.fork("call-1")
        wait_until(lambda: len(children(rig)) == 3, "the spare was not replaced")
        wait_until(lambda: waited_for(rig) == {call.pid}, "not the call alone")


def waited_for(rig: WorkerRig) -> set[int]:
    """The rig's processes that a supervisor takes for conversations."""
    return {one.pid for one in workers.of_instance("1", besides=[])} & set(children(rig))


def test_flows_are_loaded_anew_and_bad_ones_change_nothing(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(ROOT / "ivr_flows", flows)
    with WorkerRig(tmp_path, flows=flows, conversation="tests.live.try_conversation:Versioned") as rig:
        first = _version(rig, "call-1")
        with (flows / "common.yaml").open("a") as file:
            file.write("\n# a word more\n")
        _hang_up(rig)
        wait_until(lambda: "flows reloaded" in log(rig), "flows were not reloaded")
        second = _version(rig, "call-2")
        assert first and second and first != second
        (flows / "broken.yaml").write_text("flow: broken\n")
        _hang_up(rig)
        wait_until(lambda: "broken.yaml:1" in log(rig), "the fault was not named")
        assert _version(rig, "call-3") == second


def _hang_up(rig: WorkerRig) -> None:
    assert rig.zygote is not None
    rig.zygote.send_signal(signal.SIGHUP)


def _version(rig: WorkerRig, call_id: str) -> str:
    rig.fork(call_id)
    return (rig.folder / "run" / f"{call_id}.version").read_text()
