"""A report as files: a page with plots, one CSV for each table, an XLSX workbook, JSON."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import xlsxwriter

from dispatch.reporting.handover import Sheet
from dispatch.reporting.report import Report
from dispatch.reporting.table import Cell, Column, Table
from hotline import plots

TEMPLATES = Path(__file__).parents[1] / "templates"
BOM = "\ufeff"
"""Spreadsheets take a CSV for UTF-8 only with it."""


def shown(cell: Cell, column: Column) -> str:
    """As it stands on the page; a dash where there is nothing to say."""
    if cell is None or cell == "":
        return "—" if cell is None else ""
    if column.kind == "share" and isinstance(cell, int | float):
        return f"{cell:.1%}"
    if column.kind == "minutes" and isinstance(cell, int | float):
        return f"{cell:.1f} 分钟"
    if column.kind == "seconds" and isinstance(cell, int | float):
        return f"{cell:.0f} 秒"
    return str(cell)


def page(report: Report, *, title: str, company: str, made_at: datetime) -> str:
    """One HTML file that needs nothing from elsewhere."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters["shown"] = shown
    return environment.get_template("report.html").render(
        report=report, title=title, company=company, made_at=made_at, plots=_plots(report)
    )


def sheet_page(sheet: Sheet, *, company: str) -> str:
    """The hand-over sheet, to be printed and signed."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    return environment.get_template("handover.html").render(sheet=sheet, company=company)


def _plots(report: Report) -> dict[str, str]:
    """Table → its plot."""
    drawn: dict[str, str] = {}
    for key, kind in _PLOTTED.items():
        table = report.table(key)
        if any(value for value in table.values(table.columns[1].key)):
            drawn[key] = kind(table)
    return drawn


def _shares(table: Table) -> str:
    labels = [str(value) for value in table.values(table.columns[0].key)]
    values = [None if v is None else round(100 * float(v), 1) for v in table.values("share")]
    return plots.bars("按时率", labels, {"按时率": values}, unit="%", highest=100)


def _hours(table: Table) -> str:
    labels = [str(value) for value in table.values("group")]
    counts = {
        "按时": [_number(v) for v in table.values("in_time")],
        "超时": [_number(v) for v in table.values("late")],
    }
    return plots.bars("各时段险情", labels, counts, unit="起", stacked=True)


def _intervals(table: Table) -> str:
    labels = [str(value) for value in table.values("group")]
    series = {
        column.title.removesuffix("（中位）"): [_number(v) for v in table.values(column.key)]
        for column in table.columns if column.key in ("turnout", "travel", "on_scene")
    }
    return plots.bars("各段用时（中位）", labels, series, unit="分钟", stacked=True)


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


_PLOTTED: dict[str, Callable[[Table], str]] = {
    "arrivals_by_band": _shares, "arrivals_by_station": _shares, "arrivals_by_hour": _hours,
    "intervals": _intervals, "on_time": lambda table: _on_time(table),
}  # fmt: skip


def _on_time(table: Table) -> str:
    labels = [
        " ".join(filter(None, (str(business), str(stage))))
        for business, stage in zip(table.values("business"), table.values("stage"), strict=True)
    ]
    values = [None if v is None else round(100 * float(v), 1) for v in table.values("share")]
    return plots.bars("按承诺时限完成", labels, {"按时率": values}, unit="%", highest=100)


def sheets_csv(report: Report) -> bytes:
    """A zip with a CSV file for each table; shares as numbers from 0 to 1."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in report.tables:
            archive.writestr(f"{table.key}.csv", table_csv(table))
    return packed.getvalue()


def table_csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.title for column in table.columns])
    writer.writerows([[_harmless(cell) for cell in row] for row in table.rows])
    return BOM + text.getvalue()


def _harmless(cell: Cell) -> Cell:
    """A name that begins like a formula is not one."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t")) else cell


def workbook(report: Report, *, title: str) -> bytes:
    """An XLSX workbook: a sheet of aims, then one for each table."""
    packed = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(packed, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {
            "text": book.add_format(), "count": book.add_format({"num_format": "0"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "minutes": book.add_format({"num_format": "0.0"}),
            "seconds": book.add_format({"num_format": "0"}),
        }  # fmt: skip
        aims = book.add_worksheet("指标")
        aims.set_column(0, 0, 30)
        for place, name in enumerate((title, "结果", "目标", "依据")):
            aims.write(0, place, name, head)
        for line, judged in enumerate(report.judged, 1):
            aims.write(line, 0, judged.aim.title)
            aims.write(line, 1, judged.value, formats["share"])
            aims.write(line, 2, judged.aim.at_least, formats["share"])
            aims.write(line, 3, judged.aim.clause)
        for table in report.tables:
            _sheet(book, table, head, formats)
    return packed.getvalue()


def _sheet(book: Any, table: Table, head: Any, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(table.title[:31])
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, len(table.columns), 12)
    for place, column in enumerate(table.columns):
        sheet.write(0, place, column.title, head)
    for line, row in enumerate(table.rows, 1):
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if cell is not None:
                sheet.write(line, place, cell, formats[column.kind])
    if table.note:
        sheet.write(len(table.rows) + 2, 0, table.note)


def as_json(report: Report) -> str:
    """For other programs: every table with its rows by key."""
    tables = {
        table.key: [dict(zip((c.key for c in table.columns), row, strict=True)) for row in table.rows]
        for table in report.tables
    }
    aims = [
        {"title": j.aim.title, "value": j.value, "at_least": j.aim.at_least, "reached": j.reached}
        for j in report.judged
    ]
    material = report.material
    return json.dumps(
        {
            "since": material.since.isoformat(), "until": material.until.isoformat(),
            "drills": material.drills, "aims": aims, "tables": tables,
        },
        ensure_ascii=False, indent=1,
    )  # fmt: skip
