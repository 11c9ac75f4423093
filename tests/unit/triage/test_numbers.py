"""A telephone number said in several breaths, with its end put right."""

from __future__ import annotations

import pytest

from hotline.triage import phone_across, phone_in


@pytest.mark.parametrize(("utterances", "number"), [
    (["幺三八零零", "幺三八零零零"], "+8613800138000"),
    (["我的电话是幺三八", "零零幺三", "八零零零"], "+8613800138000"),
    (["一三九四四五六七七八八", "不对", "是一三九四四五六七七八九"], "+8613944567789"),
    (["一三九四四五六七七八八", "不对，尾号是七八八九"], "+8613944567889"),
    (["我住三栋五零二", "电话三二二", "五八八六"], "+868393225886"),
    (["幺三八零零零零", "幺幺零零"], "+8613800001100"),
    (["幺幺零"], "110"),
    (["我姓王", "谢谢"], ""),
    ([], ""),
])
def test_over_several_utterances(utterances: list[str], number: str) -> None:
    assert phone_across(utterances, area_code="0839") == number


@pytest.mark.parametrize(("said", "number"), [
    ("号码一三九四四五六七七八八，哦，最后四位是七七八九", "+8613944567789"),
    ("一三九四四五六七七八八，谢谢，后面没有了", "+8613944567788"),
    ("尾号七七八九", ""),
])
def test_its_end_is_put_right(said: str, number: str) -> None:
    assert phone_in(said, area_code="0839") == number
