"""Addresses as they are said, and the places that fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.errors import ConfigurationError
from hotline.triage import AddressFields, Gazetteer, parse_address, spoken_form

SHIPPED = Path(__file__).parents[3] / "config" / "gazetteer.csv"
HEADING = "identifier,kind,district,name,aliases,latitude,longitude\n"


@pytest.fixture(scope="module")
def places() -> Gazetteer:
    return Gazetteer.load(SHIPPED)


@pytest.mark.parametrize(("text", "expected"), [
    ("我家住在利州区人民路二十六号幸福小区三号楼二单元五零二", AddressFields(
        district="利州区", street="人民路", number="26", community="幸福小区", building="3", unit="2",
        room="502")),
    ("幸福小区八号楼二单元幺二零三", AddressFields(
        community="幸福小区", building="8", unit="2", room="1203")),
    ("性福小区3栋十六零二", AddressFields(community="幸福小区", building="3", room="1602")),
    ("锦绣花园二十楼四号", AddressFields(community="锦绣花园", room="2004")),
    ("阳光花园三栋不对是五栋一单元一零一", AddressFields(
        community="阳光花园", building="5", unit="1", room="101")),
    ("是二号楼不是三号楼", AddressFields(building="2")),
    ("利州东路二段一百二十六号附三号", AddressFields(street="利州东路二段", number="126附3")),
    ("仁民路和解放路交叉口", AddressFields(
        street="人民路", crossroads="人民路和解放路交叉口")),
    ("在人民医院对面", AddressFields(landmark="人民医院", side="对面")),
    ("昭化区红岩镇青龙村三组", AddressFields(
        district="昭化区", community="青龙村三组", village="红岩镇青龙村三组")),
    ("朝天区平安路8号A栋1203室", AddressFields(
        district="朝天区", street="平安路", number="8", building="A", room="1203")),
    ("喂你好我家厨房里好大一股煤气味我住在滨江路八十八号二单元三零一室", AddressFields(
        street="滨江路", number="88", unit="2", room="301")),
    ("我在老城，老城这边都闻得到", AddressFields()),
    ("利州区，不对是昭化区，太公路二十号", AddressFields(district="昭化区", street="太公路", number="20")),
    ("锦绣花园3-2-1203", AddressFields(community="锦绣花园", building="3", unit="2", room="1203")),
    ("阳光花园三栋哦不四栋", AddressFields(community="阳光花园", building="4")),
    ("天立香缇三栋", AddressFields(community="天立香缇", building="3")),
    ("家里漏气了快点来", AddressFields()),
])
def test_what_was_said_is_taken_and_nothing_else(
    places: Gazetteer, text: str, expected: AddressFields
) -> None:
    assert parse_address(text, places) == expected


def test_names_no_gazetteer_knows_are_taken_by_their_endings() -> None:
    found = parse_address("我在梧桐路八十八号金色阳光小区十二栋三单元四零一")
    assert found.flat() == {"district": "", "street": "梧桐路", "number": "88", "community": "金色阳光小区",
                            "building": "12", "unit": "3", "room": "401"}


def test_the_read_back_names_every_part() -> None:
    fields = AddressFields(
        street="利州东路二段", number="126附3", community="幸福小区", building="3", unit="2", room="502")
    assert spoken_form(fields) == "利州东路二段126号附3号幸福小区3栋2单元502号"


def test_a_place_is_found_by_sound_with_its_coordinates(places: Gazetteer) -> None:
    match = places.match(AddressFields(community="香谢里"))
    assert match is not None and match.names[0] == "香榭里"
    assert 32 < match.latitude < 33 and 105 < match.longitude < 107
    assert places.match(AddressFields(community="绝无此处大院")) is None
    assert places.match(AddressFields()) is None


def test_two_places_of_one_name_match_only_with_their_district() -> None:
    rows = "a,community,利州区,幸福小区,,32.43,105.84\nb,community,朝天区,幸福小区,,32.64,105.89\n"
    places = Gazetteer.load(_written(rows))
    assert places.match(AddressFields(community="幸福小区")) is None
    match = places.match(AddressFields(community="幸福小区", district="朝天区"))
    assert match is not None and match.identifier == "b"


def test_every_fault_is_named_by_line_and_field() -> None:
    rows = "a,street,,人民路,,32.4,105.8\na,lane,,,,x,200\na,street,,解放路,,32.4,105.8\n"
    with pytest.raises(ConfigurationError) as caught:
        Gazetteer.load(_written("# a note\n", rows))
    assert [(fault.line, fault.field) for fault in caught.value.faults] == [
        (4, "name"), (4, "kind"), (4, "latitude"), (4, "longitude"), (5, "identifier")]


def test_a_missing_file_or_column_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        Gazetteer.load(tmp_path / "none.csv")
    bare = tmp_path / "bare.csv"
    bare.write_text("identifier,kind\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="latitude"):
        Gazetteer.load(bare)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="人民路幸福小区三栋二单元五零一号附楼不对是在旁边对面和村组镇A1，", max_size=40))
def test_any_words_are_parsed(text: str) -> None:
    fields = parse_address(text)
    assert all(isinstance(value, str) for value in fields.flat().values())


_folder: list[Path] = []


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path) -> None:
    _folder[:] = [tmp_path]


def _written(*parts: str) -> Path:
    path = _folder[0] / "places.csv"
    *notes, rows = parts
    path.write_text("".join(notes) + HEADING + rows, encoding="utf-8")
    return path
