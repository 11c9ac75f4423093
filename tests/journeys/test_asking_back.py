"""When triage is in doubt: one short question, answered by a yes, a key or silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.calls.flow_run import FlowRun
from hotline.calls.understanding import RuleUnderstanding
from hotline.flow import load_flows
from hotline.ipc import Job
from hotline.triage import Band
from tests.journeys.stage import Stage

ROOT = Path(__file__).parents[2]
CALLER = "+8613800000001"
ALWAYS = Band(ask_from=1e-9, ask_vulnerable_from=1e-9, believe_below=0)
"""Every ordinary wish is doubtful: what is asked hangs on no artefact."""


Answers = dict[str, tuple[str, dict[str, str]]]


def call(tmp_path: Path, band: Band = ALWAYS, answers: Answers | None = None) -> Stage:
    job = Job(
        call_id="call-1", purpose="inbound", entry="main", facts={"caller": CALLER, "dialled": "962677"}
    )
    understanding = RuleUnderstanding(None, "CN", "0839", band)
    stage = Stage(tmp_path, FlowRun(load_flows(ROOT / "ivr_flows"), "main"), understanding, job)
    stage.controller.answers.update(
        customer_by_number=("unknown", {}),
        incident_status=("open", {"target_minutes": "15", "crew_state": "paging"}),
        price_info=("ok", {"info": "气价是两元一方"}),
        **(answers or {}),
    )
    stage.ring()
    stage.wait(3)
    return stage


def in_doubt(tmp_path: Path) -> Stage:
    stage = call(tmp_path)
    stage.ear.say("我想问一下气费怎么交")
    assert stage.of("emergency_declared") == []
    assert stage.of("state_entered")[-1].flow == "doubt"
    return stage


def places(stage: Stage) -> list[str]:
    return [f"{record.flow}.{record.state}" for record in stage.of("state_entered")]


def test_a_no_leads_to_what_the_caller_wanted(tmp_path: Path) -> None:
    stage = in_doubt(tmp_path)
    stage.wait(3)
    stage.ear.say("没有")
    assert stage.of("emergency_declared") == []
    assert any(place.startswith("billing.") for place in places(stage))


def test_a_yes_is_an_emergency(tmp_path: Path) -> None:
    stage = in_doubt(tmp_path)
    stage.wait(3)
    stage.ear.say("有")
    assert [record.by for record in stage.of("emergency_declared")] == ["speech"]
    assert "emergency.opening" in places(stage)


@pytest.mark.parametrize(("key", "declared"), [("1", True), ("2", False)])
def test_a_key_answers(tmp_path: Path, key: str, declared: bool) -> None:
    stage = in_doubt(tmp_path)
    stage.wait(3)
    stage.caller.press(key)
    assert bool(stage.of("emergency_declared")) is declared
    assert any(place.startswith("billing.") for place in places(stage)) is not declared


def test_silence_is_an_emergency(tmp_path: Path) -> None:
    stage = in_doubt(tmp_path)
    while not stage.of("emergency_declared"):
        stage.wait(1)
        assert stage.clock.seconds() < 60
    assert "emergency.opening" in places(stage)


def test_what_cannot_be_understood_twice_is_an_emergency(tmp_path: Path) -> None:
    stage = in_doubt(tmp_path)
    stage.wait(3)
    stage.ear.say("电视开着呢")
    assert stage.of("emergency_declared") == []
    stage.wait(3)
    stage.ear.say("我穿个衣服")
    assert len(stage.of("emergency_declared")) == 1


def test_hanging_up_at_the_question_loses_nothing(tmp_path: Path) -> None:
    stage = in_doubt(tmp_path)
    stage.caller.remote_hangup()
    stage.wait(5)
    assert stage.finished == 1


def test_nobody_is_asked_twice(tmp_path: Path) -> None:
    stage = call(tmp_path)
    stage.ear.say("灶打不着火，来修一下")
    stage.wait(3)
    stage.ear.say("没有")
    assert places(stage).count("doubt.ask") == 1
    assert "repair.leak" not in places(stage)
    assert any(place.startswith("contact.") for place in places(stage))


def test_who_is_sure_to_be_safe_goes_on_at_once(tmp_path: Path) -> None:
    stage = call(tmp_path, Band(ask_from=0.5, ask_vulnerable_from=0.5))
    stage.ear.say("我想问一下气费怎么交")
    assert "doubt.ask" not in places(stage)
    assert any(place.startswith("billing.") for place in places(stage))


@pytest.mark.parametrize(("vulnerable", "asked"), [("yes", True), ("", False)])
def test_a_vulnerable_caller_is_asked_where_others_are_not(
    tmp_path: Path, vulnerable: str, asked: bool
) -> None:
    band = Band(ask_from=0.5, ask_vulnerable_from=1e-9, believe_below=0)
    stage = call(tmp_path, band, {"caller_context": ("ok", {"vulnerable": vulnerable})})
    assert ("caller_context", {"number": CALLER}) in stage.controller.asked
    stage.ear.say("我想问一下气费怎么交")
    assert ("doubt.ask" in places(stage)) is asked
