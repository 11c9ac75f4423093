"""`hotline crews …` by people: lists, gaps of a year, the roster in and out, recommendations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotline import cli
from hotline.cli import crews_orders, crews_roster
from hotline.cli.crews_roster import merged
from hotline.roster_file import as_csv, load_rows
from hotline.settings_file import load_settings
from tests.support.dispatch import CONFIG, stations

GOOD = """kind,crew,first,last,start,end,members,substitute,on_call,author,approved_by,reason
shift,301,2027-03-01,2027-03-07,08:00,20:00,刘洋,,1,,,
shift,301,2027-03-01,2027-03-07,20:00,08:00,周涛,,2,,,
leave,301,2027-03-03,,,,刘洋,,,,站长,年休
"""
BAD = """kind,crew,first,last,start,end,members,substitute,on_call,author,approved_by,reason
shift,301,2027-02-30,,08:00,20:00,刘洋,,1,,,
shift,999,2027-03-01,,08:00,20:00,,,1,,,
shift,301,2027-03-01,,25:00,20:00,刘洋,,1,,,
swap,301,2027-03-01,,08:00,20:00,刘洋,周涛,1,,,
"""


class Hotline:
    """Runs a command line against a configuration of its own."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured
        settings = load_settings(CONFIG / "hotline.yaml", (
            f"paths.state={folder / 'state'}", f"paths.run={folder / 'run'}",
        ))
        self.config = folder / "hotline.json"
        self.config.write_text(settings.model_dump_json(), encoding="utf-8")

    def __call__(self, *words: str, expect: int = 0) -> str:
        """What it printed: data alone, or when it is to fail what it said on both outputs."""
        with pytest.raises(SystemExit) as ended:
            cli.main([*words, "--config", str(self.config)])
        captured = self._captured.readouterr()
        assert (ended.value.code or 0) == expect, captured.out + captured.err
        return captured.out + (captured.err if expect else "")


