"""An actor answers what he is asked, as often as he may be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from hotline.demo.actor import GREETING, Actor, Answer
from hotline.demo.phone import Phone
from hotline.demo.timeline import timed

YES, LEAK = Path("yes.wav"), Path("leak.wav")


class Recorder:
    def __init__(self) -> None:
        self.did: list[Any] = []

    def say(self, wav: Path, **_: Any) -> None:
        self.did.append(wav)

    def press_later(self, keys: str, **_: Any) -> None:
        self.did.append(keys)

    def hangup_later(self, **_: Any) -> None:
        self.did.append("hang up")


def test_the_first_fitting_answer_is_given_and_used_up() -> None:
    phone = Recorder()
    actor = Actor(cast(Phone, phone), (
        Answer(GREETING, say=LEAK, times=1), Answer("对吗", say=YES, times=1), Answer("密码", keys="2468#"),
        Answer("再见", hang_up=True),
    ))
    for prompt in ("您好，请讲。", "马上派人。", "地址对吗？", "地址对吗？", "请输入密码。", "再见。"):
        actor.prompt_started(prompt)
    assert phone.did == [LEAK, YES, "2468#", "hang up"]


def test_over_budget_is_told_and_hopeless_fails() -> None:
    assert timed("x", 0.05, 0.1).ok and not timed("x", 0.05, 0.1).slow
    assert timed("x", 0.2, 0.1).ok and timed("x", 0.2, 0.1).slow
    assert not timed("x", 0.6, 0.1).ok
    assert timed("x", -0.3, 0.7).measured == "300 ms before"
