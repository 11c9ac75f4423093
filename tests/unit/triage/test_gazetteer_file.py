"""The places of the city in a CSV file, with their datum, and every fault of it by line and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from geopy.distance import geodesic

from hotline.errors import ConfigurationError
from hotline.triage.datum import defined, to_wgs84
from hotline.triage.gazetteer_file import read_places

HEADING = "identifier,kind,district,name,aliases,latitude,longitude,datum\n"


def faults(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    path = tmp_path / "places.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_places(path)
    return [(fault.line, fault.field) for fault in caught.value.faults]


def test_chinese_maps_are_converted(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text(
        HEADING + "a,street,,人民路,,39.90245,116.42703,GCJ-02\nb,street,,解放路,,39.90105,116.42079,WGS-84\n"
        "c,street,,和平路,,39.90105,116.42079,\n", encoding="utf-8")
    converted, given, unsaid = read_places(path)
    # Beijing railway station, published in both datums.
    there = (given.latitude, given.longitude)
    assert geodesic((converted.latitude, converted.longitude), there).meters < 5
    assert there == (unsaid.latitude, unsaid.longitude) == (39.90105, 116.42079)


def test_gcj_says_nothing_abroad() -> None:
    assert not defined(48.85, 2.35, "GCJ-02") and defined(48.85, 2.35, "WGS-84")
    assert to_wgs84(48.85, 2.35, "WGS-84") == (48.85, 2.35)


@pytest.mark.parametrize(("rows", "expected"), [
    ("a,street,,人民路,,32.4,105.8,BD-09\n", [(2, "datum")]),
    ("a,street,,人民路,,105.8,32.4,GCJ-02\n", [(2, "latitude")]),
    ("a,street,,人民路,,10.5,32.4,GCJ-02\n", [(2, "datum")]),
    ("a,street,,人民路,,nan,105.8,\n", [(2, "latitude")]),
    ("a,street,,人民路,,32.4,105.8\n", [(2, "")]),
    ("a,street,,人民路,x,y,32.4,105.8,\n", [(2, "")]),
    ("a,street,,人民路,,32.4,105.8,\n,road,,,,32.4,105.8,\na,street,,解放路,,32.4,105.8,\n",
     [(3, "identifier"), (3, "name"), (3, "kind"), (4, "identifier")]),
    ('a,street,,"人民路"x,,32.4,105.8,\n', [(2, "")]),
])
def test_faults_of_rows(tmp_path: Path, rows: str, expected: list[tuple[int, str]]) -> None:
    assert faults(tmp_path, HEADING + rows) == expected


@pytest.mark.parametrize(("heading", "expected"), [
    ("identifier,kind,district,name,aliases,latitude\n", [(1, "longitude")]),
    (HEADING.replace("datum", "colour"), [(1, "colour")]),
    (HEADING.replace("datum", "name"), [(1, "name"), (1, "name")]),
    ("", [(1, column) for column in HEADING.strip().split(",")[:7]]),
])
def test_faults_of_the_heading(tmp_path: Path, heading: str, expected: list[tuple[int, str]]) -> None:
    assert faults(tmp_path, heading) == expected
