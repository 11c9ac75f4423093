"""A worker that nobody waits for any more goes home at once, and says in its journal that it did."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline import ipc
from hotline.events import CallEnded
from tests.live.worker_rig import WorkerRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[WorkerRig]:
    with WorkerRig(tmp_path) as one:
        yield one


def test_a_caller_who_left_before_the_worker_came(rig: WorkerRig) -> None:
    worker = rig.fork("call-1")
    worker.send(ipc.Hangup(reason="nobody waits for this call any more"))
    worker.wait_done()
    ended = rig.records("call-1")
    assert [(type(one), getattr(one, "by", "")) for one in ended] == [(CallEnded, "abandoned")]


def test_a_page_that_was_given_up_is_not_dialled(rig: WorkerRig) -> None:
    """The order and the news that it is void come in one breath."""
    worker = rig.fork("page-1", "page", dial="sip:13700000001@127.0.0.1:9", facts={"page_id": "page-1"})
    os.kill(worker.pid, signal.SIGSTOP)
    worker.send(ipc.Hangup(reason="nobody waits for this call any more"))
    os.kill(worker.pid, signal.SIGCONT)
    worker.wait_done()
    assert rig.records("page-1")[-1].kind == "call_ended"
