"""Yes and no, wishes in a word, and telephone numbers."""

from __future__ import annotations

import pytest

from hotline.triage import answer, phone_in, says_goodbye, wants_agent
from hotline.triage.numerals import figures


@pytest.mark.parametrize(
    "text", ["对", "是的", "没错", "要得", "嗯", "嗯嗯", "對的", "对对对就是这个", "没问题", "可以的"])
def test_yes(text: str) -> None:
    assert answer(text) == "yes"


@pytest.mark.parametrize(
    "text", ["不是", "不对", "错了", "没有", "不对是二号楼不是三号楼", "不要", "我说错了"])
def test_no(text: str) -> None:
    assert answer(text) == "no"


@pytest.mark.parametrize("text", ["", "我不知道", "等一下", "人民路二十六号", "啊", "是不是"])
def test_neither(text: str) -> None:
    assert answer(text) is None


def test_wishes() -> None:
    assert wants_agent("帮我转人工") and wants_agent("转仁工") and not wants_agent("我要交费")
    assert says_goodbye("好的谢谢再见") and not says_goodbye("再说一遍")


@pytest.mark.parametrize(("said", "number"), [
    ("我的电话是幺三八 零零幺三 八零零零", "+8613800138000"),
    ("一三九四四五六七七八八，不对，是一三九四四五六七七八九", "+8613944567789"),
    ("13800138000", "+8613800138000"),
    ("三二二五八八六", "+868393225886"),
    ("零八三九三二二五八八六", "+868393225886"),
    ("幺三八零零幺三八三个零", "+8613800138000"),
    ("幺幺零", "110"),
    ("12345", "12345"),
    ("九六二六七七", "962677"),
    ("我姓王", ""),
    ("五零二", ""),
    ("一三八零零", ""),
])
def test_a_spoken_or_keyed_number(said: str, number: str) -> None:
    assert phone_in(said, area_code="0839") == number


@pytest.mark.parametrize(("words", "digits"), [
    ("幺二零三", "1203"), ("十六零二", "1602"), ("一千二百零三", "1203"), ("二十", "20"),
    ("一百二十六", "126"), ("三〇五", "305"), ("两百", "200"), ("26", "26"), ("十", "10"),
])
def test_figures(words: str, digits: str) -> None:
    assert figures(words) == digits
