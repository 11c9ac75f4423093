"""`hotline serve` with all its real parts: draining, handing over, reloading, a page by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from hotline.demo.service import Ports
from tests.live.conftest import NewTown
from tests.live.harness.service import HotlineUnderTest, wait_until
from tests.live.harness.town import SOFTPHONES, Town


def command(town: Town, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        town.service.command(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finished(process: subprocess.Popen[str], timeout_seconds: float = 60) -> tuple[int, str]:
    output, _ = process.communicate(timeout=timeout_seconds)
    return process.returncode, output


def test_a_page_by_hand_is_accepted(town: Town) -> None:
    town.crew.forget()
    town.crew.answer_calls(0.2)
    page = command(town, "page", "test", "101", "--json")
    town.crew.wait_for("answered", 20)
    town.crew.press_later("1", delay_seconds=1)
    town.crew.hangup_later(after_quiet_seconds=1)
    status, output = finished(page)
    document = json.loads(output)
    assert status == 0 and document["accepted"] is True, output
    assert document["steps"][0]["what"].startswith("DRILL")
    town.crew.let_ring()


def test_the_service_says_how_it_is(town: Town) -> None:
    status, body = town.service.get("/ready")
    assert status == 200 and json.loads(body)["ready"] is True
    assert town.service.get("/health")[0] == 200
    status, body = town.service.get("/metrics")
    assert status == 200 and "hotline_edge_up 1.0" in body


def test_an_emergency_in_the_last_call_of_a_draining_service_is_paged(new_town: NewTown) -> None:
    town = new_town()
    phone, late = town.caller(), town.caller()
    call_id = town.ring(phone)
    town.service.terminate()
    wait_until(lambda: "draining" in town.service.log.read_text(), 10, "does not drain")
    late.call(town.service.number("962677"))
    assert late.wait_for("ended", 20).fields["status"] == 503
    refused = town.watch.wait_for("callback_requested", 10)
    assert refused.reason == "refused" and refused.number.endswith(late.user)
    # No successor: who is in a call now must get a crew all the same.
    town.crew.answer_calls(0.2)
    town.prompt(call_id, "请讲")
    phone.press("9")
    town.crew.wait_for("answered", 40)
    town.crew.press_later("1", delay_seconds=1)
    town.watch.wait_for("page_accepted", 30)
    phone.hangup()
    town.crew.hangup()
    late.let_ring()
    assert town.service.wait_ended(90) == 0
    assert town.service.processes() == {}


def test_a_successor_takes_over_and_no_call_notices(new_town: NewTown, tmp_path: Path) -> None:
    town = new_town()
    phone = town.caller()
    call_id = town.ring(phone)
    old = town.service
    edge = old.role_pid("edge")
    new = HotlineUnderTest(
        old.folder, overrides=None, ports=Ports(old.ports.sip, old.ports.web, old.ports.first_worker, 40),
        environment=SOFTPHONES, instance="2", config=old.config,
    )
    try:
        new.start()
        wait_until(lambda: "takes calls" in new.log.read_text(), 30, "successor is not up")
        wait_until(lambda: len(list(old.run_folder.glob("zygote-*.process"))) == 2, 20, "no second zygote")
        old.terminate()
        wait_until(lambda: "controller works" in new.log.read_text(), 30, "successor does not take over")
        second = town.caller()
        second_id = town.ring(second)
        assert old.role_pid("edge") == edge
        town.prompt(call_id, "请讲")
        phone.press("0")
        phone.hangup()
        town.watch.wait_for("call_ended", 10, call_id=call_id)
        assert old.wait_ended(60) == 0
        # The edge goes on under the successor, and so does its call.
        assert not [r for r in town.watch.of(second_id) if r.kind == "call_ended"]
        new.wait_ready()
        second.hangup()
        town.watch.wait_for("call_ended", 10, call_id=second_id)
    finally:
        new.stop(20)


def test_the_supervisor_is_killed_and_the_next_one_finds_everything(new_town: NewTown) -> None:
    town = new_town()
    phone = town.caller()
    call_id = town.ring(phone)
    roles = {role: town.service.role_pid(role) for role in ("edge", "zygote", "controller")}
    os.kill(town.service.pid, signal.SIGKILL)
    wait_until(lambda: not town.service.running, 5, "lives on")
    town.service.start()
    town.service.wait_role("supervisor")
    town.service.wait_ready()
    assert {role: town.service.role_pid(role) for role in roles} == roles
    town.prompt(call_id, "请讲")
    phone.press("9")
    town.watch.wait_for("emergency_declared", 10, call_id=call_id)
    phone.hangup()
    assert town.service.kill_role("zygote") == roles["zygote"]
    assert town.service.wait_role("zygote", other_than=roles["zygote"])


def test_a_faulty_menu_keeps_no_zygote_away(new_town: NewTown, tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    subprocess.run(["cp", "-r", "ivr_flows", str(flows)], check=True)
    town = new_town({"paths.flows": str(flows)})
    (flows / "main.yaml").write_text("flow: main\nstates: {\n")
    town.service.reload()
    wait_until(lambda: "not reloaded" in town.service.log.read_text(), 20, "does not complain")
    dead = town.service.kill_role("zygote")
    fresh = str(town.service.wait_role("zygote", other_than=dead))
    ready = next(town.service.run_folder.glob("zygote-*.ready"))
    wait_until(lambda: ready.read_text() == fresh, 20, "the new zygote takes no calls")
    phone = town.caller()
    call_id = town.ring(phone)
    town.prompt(call_id, "请讲")
    phone.hangup()
