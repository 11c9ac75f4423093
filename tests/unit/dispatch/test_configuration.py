"""Stations and policy: the shipped examples are sound, and every fault is named with its field."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from dispatch.api import GeodesicRoads, Policy, Position, Stations, hash_pin, same_phone
from dispatch.pins import looks_hashed, pin_matches
from dispatch.recommend import nearest_station_km, ranked
from dispatch.roster import Shift, uncovered_hours
from hotline.errors import ConfigurationError
from hotline.yamlfile import load
from tests.support.dispatch import CONFIG, NOON, SHANGHAI, rules, stations

OWN_BANDS = (
    "bands: [{{up_to_km: 5, minutes: 15}}, {{up_to_km: {}, minutes: {}}}]\nbeyond: {{minutes_per_km: 3}}"
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Local time in the week of Monday, 23 November 2026."""
    return datetime(2026, 11, 23 + day, hour, minute, tzinfo=SHANGHAI)


def fault_of(path: Path, model: type, change: tuple[str, str], tmp_path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / path.name, model, text.replace(*change, 1))
    return str(caught.value)


def test_the_shipped_examples_are_sound() -> None:
    found = load(CONFIG / "stations.yaml", Stations)
    assert found.crew("101").pin_matches("2580")  # type: ignore[union-attr]  # it is there
    assert load(CONFIG / "dispatch_policy.yaml", Policy).priority("emergency") == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("station: dongba", "station: nowhere"), "crews.2.station"),
        (("centre_station: lizhou", "centre_station: nowhere"), "centre_station"),
        (('key: "102"', 'key: "101"'), "the key 101 stands there twice"),
        (("latitude: 32.4355", "latitude: 132"), "stations.0.latitude"),
        (("members: [刘洋]", "members: [谁]"), "谁 is no member"),
        (("\n    duty: always", "\n    duty: shifts"), "needs `shifts`"),
        (('phone: "119"', 'phone: "call them"'), "fire.phone"),
        (("leaders:", "leader:"), "no such key"),
        (('start: "08:00", end: "20:00"', 'start: "8:00", end: "20:00"'), "start"),
    ],
)
def test_faults_of_stations_are_named(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    assert said in fault_of(CONFIG / "stations.yaml", Stations, change, tmp_path)


def test_a_pin_in_plain_text_is_refused(tmp_path: Path) -> None:
    path = CONFIG / "stations.yaml"
    match = re.search(r"pin_hash: (\S+)", path.read_text(encoding="utf-8"))
    assert match
    assert "hash-pin" in fault_of(path, Stations, (match.group(1), '"2580"'), tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("at_once_minutes: 15", OWN_BANDS.format(4, 30)), "`bands`"),
        (("at_once_minutes: 15", OWN_BANDS.format(10, 10)), "`bands`"),
        (("at_once_minutes: 15", "beyond: {minutes_per_km: 3}"), "`beyond`"),
        (("  - {who: free_crews, on_call: 1}\n", "  - {who: leaders}\n"), "chain.0.who"),
        ((", alarm: true", ""), "alarm: true"),
        (("emergency: 0", "emergency: 1"), "priorities.emergency"),
        (("page: 60 ", "page: 0 "), "times.page"),
        (("road_factor: 1.3", "road_factor: 0.3"), "road_factor"),
        (("resend: 5", "resent: 5"), "no such key"),
    ],
)
def test_faults_of_the_policy_are_named(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    assert said in fault_of(CONFIG / "dispatch_policy.yaml", Policy, change, tmp_path)


def test_hours_without_anybody_are_named() -> None:
    day = Shift(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start="08:00", end="00:00")
    second = day.model_copy(update={"start": "00:00", "end": "08:00", "on_call": 2})
    holes = uncovered_hours([day, second])
    assert (holes[0], len(holes)) == ("mon 00:00", 7 * 16)
    crew = stations().crews[0].model_dump() | {"duty": "shifts", "shifts": [day.model_dump()]}
    with pytest.raises(ValueError, match=r"nobody is on first call at mon 00:00"):
        stations(crews=[crew])


@pytest.mark.parametrize(
    ("moment", "covered"),
    [(at(0, 19, 59), False), (at(0, 20), True), (at(1, 7, 59), True), (at(1, 8), False), (at(0, 3), False)],
)
def test_a_night_shift_ends_on_the_next_day(moment: datetime, covered: bool) -> None:
    assert Shift(days=("mon",), start="20:00", end="08:00").covers(moment) is covered


def test_a_shift_on_a_date_and_up_to_midnight() -> None:
    shift = Shift.model_validate({"dates": ["2026-11-24"], "start": "18:00", "end": "24:00"})
    assert shift.covers(at(1, 23, 59)) and not shift.covers(at(2, 0)) and not shift.covers(at(0, 23))


def test_levels_of_a_crew_by_the_roster() -> None:
    found = load(CONFIG / "stations.yaml", Stations)
    crew = found.crew("102")
    assert crew is not None
    assert [level for _, level in crew.on_duty(at(0, 12))] == [1, 1]
    assert [level for _, level in crew.on_duty(at(0, 22))] == [2, 2]
    weekend = found.crew("301")
    assert weekend is not None
    assert [member.name for member, _ in weekend.on_duty(at(5, 12))] == ["周涛"]
    early_monday = [member.name for member, _ in weekend.on_duty(at(0, 3))]
    assert early_monday == ["周涛"], "Sunday's shift lasts until eight"


def test_distance_is_the_geodesic_times_the_road_factor() -> None:
    # A degree of latitude at the equator is 110.574 km (WGS-84).
    assert GeodesicRoads(1.3).km(Position(0, 0), Position(1, 0)) == pytest.approx(1.3 * 110.574, abs=0.01)


def test_the_nearest_crews_come_first_and_the_centre_for_an_unknown_place() -> None:
    order = [crew.key for crew, _ in ranked(rules(), NOON, Position(32.43, 105.875))]
    assert order == ["C", "A", "B", "D"]
    assert [crew.key for crew, _ in ranked(rules(), NOON, None)] == ["A", "B", "C", "D"]
    assert nearest_station_km(rules(), NOON, Position(32.4302, 105.8736)) == pytest.approx(0, abs=0.01)


def test_pins() -> None:
    stored = hash_pin("2580")
    assert looks_hashed(stored) and "2580" not in stored and stored != hash_pin("2580")
    assert pin_matches("2580", stored) and not pin_matches("2581", stored)
    assert not pin_matches("2580", "2580") and not pin_matches("２５８０", stored)
    for bad in ("258", "123456789", "25a0", "２５８０", ""):
        with pytest.raises(ValueError, match="digits"):
            hash_pin(bad)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("sip:+8613800000001@10.0.0.1", "13800000001", True),
        ("0086 138-0000-0001", "tel:+8613800000001;phone-context=x", True),
        ("sip:Crew101@a", "sip:crew101@b:5070;transport=tcp", True),
        ("119", "110", False),
        ("", "", False),
    ],
)
def test_one_phone_written_in_many_ways(first: str, second: str, same: bool) -> None:
    assert same_phone(first, second) is same


