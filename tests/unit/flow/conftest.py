"""Flows for the tests: a small sound set that each test spoils in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

COMMON = """\
variables: {caller: "", ring_seconds: "20", description: ""}
entries: [main]
emergency:
  keys: ["9", "*"]
  flow: emergency
  advice: advice
  phrases: {leak: [漏气了]}
  ranking: [fire_explosion, co, leak, third_party_damage, valve, alarm, smell, other]
links:
  - {keys: ["0"], phrases: [转人工], to: "@human"}
"yes": [对]
"no": [不对]
fallback: human
hours:
  office: {weekly: {mon: ["08:30-17:30"]}}
defaults:
  noinput_seconds: 5
  speech_seconds: 20
  interdigit_seconds: 4
  noinput_times: 1
  nomatch_times: 1
  act_seconds: 2
  min_confidence: 0.5
  greeting_seconds: 5
  characters_per_second: 4.5
  visits: 40
"""
MAIN = """\
flow: main
title: 总机
start: greeting
fails: "@human"
states:
  greeting:
    do: menu
    prompt: 您好请讲。
    into: description
    choices:
      - {keys: ["1"], phrases: [报修], to: ticket}
  ticket:
    do: ticket
    business: repair
    next: bye
  bye:
    do: goodbye
    prompt: 再见。
"""
EMERGENCY = """\
flow: emergency
title: 紧急
start: advise
states:
  advise: {do: call, flow: advice, exits: {said: person}}
  person: {do: transfer, target: agents, seconds: "20", failed: bye, ended: bye}
  bye: {do: goodbye, prompt: 再见。}
"""
ADVICE = """\
flow: advice
title: 提示
start: tell
states:
  tell: {do: say, prompt: 请到室外。, next: said}
  said: {do: return, outcome: said}
"""
HUMAN = """\
flow: human
title: 人工
start: person
fails: callback
states:
  person: {do: transfer, target: agents, seconds: "{ring_seconds}", failed: callback, ended: bye}
  callback: {do: callback, number: "{caller}", reason: asked, within_seconds: "60", next: bye}
  bye: {do: goodbye, prompt: 再见。}
"""
Spoil = Callable[..., Path]


@pytest.fixture
def flows_with(tmp_path: Path) -> Spoil:
    """Write the sound set with texts replaced: `flows_with("main", ("next: bye", "next: nowhere"))`."""

    def write(name: str = "", *changes: tuple[str, str], **more: str) -> Path:
        files = {"common": COMMON, "main": MAIN, "emergency": EMERGENCY, "advice": ADVICE, "human": HUMAN}
        for old, new in changes:
            assert old in files[name], old
            files[name] = files[name].replace(old, new)
        for file, text in {**files, **more}.items():
            (tmp_path / f"{file}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write