@pytest.fixture
def hotline(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hotline:
    monkeypatch.setenv("COLUMNS", "200")
    return Hotline(tmp_path, capsys)


def test_the_list_says_who_is_on_duty_and_what_each_does(hotline: Hotline) -> None:
    rows = json.loads(hotline("crews", "list", "--json"))
    first = next(row for row in rows if row["key"] == "101")
    assert (first["state"], first["on_duty"], first["position"]) == ("available", "王强", "station")
    assert "王强" in hotline("crews", "show", "101")
    assert "no crew 9" in hotline("crews", "show", "9", expect=1)


def test_duty_at_a_time(hotline: Hotline) -> None:
    rows = json.loads(hotline("crews", "duty", "--at", "2027-03-06T12:00", "--json"))
    assert [row["member"] for row in rows if row["crew"] == "301"] == ["周涛"], "a Saturday"
    assert "is no time" in hotline("crews", "duty", "--at", "morgen", expect=2)


def test_every_hour_of_the_shipped_year_is_covered_and_gaps_by_skill_are_listed(hotline: Hotline) -> None:
    assert "every hour of 2026 is covered" in hotline("crews", "coverage", "--year", "2026")
    assert "gaps in 2026" in hotline("crews", "coverage", "--year", "2026", "--skill", "diving", expect=3)


def test_recommendation_for_a_place_names_every_crew_with_reasons(hotline: Hotline) -> None:
    rows = json.loads(hotline("crews", "recommend", "--lat", "32.4302", "--lon", "105.8736", "--json"))
    assert rows[0]["crew"] == "201" and rows[0]["why"]
    assert "no open incident" in hotline("crews", "recommend", "--incident", "I-1", expect=1)
    assert "give --incident" in hotline("crews", "recommend", expect=2)


def test_a_good_roster_is_checked_taken_and_written_out_again(hotline: Hotline, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_text("\ufeff" + GOOD, encoding="utf-8")
    config = Path(hotline.config)
    assert "3 rows" in hotline("crews", "roster", "import", str(file), "--check")
    assert not (config.parent / "roster.csv").exists()
    hotline("crews", "roster", "import", str(file))
    text = hotline("crews", "roster", "export")
    assert "刘洋" in text and text.splitlines()[0].startswith("kind,crew,first")
    rows = json.loads(hotline("crews", "duty", "--at", "2027-03-03T12:00", "--json"))
    assert "刘洋" not in [row["member"] for row in rows]


def test_every_fault_is_named_with_its_line_and_nothing_is_changed(hotline: Hotline, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(BAD, encoding="utf-8")
    said = hotline("crews", "roster", "import", str(file), expect=2)
    for line, field in ((2, "first"), (4, "start")):
        assert f"bad.csv:{line}: {field}" in said.replace("\n", "")
    assert "substitute" in said
    assert not (Path(hotline.config).parent / "roster.csv").exists()


def test_strangers_and_strange_columns_are_named(tmp_path: Path) -> None:
    from hotline.errors import ConfigurationError

    file = tmp_path / "r.csv"
    file.write_text("kind,crew,first\nshift,Z,2027-03-01\n", encoding="gb18030")
    with pytest.raises(ConfigurationError, match=r"r\.csv:2: crew: there is no crew Z"):
        load_rows(file, stations())
    file.write_text("kind,crew,when\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"first: the column is missing(.|\n)*when: no such column"):
        load_rows(file, stations())


def test_gaps_keep_a_roster_out(hotline: Hotline, tmp_path: Path) -> None:
    file = tmp_path / "off.csv"
    lines = [f"off,{crew},2027-03-01,2027-03-01" for crew in ("101", "102", "201", "301")]
    file.write_text("kind,crew,first,last\n" + "\n".join(lines) + "\n", encoding="utf-8")
    said = hotline("crews", "roster", "import", str(file), expect=3)
    assert "2027-03-01 08:00" in said or "2027-03-01 00:00" in said
    hotline("crews", "roster", "import", str(file), "--allow-gaps")


def test_a_new_month_leaves_the_old_rows_of_other_days(tmp_path: Path) -> None:
    def rows(text: str) -> tuple[object, ...]:
        file = tmp_path / "r.csv"
        file.write_text("kind,crew,first,last,members\n" + text, encoding="utf-8")
        return load_rows(file, stations())

    old = rows("shift,A,2027-03-01,2027-03-31,A1\nshift,B,2027-03-01,2027-03-31,B1\n")
    new = rows("off,A,2027-03-10,2027-03-12,\n")
    assert [line.split(",")[:4] for line in as_csv(merged(old, new)).splitlines()[1:]] == [  # type: ignore[arg-type]  # rows
        ["shift", "A", "2027-03-01", "2027-03-09"],
        ["shift", "B", "2027-03-01", "2027-03-31"],
        ["off", "A", "2027-03-10", "2027-03-12"],
        ["shift", "A", "2027-03-13", "2027-03-31"],
    ]


def test_yaml_and_csv_say_the_same(tmp_path: Path) -> None:
    from hotline.roster_file import as_yaml

    file = tmp_path / "r.csv"
    file.write_text("kind,crew,first,members,approved_by\nleave,A,2027-03-01,A1,站长\n", encoding="utf-8")
    rows = load_rows(file, stations())
    again = tmp_path / "r.yaml"
    again.write_text(as_yaml(rows), encoding="utf-8")
    assert load_rows(again, stations()) == rows


def test_orders_reach_the_service(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, dict[str, object]]] = []
    for module in (crews_orders, crews_roster):
        monkeypatch.setattr(module, "give", lambda _, command, **fields: given.append((command, fields)))
    hotline("crews", "out-of-service", "101", "--reason", "爆胎", "--by", "王")
    hotline("crews", "available", "101", "--by", "王")
    hotline("crews", "position", "101", "32.43", "105.84", "--by", "王")
    hotline("crews", "report", "101", "needs_help", "--note", "阀门", "--by", "王")
    hotline("crews", "next-job", "101", "--by", "王")
    hotline("crews", "take-back", "101", "GS-1", "--reason", "改派", "--by", "王")
    hotline("crews", "swap", "301", "刘洋", "周涛", "--from", "2027-03-01T08:00", "--until",
            "2027-03-01T20:00", "--approved-by", "站长", "--by", "王")
    hotline("crews", "roster", "leave", "301", "刘洋", "--from", "2027-03-01T08:00", "--until",
            "2027-03-02T08:00", "--approved-by", "站长", "--by", "王")
    hotline("crews", "roster", "withdraw", "D-1", "--by", "王")
    assert [command for command, _ in given] == [
        "CrewReport", "CrewReport", "CrewReport", "CrewReport", "JobGiven", "JobWithdrawn", "DutyChanged",
        "DutyChanged", "DutyChangeWithdrawn",
    ]
    from dispatch.api import command_of
    from tests.support.dispatch import NOON

    for command, fields in given:
        command_of(command, fields, "e", NOON)
    assert given[6][1]["start"] == "2027-03-01T08:00:00+08:00"
