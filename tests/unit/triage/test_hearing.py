"""Addresses through a bad line: what is mended, and what is left alone because it could be something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.triage import Gazetteer, parse_address
from hotline.triage.hearing import mended

SHIPPED = Path(__file__).parents[3] / "config" / "gazetteer.csv"


@pytest.fixture(scope="module")
def places() -> Gazetteer:
    return Gazetteer.load(SHIPPED)


@pytest.mark.parametrize(("heard", "right"), [
    ("三动二担员午零一", "三栋二单元五零一"),
    ("，山东二担员午零一", "，三栋二单元五零一"),
    ("七号露八零儿", "七号楼八零二"),
    ("二单源五零吧", "二单元五零八"),
    ("二单元五零二吧", "二单元五零二吧"),
    ("二单元是五零二", "二单元是五零二"),
    ("是三栋", "是三栋"),
    ("就三单元", "就三单元"),
    ("三楼一股味道", "三楼一股味道"),
    ("二楼漏气", "二楼漏气"),
    ("我儿子七岁", "我儿子七岁"),
])
def test_numbers_are_mended_among_numbers_only(heard: str, right: str) -> None:
    assert mended(heard, []) == right


@pytest.mark.parametrize(("heard", "community", "street"), [
    ("性福小去三栋", "幸福小区", ""),
    ("幸福小三栋", "幸福小区", ""),
    ("幸福福小区三栋", "幸福小区", ""),
    ("光阳小区三栋", "阳光小区", ""),
    ("新花小区三栋", "新华小区", ""),
    ("杏华小区三栋", "杏花小区", ""),
    ("滨姜录八号", "", "滨江路"),
    ("利州西赂二段八号", "", "利州西路二段"),
])
def test_one_slip_in_a_known_name_is_put_right(
    places: Gazetteer, heard: str, community: str, street: str
) -> None:
    found = parse_address(heard, places)
    assert (found.community, found.street) == (community, street)


@pytest.mark.parametrize(("said", "name"), [
    ("春福小区三栋", "春福小区"), ("新幸福小区三栋", "新幸福小区"), ("金色阳光小区三栋", "金色阳光小区"),
    ("张家湾小区三栋", "张家湾小区"), ("利州北路八号", "利州北路"), ("金轮北路八号", "金轮北路"),
    ("人民东路八号", "人民东路"), ("人民路小学宿舍三栋", "人民路小学宿舍"),
])
def test_another_name_stays_another_name(places: Gazetteer, said: str, name: str) -> None:
    found = parse_address(said, places)
    assert name in (found.community, found.street)
    match = places.match(found)
    assert match is None or match.score < 0.9


@pytest.mark.parametrize("said", [
    "幸福小区三二单元五零一", "三楼一股煤气味", "一栋楼的人都闻到了", "那栋楼", "我住六楼",
    "二十三号给我换的表", "幸福小区三三栋",
])
def test_no_building_is_guessed(places: Gazetteer, said: str) -> None:
    assert parse_address(said, places).building == ""
