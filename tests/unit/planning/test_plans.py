"""Plans as files, their what-ifs, and what a play of some days tells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dispatch.planning import City, NoSuchChange, Result, WhatIf, merged, parse, simulate
from dispatch.planning.demand import hourly_rates, make_calls
from dispatch.planning.whatif import apply
from dispatch.rules import Rules
from hotline.errors import ConfigurationError
from hotline.planning import as_html, load_plan, sheets_of, write_csv
from hotline.service.dispatching import build_rules
from hotline.settings_file import load_settings

CONFIG = Path(__file__).parents[3] / "config"
EXAMPLE = CONFIG / "cities" / "guangyuan-like.yaml"


@pytest.fixture(scope="module")
def city() -> City:
    return load_plan(EXAMPLE, days=2).cities[0]


@pytest.fixture(scope="module")
def result(city: City) -> Result:
    rules: Rules = build_rules(load_settings(CONFIG / "hotline.yaml"))
    changes = [parse("crews@lizhou=+1"), parse("agents=+2")]
    return simulate(city, rules, 7, changes, lambda _what, _share: None)


def test_the_shipped_city_has_300_000_households_and_the_emergencies_of_one(city: City) -> None:
    assert city.households == 300_000
    year = city.model_copy(update={"days": 365})
    assert 8_000 <= hourly_rates(year, year.business("emergency")).sum() <= 15_000
    assert hourly_rates(year, year.business("billing")).sum() == pytest.approx(99_000, rel=0.01)


def test_the_same_seed_brings_the_same_callers_whatever_crews_there_are(city: City) -> None:
    more = apply(city, parse("crews@lizhou=+1,agents=+3"))
    one, other = make_calls(city, 7), make_calls(more, 7)
    assert (one.at == other.at).all() and (one.latitude == other.latitude).all()
    assert (make_calls(city, 8).at[:50] != one.at[:50]).any()


def test_everybody_is_reached_and_nobody_is_forgotten(result: Result) -> None:
    base = result.base
    assert base.emergencies.in_target.of > 40 and base.unfinished == 0
    assert base.emergencies.on_scene.count == base.emergencies.in_target.of
    assert base.pages >= base.emergencies.in_target.of
    assert sum(group.in_target.of for group in base.bands) == base.emergencies.in_target.of
    assert 0 < max(crew.utilisation for crew in base.crews) < 1
    share = base.emergencies.in_target
    assert share.value is not None and share.value > 0.5


def test_a_what_if_is_compared_over_the_same_emergencies(result: Result) -> None:
    crew, agents = result.variants
    assert len(crew.outcome.crews) == len(result.base.crews) + 1 and crew.gain is not None
    assert agents.gain == 0 and agents.outcome.emergencies == result.base.emergencies
    assert agents.outcome.answering is not None and result.base.answering is not None
    assert agents.outcome.answering.wait.mean <= result.base.answering.wait.mean  # type: ignore[operator]


def test_the_report_is_one_page_without_anything_from_elsewhere(result: Result, tmp_path: Path) -> None:
    page = as_html("计划", [result], "hotline simulate x.yaml")
    assert page.count("<svg") >= 6 and "按时到场" in page and "<script" not in page
    assert not re.search(r"(?:src|href)=.https?:", page)
    assert json.loads(json.dumps(result.plain()))["what_if"][0]["change"] == "crews@lizhou=+1"
    written = list(write_csv(sheets_of(result), tmp_path))
    assert tmp_path / "bands.csv" in written
    assert (tmp_path / "bands.csv").read_text(encoding="utf-8-sig").count("\n") > 2


@pytest.mark.parametrize(("line", "put", "told"), [
    ("centre_station: lizhou", "centre_station: nowhere", "there is no station nowhere"),
    ("  day_variation: 0.15", "  day_variation: 7", "less than or equal to 1"),
    ("title: 示例市（300,000 户）", "titel: x", "no such key"),
    ("  patience_seconds: 120", "  patience_seconds: soon", "valid number"),
])
def test_a_fault_of_a_plan_is_named_with_file_line_and_field(
    line: str, put: str, told: str, tmp_path: Path
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert line in text
    path = tmp_path / "plan.yaml"
    path.write_text(text.replace(line, put, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_plan(path)
    assert told in str(raised.value) and "plan.yaml" in str(raised.value)
    assert re.search(r":\d+", str(raised.value))


@pytest.mark.parametrize(
    "text", ["crew=+1", "crews=*2", "speed=+1", "agents=+1.5", "station@x=+1", "crews", ""]
)
def test_a_what_if_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(NoSuchChange):
        parse(text)


def test_what_does_not_fit_the_plan_is_refused(city: City) -> None:
    for text in ("crews@nowhere=+1", "crews@dongba=-2"):
        with pytest.raises(NoSuchChange):
            apply(city, parse(text))


def test_changes_are_read_as_they_are_written() -> None:
    text = "crews@lizhou=+1,station@32.41,105.80=+1,households=*1.2"
    found = parse(text)
    assert isinstance(found, WhatIf) and len(found.changes) == 3 and str(found) == text


def test_a_province_plays_its_cities_apart_or_under_one_dispatch() -> None:
    apart = load_plan(CONFIG / "cities" / "ten-cities.yaml", days=1)
    assert len(apart.cities) == 10 and len({one.title for one in apart.cities}) == 10
    keys = [crew.key for one in apart.cities for crew in one.crews]
    assert len(set(keys)) == len(keys)
    together = merged("省", apart.cities[:3])
    assert together.households == sum(one.households for one in apart.cities[:3])
    assert len(together.crews) == sum(len(one.crews) for one in apart.cities[:3])
    assert apart.cities[1].stations[0].latitude == pytest.approx(31.4675)
