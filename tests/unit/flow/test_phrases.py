"""Recognisers hear sounds: phrases match on characters and on toneless pinyin."""

from __future__ import annotations

import pytest

from hotline.flow.phrases import best, phrase_score, said_without, spoken_digits, yes_or_no

YES = ["是", "是的", "对", "对的", "没错", "好的", "可以", "有", "有一点"]
NO = ["不是", "不对", "不", "没有", "没得", "不用"]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("我想转人工", "转人工"),
        ("我想赚人工", "转人工"),
        ("帮我抱修一下", "报修"),
        ("我要头诉你们", "投诉"),
        ("庭气了怎么办", "停气"),
        ("报 修。", "报修"),
        ("人工", "=人工"),
        ("嗯，人工", "=人工"),
    ],
)
def test_heard(text: str, phrase: str) -> None:
    assert phrase_score(text, phrase) > 0


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("我住人工湖小区", "=人工"),
        ("报告", "报修"),
        ("", "报修"),
        ("是东坝路", "是"),
        ("时候", "是"),
        ("！？", "报修"),
        ("报修", ""),
    ],
)
def test_not_heard(text: str, phrase: str) -> None:
    assert phrase_score(text, phrase) == 0


def test_the_longer_phrase_wins_and_exact_beats_sound() -> None:
    assert best("我的燃气表坏了", [["坏了"], ["燃气表"]]) == 1
    assert best("缴费", [["交费"], ["缴费"]]) == 1
    assert best("天气真好", [["报修"], ["投诉"]]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("对", True),
        ("嗯对的", True),
        ("没错", True),
        ("有一点吧", True),
        ("不是", False),
        ("没有没有", False),
        ("不对，错了", False),
        ("没得", False),
        ("有没有燃气味啊", None),
        ("不知道", None),
        ("东坝路", None),
        ("", None),
    ],
)
def test_yes_and_no(text: str, expected: bool | None) -> None:
    assert yes_or_no(text, YES, NO) is expected


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("幺三八零零一三八零零零", "13800138000"),
        ("我的电话是一三九 幺幺幺幺 二二二二", "13911112222"),
        ("幺三把零零一三八零零零", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("拐洞幺", "701"),
        ("我不记得了", ""),
    ],
)
def test_spoken_digits(text: str, digits: str) -> None:
    assert spoken_digits(text) == digits


def test_an_emergency_phrase_counts_unless_negated() -> None:
    negations = ["没有", "没"]
    assert said_without("家里漏气了", "漏气了", negations)
    assert not said_without("家里没有漏气了", "漏气了", negations)
    assert said_without("早上没有，现在真的漏气了", "漏气了", negations)
    assert said_without("没漏气了，不对，漏气了", "漏气了", ["没"])
