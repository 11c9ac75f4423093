"""Whole calls with the shipped flows and rules on a fake clock; golden/ holds their event lists."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hotline.calls.flow_run import FlowRun
from hotline.calls.understanding import RuleUnderstanding
from hotline.flow import FlowSet, load_flows
from hotline.ipc import Job
from hotline.triage import Gazetteer
from tests.journeys.golden_file import check
from tests.journeys.stage import Stage

ROOT = Path(__file__).parents[2]
CALLER = "+8613800000001"


@cache
def flows() -> FlowSet:
    return load_flows(ROOT / "ivr_flows")


@cache
def gazetteer() -> Gazetteer:
    return Gazetteer.load(ROOT / "config" / "gazetteer.csv")


def call(tmp_path: Path, entry: str = "main", **facts: str) -> Stage:
    """A call from ring to greeting."""
    job = Job(
        call_id="call-1",
        purpose="inbound",
        entry=entry,
        facts={"caller": CALLER, "dialled": "962677", **facts},
    )
    stage = Stage(tmp_path, FlowRun(flows(), entry), RuleUnderstanding(gazetteer(), "CN", "0839"), job)
    stage.controller.answers.update(
        customer_by_number=("unknown", {}),
        incident_status=("open", {"target_minutes": "15", "crew_state": "paging"}),
        incident_question=("none", {}),
    )
    return stage


def test_a_smell_of_gas_is_reported_in_the_first_words(tmp_path: Path) -> None:
    stage = call(tmp_path)
    stage.ring()
    stage.wait(0.5)
    stage.ear.hint("我家厨房里有一股煤气味")
    assert [record.hazard for record in stage.of("emergency_declared")] == ["smell"]
    stage.ear.say("我家厨房里有一股煤气味")
    stage.wait(8)
    stage.ear.say("利州区滨江路八十八号")
    stage.wait(2)
    stage.ear.say("对的")
    stage.wait(2)
    stage.ear.say("可以")
    stage.wait(10)
    stage.ear.say("好的谢谢")
    stage.wait(5)
    check("smell_of_gas", stage.golden())
    assert stage.finished == 1


def test_a_caller_who_only_presses_keys(tmp_path: Path) -> None:
    stage = call(tmp_path)
    stage.ring()
    stage.wait(0.5)
    stage.caller.press("9")
    assert [record.by for record in stage.of("emergency_declared")] == ["key"]
    stage.wait(120)
    check("keys_only", stage.golden())


def test_a_caller_who_says_nothing_reaches_a_person(tmp_path: Path) -> None:
    stage = call(tmp_path)
    stage.controller.answers["find_agents"] = ("ok", {"users": "1001"})
    stage.ring()
    while not stage.switchboard.dialled():
        stage.wait(1)
    agent = stage.switchboard.dialled()[0]
    agent.remote_answer()
    assert stage.switchboard.are_bridged(stage.caller, agent)
    agent.remote_hangup()
    stage.wait(5)
    check("silent_caller", stage.golden())


def test_three_words_and_a_hang_up(tmp_path: Path) -> None:
    stage = call(tmp_path)
    stage.ring()
    stage.ear.hint("煤气漏了")
    stage.caller.remote_hangup()
    stage.wait(5)
    check("three_words", stage.golden())
    assert stage.finished == 1


def test_a_repair_is_wanted(tmp_path: Path) -> None:
    stage = call(tmp_path)
    stage.ring()
    stage.wait(3)
    stage.ear.say("燃气灶打不着火了，没有漏气，就是打不着火")
    assert stage.of("emergency_declared") == []
    stage.wait(3)
    stage.ear.say("利州区滨江路八十八号")
    stage.wait(2)
    stage.ear.say("对的")
    stage.wait(2)
    stage.ear.say("可以")
    stage.wait(3)
    stage.ear.say("没有了谢谢")
    stage.wait(30)
    check("repair", stage.golden())
    assert [record.business for record in stage.of("ticket_requested")] != []
