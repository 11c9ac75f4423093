"""Profiles: the shipped ones are sound, one may follow another, and every fault is named with its line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from dispatch.deadlines import ProfileFault, lineage, resolve, stages
from hotline.errors import ConfigurationError
from hotline.standards import (
    UnknownStandardError,
    deployed_standard,
    load_calendar,
    load_standard,
    load_standards,
)
from tests.support.standards import FOLDER, LIBRARY, NAMES, SHORT, local, profile, standard

OWN = """
title: our town
follows: {standard: guangyuan-2022}
without: [gas_purchase, managers_service_day]
businesses:
  ownership_transfer:
    title: 过户
    clause: our §1
    stages:
      - {stage: complete, promise: {kind: working_days, days: 1}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "service_standards"))


def fault_of(folder: Path, name: str, text: str) -> str:
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_standard(folder, name)
    return str(caught.value)


def test_the_four_shipped_standards_are_sound() -> None:
    assert [one.name for one in load_standards(FOLDER)] == list(NAMES)


def test_2022_has_every_promise_of_2021_and_its_own_complaints() -> None:
    old, new = standard("guangyuan-2021"), standard("guangyuan-2022")
    assert set(new.businesses) == set(old.businesses) and set(new.duties) > set(old.duties)
    differing = {key for key in old.businesses if [p.promise for p in old.businesses[key].stages]
                 != [p.promise for p in new.businesses[key].stages]}
    assert differing == {"complaint"}
    for key, business in new.businesses.items():
        assert business.clause.startswith("S1"), key
    for key, duty in new.duties.items():
        assert duty.clause.startswith("S1"), key
    assert new.follows == "guangyuan-2021"


def test_a_deployment_changes_a_standard_by_following_it(folder: Path) -> None:
    (folder / "our-town.yaml").write_text(OWN, encoding="utf-8")
    found = deployed_standard(folder, "our-town")
    [stage] = stages(found, "ownership_transfer", local("2026-03-06T10:00"), LIBRARY)
    assert stage.due == local("2026-03-10T00:00") and stage.clause == "our §1"
    assert found.businesses["emergency"] == standard("guangyuan-2022").businesses["emergency"]
    assert "gas_purchase" not in found.businesses and "managers_service_day" not in found.duties
    assert found.follows == "guangyuan-2022"
    assert lineage("a", {"a": profile(follows={"standard": "b"}), "b": profile()}) == ("a", "b")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("days: 1}", "days: -1}"), "our-town.yaml:10: businesses.ownership_transfer.stages.0.promise.days"),
        (("days: 1}", "minutes: 1}"), ":10: businesses.ownership_transfer.stages.0.promise.minutes: no such"),
        (("kind: working_days", "kind: soon"), ":10: businesses.ownership_transfer.stages.0.promise"),
        (("{stage: complete,", "{stage: complete, after: build,"), "build is no earlier stage"),
        (("{stage: complete,", "{stage: report,"), "reserved"),
        (("title: our town", "title: our town\nlogo: x"), ":3: logo: no such key"),
        (("clause: our §1", ""), "businesses.ownership_transfer.clause: is missing"),
        (("standard: guangyuan-2022", "standard: guangyuan-2023"), ":3: follows.standard: there is no"),
        (("standard: guangyuan-2022", "standard: our-town"), ":3: follows.standard: that one follows this"),
        (("managers_service_day", "tea_time"), ":4: without.1: the followed profile has no tea_time"),
        (("gas_purchase, ", "emergency, "), "has no emergency"),
        (("title: our town", "pauses: [{reason: r, title: t, only: [x]}]\ntitle: t"), "no business x"),
        (("title: our town", "clock: {overdue_to: [nobody]}\ntitle: t"), ":2: clock.overdue_to.0"),
        (("title: our town", "clock: {overdue_to: [owner], warn_at_percent: [80, 50]}\ntitle: t"), "rising"),
        (("kind: working_days, days: 1", "kind: distance_bands, beyond: {minutes_per_km: 1}, bands: "
          "[{up_to_km: 5, minutes: 20}, {up_to_km: 4, minutes: 30}]"), "must reach farther"),
        (("kind: working_days, days: 1", 'kind: day_of_report, next_day_from: "18:00Z"'), "without a zone"),
    ],
)
def test_faults_are_named_with_line_and_field(change: tuple[str, str], said: str, folder: Path) -> None:
    assert change[0] in OWN
    assert said in fault_of(folder, "our-town", OWN.replace(*change))


def test_every_fault_of_every_file_is_told_at_once(folder: Path) -> None:
    for name in ("aode", "kunlun"):
        path = folder / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("kind: elapsed", "kind: eventually", 1)
                        .replace("clock:", "klock:", 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_standards(folder)
    assert len(caught.value.faults) >= 4
    assert {fault.file.name for fault in caught.value.faults} == {"aode.yaml", "kunlun.yaml"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"businesses": {}}, "has no emergency"),
        ({"clock": None}, "clock"),
        ({"businesses": {"emergency": SHORT["businesses"]["emergency"] | {"stages": [
            {"stage": "arrive", "promise": {"kind": "by_contract"}}]}}}, "never waits for a contract"),
    ],
)
def test_a_standard_must_know_emergencies_and_a_clock(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ProfileFault, match=said):
        resolve("a", {"a": profile(**changes)})


def test_what_the_grammar_refuses() -> None:
    for changes, said in (
        ({"without": ["x"]}, "nothing to leave out"),
        ({"pauses": [{"reason": "r", "title": "t"}, {"reason": "r", "title": "t"}]}, "stands there twice"),
        ({"businesses": {"Emergency": SHORT["businesses"]["emergency"]}}, "pattern"),
    ):
        with pytest.raises(ValueError, match=said):
            profile(**changes)


def test_an_unknown_standard_is_named_with_those_there_are(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownStandardError, match="'guangyuan'; there are aode, guangyuan-2021"):
        load_standard(folder, "guangyuan")
    with pytest.raises(ConfigurationError, match=r"dispatch\.standard: there is no service standard"):
        deployed_standard(folder, "../aode")
    with pytest.raises(ConfigurationError, match="there are no service standards here"):
        load_standard(tmp_path / "nowhere", "aode")


def test_a_calendar_file_is_optional_and_its_faults_are_named(tmp_path: Path) -> None:
    assert load_calendar(None).table == load_calendar(tmp_path / "none.yaml").table
    assert load_calendar(FOLDER.parent / "calendar.yaml").table.years == {}
    broken = tmp_path / "calendar.yaml"
    broken.write_text("years:\n  2027:\n    holidays:\n      - {first: 2027-13-01, last: 2027-01-01}\n")
    with pytest.raises(ConfigurationError, match=r"calendar\.yaml:4: no date: month must be"):
        load_calendar(broken)


def test_the_example_of_the_calendar_file_is_the_statutory_calendar(tmp_path: Path) -> None:
    text = (FOLDER.parent / "calendar.yaml").read_text(encoding="utf-8")
    example = "\n".join(line[2:] for line in text.splitlines() if line.startswith(("# years", "#   ")))
    written = tmp_path / "calendar.yaml"
    written.write_text(example, encoding="utf-8")
    calendar = load_calendar(written)
    assert 2026 in calendar.table.years
    for day in (local("2026-01-01") + (local("2026-01-02") - local("2026-01-01")) * n for n in range(365)):
        assert calendar.day(day.date()).working is LIBRARY.day(day.date()).working, day
