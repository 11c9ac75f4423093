"""`hotline simulate` by people: some days of the shipped city and of the ten, advice, theory, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hotline import cli
from tests.support.dispatch import CONFIG

CITY = CONFIG / "cities" / "guangyuan-like.yaml"
PROVINCE = CONFIG / "cities" / "ten-cities.yaml"


class Hotline:
    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def __call__(self, *words: str, expect: int = 0) -> tuple[str, str]:
        """What it printed as data, and what it said."""
        with pytest.raises(SystemExit) as ended:
            cli.main(["simulate", *words, "--config", str(CONFIG / "hotline.yaml")])
        captured = self._captured.readouterr()
        assert (ended.value.code or 0) == expect, captured.out + captured.err
        return captured.out, captured.err


@pytest.fixture
def hotline(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hotline:
    monkeypatch.setenv("COLUMNS", "200")
    return Hotline(capsys)


def emergencies(result: dict[str, Any]) -> int:
    return int(result["base"]["emergencies"]["in_target"]["of"])


def test_two_days_of_a_city_as_data_page_and_tables_with_the_best_places(
    hotline: Hotline, tmp_path: Path
) -> None:
    page, tables = tmp_path / "report.html", tmp_path / "tables"
    out, _ = hotline(str(CITY), "--days", "2", "--json", "--out", str(page), "--csv", str(tables))
    (city,) = json.loads(out)["cities"]
    assert emergencies(city) > 30 and city["base"]["unfinished"] == 0
    crew, station = city["what_if"]
    keys = {one["key"] for one in city["base"]["stations"]}
    assert crew["change"].startswith("crews@") and crew["change"].endswith("=+1")
    assert crew["change"].removeprefix("crews@").removesuffix("=+1") in keys
    latitude, longitude = station["change"].removeprefix("station@").removesuffix("=+1").split(",")
    assert 31.5 < float(latitude) < 33.5 and 104.5 < float(longitude) < 107
    assert crew["outcome"]["emergencies"]["in_target"]["of"] == emergencies(city), "the same emergencies"
    more = sum(one["crews"] for one in crew["outcome"]["stations"])
    assert more == sum(one["crews"] for one in city["base"]["stations"]) + 1
    shown = page.read_text(encoding="utf-8")
    assert "<td>15分钟</td>" in shown and "<td>现状</td>" in shown and "<td>合计</td>" in shown
    assert "<html" in shown and list(tables.glob("*.csv"))


def test_a_table_for_people_and_another_seed(hotline: Hotline) -> None:
    first, _ = hotline(str(CITY), "--days", "1", "--no-advice")
    assert "1 days, 300,000 households" in first
    again, _ = hotline(str(CITY), "--days", "1", "--no-advice")
    assert again == first
    other, _ = hotline(str(CITY), "--days", "1", "--no-advice", "--seed", "2")
    assert other != first


def test_a_province_of_ten_cities(hotline: Hotline) -> None:
    out, _ = hotline(str(PROVINCE), "--days", "2", "--no-advice", "--json")
    cities = json.loads(out)["cities"]
    assert len(cities) == 10 and len({one["base"]["title"] for one in cities}) == 10
    for one in cities:
        base = one["base"]
        assert emergencies(one) > 10 and base["unfinished"] == 0
        assert base["emergencies"]["on_scene"]["count"] == emergencies(one), "somebody came to each"
    large = max(cities, key=lambda one: one["base"]["households"])
    small = min(cities, key=lambda one: one["base"]["households"])
    assert emergencies(large) > emergencies(small)


@pytest.mark.parametrize(("words", "said"), [
    ((), "name a plan"),
    ((str(CITY), "--days", "1", "--what-if", "crews@nowhere=+1"), "nowhere"),
    ((str(CITY), "--days", "1", "--what-if", "luck=+1"), "luck"),
])
def test_what_cannot_be_played_is_refused(hotline: Hotline, words: tuple[str, ...], said: str) -> None:
    out, err = hotline(*words, expect=2)
    assert said in err and not out
