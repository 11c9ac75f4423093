"""A report from a real database, as page, CSV, workbook and JSON."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from dispatch.api import SqlStore, read_material
from dispatch.reporting.report import Aims, Report, make_report
from hotline.reports import files
from hotline.reports.period import PeriodError, parse
from hotline.yamlfile import load
from tests.support.dispatch import CONFIG, NOON, SHANGHAI, Desk, stations
from tests.support.postgres import Postgres

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        made = SqlStore(f"sqlite:///{tmp_path / 'report.db'}")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        made = SqlStore(server.create_database(f"r{abs(hash(request.node.name)) % 10**9}"))
    yield made
    made.close()


def lived(store: SqlStore, folder: Path) -> Desk:
    """Two real emergencies, one reached in time and one not, and a drill."""
    desk = Desk(folder, store)
    desk.located("c1")
    desk.accept("A", "c1")
    desk.crew("A", "en_route")
    desk.located("c2")
    desk.accept("B", "c2")
    desk.start_call("drill", drill=True)
    desk.located("drill", drill=True)
    desk.wait(600, step=5)
    desk.crew("A", "on_scene")
    desk.wait(900, step=5)
    desk.crew("B", "on_scene")
    desk.dispatch.run()
    desk.stop()
    return desk


def report(store: SqlStore, *, drills: bool = False) -> Report:
    material = read_material(store, NOON - DAY, NOON + DAY, NOON + DAY, drills=drills)
    aims = load(CONFIG / "report.yaml", Aims)
    return make_report(material, stations(), SHANGHAI, {"emergency": "抢险"}, aims)


def test_the_figures_are_those_of_the_database_and_drills_stand_apart(
    store: SqlStore, tmp_path: Path
) -> None:
    lived(store, tmp_path / "state")
    real = report(store)
    total = real.table("arrivals_by_band").row("合计")
    assert (total["emergencies"], total["arrived"], total["in_time"]) == (2, 2, 1)
    assert real.table("tickets").row("抢险")["opened"] == 2
    assert report(store, drills=True).table("tickets").row("抢险")["opened"] == 1
    later = read_material(store, NOON + DAY, NOON + 2 * DAY, NOON + 2 * DAY)
    assert not later.incidents and not later.tickets


def test_the_page_needs_nothing_from_elsewhere(store: SqlStore, tmp_path: Path) -> None:
    lived(store, tmp_path / "state")
    text = files.page(report(store), title="<2026年11月>", company="广元燃气", made_at=NOON)
    assert "<svg" in text and "按距离档" in text and "&lt;2026年11月&gt;" in text
    assert "<script" not in text and "https://" not in text.replace("https://www.w3.org", "")


def test_the_workbook_and_the_csv_hold_the_same_numbers(store: SqlStore, tmp_path: Path) -> None:
    lived(store, tmp_path / "state")
    made = report(store)
    book = openpyxl.load_workbook(io.BytesIO(files.workbook(made, title="十一月")))
    assert book.sheetnames[:2] == ["指标", "按距离档"]
    sheet = [[cell.value for cell in row] for row in book["按距离档"].iter_rows(max_row=2)]
    with zipfile.ZipFile(io.BytesIO(files.sheets_csv(made))) as archive:
        text = archive.read("arrivals_by_band.csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == sheet[0]
    assert [float(value) for value in rows[1][1:5]] == sheet[1][1:5]
    document = json.loads(files.as_json(made))
    assert document["tables"]["arrivals_by_band"][0]["emergencies"] == sheet[1][1]
    book.close()


def test_a_name_that_looks_like_a_formula_is_text(store: SqlStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state", store)
    desk.ask_callback("13900000000", reason="=HYPERLINK(1)")
    desk.stop()
    made = report(store)
    assert "'=HYPERLINK(1)" in files.table_csv(made.table("callbacks"))
    book = openpyxl.load_workbook(io.BytesIO(files.workbook(made, title="x")))
    cell = book["回拨"]["A2"]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
    book.close()


@pytest.mark.parametrize(
    ("text", "title", "days"),
    [
        ("", "2026年10月", 31), ("2026-02", "2026年2月", 28), ("2026-12", "2026年12月", 31),
        ("2026-H1", "2026年上半年", 181), ("2026-H2", "2026年下半年", 184), ("2026", "2026年", 365),
        ("2026-11-22", "2026-11-22", 1), ("2026-11-01..2026-11-07", "2026-11-01至2026-11-07", 7),
    ],
)
def test_a_period_as_a_person_names_it(text: str, title: str, days: int) -> None:
    period = parse(text, NOON.date())
    since, until = period.bounds(SHANGHAI)
    assert (period.title, (until - since).days) == (title, days)


@pytest.mark.parametrize("text", ["2026-13", "2026-H3", "yesterday", "2026-11-07..2026-11-01", "2026-02-30"])
def test_what_is_no_period_is_told(text: str) -> None:
    with pytest.raises(PeriodError, match="no period"):
        parse(text, NOON.date())
