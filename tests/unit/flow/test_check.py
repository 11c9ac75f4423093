"""Every kind of fault in a flow is found, with its file, its line and what to do."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from hotline.errors import ConfigurationError
from hotline.flow import load_flows
from tests.unit.flow.conftest import Spoil

ASK_NAME = """\
  name:
    do: listen
    prompt: 贵姓？
    into: description
    next: ticket
"""
STATES = "states:\n"
OFF = "\nemergency: {off: 只是为了省事而关掉的，不行}"


def found(directory: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_flows(directory)
    return [str(fault).removeprefix(f"{directory}/") for fault in caught.value.faults]


def test_the_sound_set_has_no_fault(flows_with: Spoil) -> None:
    flows = load_flows(flows_with())
    assert set(flows.flows) == {"main", "emergency", "advice", "human"}
    assert len(flows.version) == 12


def test_the_version_is_that_of_the_content(flows_with: Spoil) -> None:
    first = load_flows(flows_with())
    assert load_flows(flows_with()).version == first.version
    assert load_flows(flows_with("main", ("您好请讲", "您好请说"))).version != first.version


def test_a_flow_set_goes_through_pickle(flows_with: Spoil) -> None:
    flows = load_flows(flows_with())
    assert pickle.loads(pickle.dumps(flows)) == flows


@pytest.mark.parametrize(
    ("name", "old", "new", "where", "message"),
    [
        # grammar
        ("main", "do: menu", "do: mneu", "main.yaml:6", "greeting"),
        ("main", "do: menu", "do: menu\n    bargin: true", "main.yaml:8", "no such key"),
        ("main", "    business: repair\n", "", "main.yaml:1", "business: is missing"),
        ("main", "flow: main", "flow: mian", "main.yaml:1", "must be the file's name"),
        ("main", 'keys: ["1"]', 'keys: ["11"]', "main.yaml:11", "keys"),
        # names
        ("main", "next: bye", "next: by", "main.yaml:15", "there is no state by"),
        ("main", "next: bye", 'next: "@bye"', "main.yaml:15", "there is no flow bye"),
        ("main", "start: greeting", "start: greet", "main.yaml:3", "there is no state greet"),
        ("main", "您好请讲。", "您好{nmae}。", "main.yaml:8", "unknown variable nmae"),
        ("main", "into: description", "into: words", "main.yaml:9", "unknown variable words"),
        ("main", "您好请讲。", "您好{caller|fone}。", "main.yaml:8", "no such reading"),
        ("main", "您好请讲。", "您好{caller。", "main.yaml:8", "a brace stands alone"),
        ("emergency", "flow: advice", "flow: advise", "emergency.yaml:5", "there is no flow advise"),
        ("common", "fallback: human", "fallback: humna", "common.yaml:13", "there is no flow humna"),
        ("common", "08:30-17:30", "8:30 to 17", "common.yaml:15", "write HH:MM-HH:MM"),
        ("common", "mon:", "monday:", "common.yaml:15", "is no weekday"),
        # prompts
        ("main", "    prompt: 您好请讲。\n", "", "main.yaml:6", "the caller would hear nothing"),
        ("main", "您好请讲。", '" "', "main.yaml:8", "is empty"),
        ("main", "您好请讲。", "您好" + "这里是燃气公司客户服务热线" * 3, "main.yaml:8", "more than 5 s"),
        ("main", "to: ticket}", "to: ticket}\n      - {keys: ['1'], to: bye}", "main.yaml:10", "two choices"),
        # roads
        ("main", "next: bye", "next: greeting", "main.yaml:16", "no way leads here"),
        ("main", "to: ticket}", "to: bye}", "main.yaml:16", "neither a person nor a ticket"),
        ("human", "failed: callback", "failed: bye", "human.yaml:6", "can end at human.bye"),
        ("human", "failed: callback", "failed: person", "human.yaml:6", "a loop without a limit"),
        ("main", "fails: \"@human\"", "fails: bye", "main.yaml", "can end at main.bye"),
        ("main", "fails: \"@human\"", "fails: greeting", "main.yaml:6", "a loop without a limit"),
        ("emergency", "exits: {said", "exits: {sayd", "emergency.yaml:5", "may return `said`"),
        ("emergency", "{said: person}", "{said: person, lost: bye}", "emergency.yaml:5",
         "never returns `lost`"),
        ("advice", "next: said}", "next: more}\n  more: {do: call, flow: advice, exits: {said: said}}",
         "advice.yaml:6", "calls itself"),
        ("main", "title: 总机", "title: 总机\nhangup: greeting", "main.yaml:3", "no paperwork"),
        ("main", STATES, STATES + "  wait:\n    do: queue\n    seconds: '9'\n    comfort: [请等]\n"
         "    failed: ticket\n    ended: bye\n", "main.yaml:6", "called back"),
        # limits
        ("main", "do: ticket", "do: ticket\n    limit: 2", "main.yaml:14", "go together"),
        ("main", STATES, STATES + ASK_NAME.replace("listen", "collect\n    min: 9\n    max: 2"),
         "main.yaml:8", "is more than `max`"),
        # the emergency
        ("main", 'keys: ["1"]', 'keys: ["9"]', "main.yaml:6", "emergency key 9"),
        ("main", STATES, STATES + ASK_NAME.replace("listen", "collect\n    terminators: ['*']"),
         "main.yaml:6", "emergency key *"),
        ("common", '["9", "*"]', '["9"]', "common.yaml:4", "needs `*` or `#`"),
        ("common", "{leak: [漏气了]}", "{}", "common.yaml:7", "needs phrases"),
        ("common", ", other]", "]", "common.yaml:8", "lacks other"),
        ("common", 'keys: ["0"]', 'keys: ["9"]', "common.yaml:10", "is the emergency key"),
        ("advice", "title: 提示", "title: 提示" + OFF, "emergency.yaml:5", "where the emergency is off"),
        ("human", "title: 人工", "title: 人工" + OFF, "common.yaml:13", "must not turn the emergency off"),
    ],
)  # fmt: skip
def test_a_fault_is_named(flows_with: Spoil, name: str, old: str, new: str, where: str, message: str) -> None:
    faults = found(flows_with(name, (old, new)))
    assert any(fault.startswith(where) and message in fault for fault in faults), "\n".join(faults)


def test_silence_confirms_no_fact(flows_with: Spoil) -> None:
    confirm = (
        "  sure:\n    do: confirm\n    prompt: 地址对吗？\n    silence: 'yes'\n    'yes': ticket\n"
        "    'no': ticket\n    facts: [{field: address, value: '{description}'}]\n"
    )
    faults = found(flows_with("main", (STATES, STATES + confirm), ("to: ticket}", "to: sure}")))
    assert any("silence never confirms a fact" in fault for fault in faults)


def test_silence_may_mean_urgent(flows_with: Spoil) -> None:
    confirm = (
        "  sure:\n    do: confirm\n    prompt: 有味道吗？\n    silence: 'yes'\n    'yes': '@emergency'\n"
        "    'no': ticket\n"
    )
    load_flows(flows_with("main", (STATES, STATES + confirm), ("to: ticket}", "to: sure}")))


def test_all_faults_of_all_files_come_at_once(flows_with: Spoil) -> None:
    directory = flows_with(
        "main",
        ("next: bye", "next: by"),
        ("您好请讲。", "您好{nmae}。"),
        other="flow: other\nstart: x\n",
        rest="a: [",
    )
    faults = found(directory)
    assert any(fault.startswith("other.yaml") and "title" in fault for fault in faults)
    assert any(fault.startswith("rest.yaml") and "not valid YAML" in fault for fault in faults)
    (directory / "other.yaml").unlink()
    (directory / "rest.yaml").unlink()
    faults = found(directory)
    assert any("no state by" in fault for fault in faults)
    assert any("unknown variable nmae" in fault for fault in faults)


def test_a_missing_common_file_is_a_fault(tmp_path: Path) -> None:
    assert found(tmp_path) == ["common.yaml: no such file"]


def test_the_greeting_is_measured_as_it_is_spoken(flows_with: Spoil) -> None:
    directory = flows_with()
    with pytest.raises(ConfigurationError, match=r"takes 6\.0 s"):
        load_flows(directory, lambda segments: 6.0)
    load_flows(directory, lambda segments: 4.9)


def test_a_limit_ends_a_loop(flows_with: Spoil) -> None:
    bounded = 'seconds: "{ring_seconds}", failed: person, limit: 3, over: callback,'
    load_flows(flows_with("human", ('seconds: "{ring_seconds}", failed: callback,', bounded)))
