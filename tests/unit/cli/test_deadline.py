"""`hotline deadline` and `hotline standards`: what they print, warn of and refuse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dispatch.deadlines.calendar import library_years
from hotline import cli
from tests.support.standards import FOLDER, NAMES

UNKNOWN = max(library_years()) + 1


class Said(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        assert self.status == 0, self.err
        return dict(json.loads(self.out))

    @property
    def stages(self) -> list[dict[str, Any]]:
        return list(self.answer["stages"])


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command in an empty folder, where only the shipped standards can be found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOTLINE_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "240")

    def command(*words: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        captured = capsys.readouterr()
        return Said(int(ended.value.code or 0), captured.out, captured.err)

    return command


@pytest.fixture
def ask(run: Run) -> Run:
    def deadline(standard: str, business: str, reported: str, *more: str) -> Said:
        return run("deadline", "--standard", standard, "--business", business, "--reported", reported,
                   "--json", *more)

    return deadline


def test_the_example_of_the_issue(ask: Run) -> None:
    said = ask("guangyuan-2022", "complaint", "2026-02-13T10:00:00")
    assert said.err == ""
    assert (said.answer["standard"], said.answer["business"]) == ("guangyuan-2022", "complaint")
    complete, feedback = said.stages
    assert list(complete) == [
        "stage", "due", "target_minutes", "urgency", "provisional", "assumed", "clause", "reckoning"
    ]
    assert complete.pop("reckoning").startswith("5 working days after the report on Fri 2026-02-13")
    assert complete == {
        "stage": "complete", "due": "2026-02-28T00:00:00+08:00", "target_minutes": None, "urgency": None,
        "provisional": False, "assumed": False, "clause": "S1 annex 3 §14",
    }
    assert (feedback["stage"], feedback["due"]) == ("feedback", "2026-03-01T00:00:00+08:00")


@pytest.mark.parametrize(
    "reported",
    ["2026-03-10T18:00", "2026-03-10 18:00:00", "2026-03-10T10:00Z", "2026-03-10T10:00:00+00:00",
     "20260310T180000", "2026-03-10T19:00+09:00"],
)
def test_the_same_moment_written_in_many_ways(ask: Run, reported: str) -> None:
    [stage] = ask("guangyuan-2021", "indoor_repair", reported).stages
    assert stage["due"] == "2026-03-12T00:00:00+08:00"


@pytest.mark.parametrize("reported", ["2026-03-10T24:00", "20260310T240000", "2026-03-10T24:00:00+08:00"])
def test_the_end_of_a_day_is_the_beginning_of_the_next(ask: Run, reported: str) -> None:
    [stage] = ask("guangyuan-2021", "outdoor_repair", reported).stages
    assert stage["due"] == "2026-03-12T00:00:00+08:00"


def test_elapsed_time_keeps_the_seconds(ask: Run) -> None:
    [stage] = ask("aode", "network_fault_ordinary", "2026-03-10T22:15:42").stages
    assert (stage["due"], stage["target_minutes"]) == ("2026-03-11T02:15:42+08:00", 240)


def test_an_emergency_by_distance_and_beyond(ask: Run) -> None:
    [near] = ask("guangyuan-2022", "emergency", "2026-03-10T22:15", "--distance-km", "5").stages
    assert (near["stage"], near["due"], near["target_minutes"], near["assumed"]) == (
        "arrive", "2026-03-10T22:30:00+08:00", 15, False)
    [unknown] = ask("guangyuan-2022", "emergency", "2026-03-10T22:15").stages
    assert (unknown["target_minutes"], unknown["assumed"]) == (15, True)
    said = ask("guangyuan-2022", "emergency", "2026-03-10T22:15", "--distance-km", "25")
    assert said.stages[0]["target_minutes"] == 75 and "warning: 25 km is beyond the last" in said.err
    [flat] = ask("aode", "emergency", "2026-03-10T22:15", "--distance-km", "25").stages
    assert (flat["target_minutes"], flat["assumed"]) == (30, False)
    [at_once] = ask("kunlun", "emergency", "2026-03-10T22:15").stages
    assert (at_once["due"], at_once["urgency"], at_once["assumed"]) == (None, "at_once", False)


def test_a_suspected_leak_has_the_emergencys_stages_whatever_was_asked(ask: Run) -> None:
    leak = ("2026-03-10T22:15", "--suspected-leak")
    said = ask("guangyuan-2021", "indoor_repair", *leak, "--distance-km", "8")
    assert said.answer["business"] == "indoor_repair"
    assert [(stage["stage"], stage["target_minutes"]) for stage in said.stages] == [("arrive", 30)]
    # Aode promises nothing for indoor repairs, and a leak is a leak.
    assert ask("aode", "indoor_repair", *leak).stages[0]["target_minutes"] == 30


def test_works_by_contract(ask: Run) -> None:
    said = ask("guangyuan-2022", "connection_residential_group", "2026-03-06T10:00")
    accept, build, commission = said.stages
    assert accept["due"] == "2026-03-10T00:00:00+08:00"
    assert (build["due"], build["urgency"]) == (None, "by_contract")
    assert (commission["due"], commission["urgency"]) == (None, "by_contract")


def test_a_year_without_a_calendar_is_provisional_and_warned_of(ask: Run) -> None:
    said = ask("guangyuan-2021", "complaint", f"{UNKNOWN}-03-01T10:00")
    assert all(stage["provisional"] for stage in said.stages)
    assert said.err.count(f"warning: no calendar of {UNKNOWN}") == 1


def test_the_operators_calendar_makes_it_certain(ask: Run, tmp_path: Path) -> None:
    calendar = tmp_path / "own.yaml"
    calendar.write_text(
        f"years:\n  {UNKNOWN}:\n    holidays:\n" + "".join(
            f"      - {{name: 节, first: {UNKNOWN}-{day}, last: {UNKNOWN}-{day}}}\n"
            for day in ("01-01", "05-01", "10-01")), encoding="utf-8")
    said = ask("guangyuan-2021", "ownership_transfer", f"{UNKNOWN}-03-01T10:00", "--calendar", str(calendar))
    assert said.err == "" and not said.stages[0]["provisional"]


@pytest.mark.parametrize(
    ("standard", "business", "reported", "more", "said"),
    [
        ("guangyuan", "complaint", "2026-03-01T10:00", (), "there is no service standard 'guangyuan'"),
        ("../aode", "complaint", "2026-03-01T10:00", (), "there is no service standard"),
        ("aode", "complaints", "2026-03-01T10:00", (), "'complaints': there is no such business"),
        ("aode", "complaints", "2026-03-01T10:00", ("--suspected-leak",), "there is no such business"),
        ("aode", "gas_purchase", "2026-03-01T10:00", (), "aode promises nothing for gas_purchase"),
        ("kunlun", "indoor_repair", "2026-03-01T10:00", (), "kunlun promises nothing for indoor_repair"),
        ("aode", "complaint", "yesterday", (), "write ISO 8601"),
        ("aode", "complaint", "2026-02-30T10:00", (), "write ISO 8601"),
        ("aode", "complaint", "2026-03-01T24:30", (), "write ISO 8601"),
        ("aode", "complaint", "9999-12-31T24:00", (), "write ISO 8601"),
        ("aode", "complaint", "2026-03-01", (), "the time of day is missing"),
        ("aode", "complaint", "9999-12-31T23:00", (), "too far away"),
        ("aode", "complaint", "0001-01-01T00:00Z", ("--distance-km", "nan"), "--distance-km"),
        ("guangyuan-2021", "emergency", "2026-03-01T10:00", ("--distance-km", "-1"), "--distance-km"),
        ("guangyuan-2021", "emergency", "2026-03-01T10:00", ("--distance-km", "inf"), "--distance-km"),
        ("guangyuan-2021", "emergency", "2026-03-01T10:00", ("--distance-km", "far"), "--distance-km"),
    ],
)
def test_what_cannot_be_answered_is_a_clear_error(
    ask: Run, standard: str, business: str, reported: str, more: tuple[str, ...], said: str
) -> None:
    found = ask(standard, business, reported, *more)
    assert (found.status, found.out) == (2, "")
    assert said in found.err and "Traceback" not in found.err


def test_a_broken_profile_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "own"))
    (folder / "aode.yaml").write_text("title: x\nlogo: y\n", encoding="utf-8")
    found = run("deadline", "--standard", "aode", "--business", "complaint", "--reported", "2026-03-01T10:00",
                "--dir", str(folder))
    assert found.status == 2 and "aode.yaml:2: logo: no such key" in found.err


def test_a_table_for_people(run: Run) -> None:
    said = run("deadline", "--standard", "guangyuan-2021", "--business", "emergency",
               "--reported", "2026-03-10T10:00")
    assert "2026-03-10T10:15:00+08:00" in said.out and "assumed" in said.out


def test_the_standards_beside_the_configuration_come_first(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "config/service_standards"
    shutil.copytree(FOLDER, own)
    (own / "kunlun.yaml").unlink()
    assert [one["name"] for one in json.loads(run("standards", "list", "--json").out)] == list(NAMES[:3])
    monkeypatch.setenv("HOTLINE_CONFIG", str(tmp_path / "elsewhere/hotline.yaml"))
    assert [one["name"] for one in json.loads(run("standards", "list", "--json").out)] == list(NAMES)


def test_standards_are_listed_checked_and_explained(run: Run) -> None:
    listed = json.loads(run("standards", "list", "--json").out)
    assert {one["name"]: one["follows"] for one in listed} == {
        "aode": "", "guangyuan-2021": "", "guangyuan-2022": "guangyuan-2021", "kunlun": ""}
    checked = json.loads(run("standards", "check", "--json").out)
    assert checked["ok"] and checked["standards"] == list(NAMES) and checked["faults"] == []
    assert "no faults" in run("standards", "check").out
    text = run("standards", "explain", "guangyuan-2022").out
    for word in ("up to 5 km: 15 min", "S1 annex 3 §14", "接到用户的投诉", "48 h before", "roads_not_clear"):
        assert word in text
    explained = json.loads(run("standards", "explain", "kunlun", "--business", "complaint", "--json").out)
    assert [(one["stage"], one["promise"], one["clause"]) for one in explained["stages"]] == [
        ("reply", "at once", "S4 §7(6)")]


def test_faults_of_standards_and_calendar_come_together(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "service_standards"))
    (folder / "aode.yaml").write_text("title: x\n", encoding="utf-8")
    (tmp_path / "calendar.yaml").write_text("warn_weeks_ahead: 0\n", encoding="utf-8")
    said = run("standards", "check", "--dir", str(folder))
    assert said.status == 2
    assert "calendar.yaml:1: warn_weeks_ahead" in said.out
    assert "aode.yaml" in said.out and "2 faults" in said.out
    document = json.loads(run("standards", "check", "--dir", str(folder), "--json").out)
    assert not document["ok"] and len(document["faults"]) == 2


def test_explaining_what_is_not_there(run: Run) -> None:
    assert "there is no service standard 'x'" in run("standards", "explain", "x").err
    said = run("standards", "explain", "aode", "--business", "gas_purchase")
    assert said.status == 2 and "promises nothing for 'gas_purchase'" in said.err
