"""SIPp calls through a living edge: many at once, given up, and asking for its health."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.support.auto_workers import AutoWorkers
from tests.support.sip_rig import EDGE, TRUNK, Edge, free_port, running_edge, until

SCENARIOS = Path(__file__).parent / "sipp"


def sipp(edge: Edge, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        "sipp", f"{EDGE}:{edge.port}", "-i", TRUNK, "-p", str(free_port()), "-nostdin", "-timeout", "40",
        "-timeout_error", *arguments,
    ]  # fmt: skip
    return subprocess.run(
        command, cwd=edge.folder, capture_output=True, text=True, timeout=60, check=False
    )


def scenario(name: str) -> list[str]:
    return ["-sf", str(SCENARIOS / f"{name}.xml"), "-s", "962677", "-key", "caller", "13800138000"]


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_a_hundred_calls(transport: str) -> None:
    with running_edge(workers__max_conversations=200) as edge, AutoWorkers(edge) as workers:
        run = sipp(edge, *scenario("bye"), "-t", transport, "-r", "25", "-m", "100", "-d", "50")
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr
        until(lambda: workers.ended == 100, "the end of all calls")
        assert edge.kinds() == ["call_arrived"] * 100
        until(lambda: edge.gauge("workers") == 0, "the end of all workers")
        assert edge.gauge("dialogs") == 0


def test_calls_that_are_given_up() -> None:
    with running_edge() as edge, AutoWorkers(edge, ring_only=True):
        run = sipp(edge, *scenario("cancel"), "-r", "10", "-m", "10")
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr
        counts = Counter(edge.kinds())
        assert counts == {"call_arrived": 10, "callback_requested": 10, "call_ended": 10}


def test_options(tmp_path: Path) -> None:
    questions = tmp_path / "options.xml"
    questions.write_text(
        """<?xml version="1.0" encoding="UTF-8" ?><scenario name="options"><send retrans="500"><![CDATA[
OPTIONS sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:probe@[local_ip]>;tag=[call_number]
To: <sip:[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 OPTIONS
Max-Forwards: 70
Content-Length: 0

]]></send><recv response="200"/></scenario>"""
    )
    with running_edge() as edge:
        edge.zygote()
        run = sipp(edge, "-sf", str(questions), "-r", "100", "-m", "200")
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr
