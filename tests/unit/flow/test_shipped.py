"""The shipped flows: proven, walked by their scripts, drawn, and their schemas current."""

from __future__ import annotations

import functools
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from hotline.cli.flow import app
from hotline.flow import load_flows, script
from hotline.flow.draw import draw
from hotline.flow.schema import SCHEMAS, schema

FLOWS = Path(__file__).parents[3] / "ivr_flows"
SCRIPTS = sorted((FLOWS / "tests").glob("*.yaml"))
shipped = functools.cache(lambda: load_flows(FLOWS))
WANTED = {
    "main", "emergency", "advice", "repair", "outage", "billing", "appointment", "complaint", "progress",
    "human", "partner", "callback", "crew_page", "crew_report", "notify_leader", "selftest",
}  # fmt: skip


def test_the_shipped_flows_are_sound_and_complete() -> None:
    assert load_flows(FLOWS).flows.keys() >= WANTED


def test_every_flow_that_calls_begin_with_has_a_script() -> None:
    begun = {script.read(path)[1].flow for path in SCRIPTS}
    assert begun == set(load_flows(FLOWS).common.entries)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script(path: Path) -> None:
    assert script.run(shipped(), path) == []


@pytest.mark.parametrize("file", SCHEMAS)
def test_the_schema_for_editors_is_current(file: str) -> None:
    assert (FLOWS / file).read_text(encoding="utf-8") == schema(SCHEMAS[file]), "run `hotline flow schema`"


def test_every_file_names_its_schema() -> None:
    for path in [*FLOWS.glob("*.yaml"), *SCRIPTS]:
        assert "# yaml-language-server: $schema=" in path.read_text(encoding="utf-8"), path


def test_every_flow_can_be_drawn_with_all_its_states_and_exits() -> None:
    flows = load_flows(FLOWS)
    for name, flow in flows.flows.items():
        picture = ElementTree.fromstring(draw(flows, name))
        drawn = {group.get("id") for group in picture.iter("{http://www.w3.org/2000/svg}g")}
        assert drawn >= set(flow.states)


def test_no_key_is_compulsory() -> None:
    """Whatever is asked of a caller can be answered in words; PINs and pages are for crews."""
    flows = load_flows(FLOWS)
    for name, flow in flows.flows.items():
        if flow.emergency is not None or name == "crew_report":
            continue
        for state_name, state in flow.states.items():
            for choice in getattr(state, "choices", ()):
                assert choice.phrases or choice.labels, f"{name}.{state_name}: {choice.keys}"
            assert getattr(state, "spoken", True), f"{name}.{state_name}"


def test_the_readme_explains_every_verb_and_lists_every_action() -> None:
    readme = (FLOWS / "README.md").read_text(encoding="utf-8")
    flows = load_flows(FLOWS)
    for flow in flows.flows.values():
        for state in flow.states.values():
            assert f"`{getattr(state, 'do', '')}`" in readme
            action = getattr(state, "action", "")
            assert not action or f"`{action}`" in readme, action


def test_check_says_what_was_proved() -> None:
    result = CliRunner().invoke(app, ["check", str(FLOWS)])
    assert result.exit_code == 0 and "no faults" in result.output


def test_simulate_runs_scripts_and_tells_failures(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "title: falsch\nflow: main\nturns:\n  - key: '9'\n    expect: {says: [Guten Tag]}\n", encoding="utf-8"
    )
    result = CliRunner().invoke(app, ["simulate", str(bad), "--dir", str(FLOWS)])
    assert result.exit_code == 1
    assert "bad.yaml:5" in result.output and "expected to hear" in result.output


def test_a_walk_by_hand() -> None:
    talk = "转人工\n:answered\n:ended\n"
    result = CliRunner().invoke(
        app, ["simulate", "--dir", str(FLOWS), "--now", "2026-11-23T10:00:00"], input=talk
    )
    assert result.exit_code == 0, result.output
    assert "请讲" in result.output and "感谢您的来电" in result.output


def test_draw_writes_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "main.svg"
    result = CliRunner().invoke(app, ["draw", "main", "-o", str(picture), "--dir", str(FLOWS)])
    assert result.exit_code == 0
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
