"""The figures of a plan as tables: the same for the terminal, for CSV and for the page."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatch.planning import Group, Outcome, Result, Share, Times

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table."""

    key: str
    """Also the name of its CSV file."""
    title: str
    title_zh: str
    columns: Mapping[str, tuple[str, str]]
    """Key of a row → heading in English and in Chinese."""
    rows: Sequence[Row]
    note_zh: str = ""

    def plain(self) -> list[Row]:
        return [{key: row.get(key) for key in self.columns} for row in self.rows]


GROUP = {
    "name": ("", ""), "count": ("emergencies", "险情"), "in_target": ("in target", "达标率"),
    "interval": ("95 %", "95% 置信区间"), "page": ("first page p90 s", "首次呼出 p90 秒"),
    "accepted": ("accepted p50 / p90 s", "接单 p50 / p90 秒"),
    "scene_mean": ("arrival mean min", "到场平均 分"), "scene_p50": ("p50", "p50"),
    "scene_p90": ("p90", "p90"), "scene_p99": ("p99", "p99"), "late": ("late by, mean min", "迟到平均 分"),
    "pages": ("pages each", "每起呼出次数"),
}


def sheets_of(result: Result) -> list[Sheet]:
    """Every table of a report."""
    base = result.base
    return [sheet for sheet in (
        _groups("bands", "By target", "按到场时限", base.bands, base.emergencies),
        _what_if(result), _stations(base), _crews(base),
        _groups("first_station", "By the station of who arrived first", "按首到班组的站点", base.by_station),
        _groups("hours", "By hour of day", "按时段", base.by_hour),
        _groups("months", "By month", "按月份", base.by_month),
        _agents(base),
    ) if sheet.rows]


def _groups(
    key: str, title: str, title_zh: str, found: Iterable[Group], total: Group | None = None
) -> Sheet:
    rows = [group_row(group) for group in found]
    if total is not None:
        rows.append(group_row(total))
    return Sheet(key, title, title_zh, GROUP, rows)


def group_row(group: Group) -> Row:
    scene = group.on_scene
    return {
        "name": group.name, "count": group.in_target.of, "in_target": percent(group.in_target.value),
        "interval": interval(group.in_target), "page": seconds(group.first_page.p90),
        "accepted": f"{seconds(group.accepted.p50)} / {seconds(group.accepted.p90)}",
        "scene_mean": minutes(scene.mean), "scene_p50": minutes(scene.p50), "scene_p90": minutes(scene.p90),
        "scene_p99": minutes(scene.p99), "late": minutes(group.late_seconds.mean),
        "pages": f"{group.pages / group.in_target.of:.2f}" if group.in_target.of else "",
    }


def _what_if(result: Result) -> Sheet:
    columns = {
        "change": ("what if", "假设"), "in_target": ("in target", "达标率"),
        "gain": ("more in time (points)", "达标率变化（百分点）"), "per_year": ("more a year", "每年多达标"),
        "scene_p90": ("arrival p90 min", "到场 p90 分"), "agents": ("calls in time", "接听达标率"),
        "wait": ("wait p90 s", "等待 p90 秒"),
    }
    rows = [_variant_row("as it is", result.base, None, None)]
    rows += [_variant_row(str(v.what_if), v.outcome, v.gain, v.gain_half_width) for v in result.variants]
    return Sheet("what_if", "What if", "假如", columns, rows if result.variants else [])


def _variant_row(name: str, found: Outcome, gain: float | None, half: float | None) -> Row:
    answering = found.answering
    row: Row = {
        "change": name, "in_target": percent(found.emergencies.in_target.value),
        "scene_p90": minutes(found.emergencies.on_scene.p90),
        "agents": percent(answering.within.value) if answering else "",
        "wait": seconds(answering.wait.p90) if answering else "",
    }
    if gain is not None:
        spread = f" ± {half * 100:.2f}" if half is not None else ""
        row["gain"] = f"{gain * 100:+.2f}{spread}"
        row["per_year"] = f"{gain * found.emergencies.in_target.of * 365 / found.days:+.0f}"
    return row


def _stations(base: Outcome) -> Sheet:
    columns = {
        "key": ("station", "站点"), "name": ("name", "名称"), "crews": ("crews", "班组"),
        "utilisation": ("utilisation", "忙碌率"), "tasks": ("tasks", "出勤次数"),
        "busy_hours": ("busy h", "忙碌小时"), "duty_hours": ("duty h", "值班小时"),
    }
    return Sheet("stations", "Stations", "站点", columns, [_utilised(one) for one in base.stations])


def _crews(base: Outcome) -> Sheet:
    columns = {
        "key": ("crew", "班组"), "station": ("station", "站点"), "utilisation": ("utilisation", "忙碌率"),
        "tasks": ("tasks", "出勤次数"), "busy_hours": ("busy h", "忙碌小时"),
        "duty_hours": ("duty h", "值班小时"), "driven_km": ("driven km", "行驶公里"),
    }
    return Sheet("crews", "Crews", "班组", columns, [_utilised(one) for one in base.crews])


def _utilised(one: Any) -> Row:
    names = ("key", "name", "station", "crews", "tasks")
    row: Row = {name: getattr(one, name) for name in names if hasattr(one, name)}
    row |= {name: round(getattr(one, name)) for name in ("busy_hours", "duty_hours", "driven_km")
            if hasattr(one, name)}
    return row | {"utilisation": percent(one.utilisation)}


def _agents(base: Outcome) -> Sheet:
    columns = {
        "hour": ("hour", "时段"), "calls": ("calls/h", "来电/时"), "busy": ("busy day", "繁忙日"),
        "on_duty": ("agents", "在岗"), "within": ("in time", "及时接听"), "wait": ("wait s", "平均等待 秒"),
        "occupancy": ("occupancy", "通话占比"), "needed": ("needed", "需要"),
        "needed_busy_day": ("needed, busy day", "繁忙日需要"),
    }
    rows = [
        {"hour": f"{one.hour:02d}", "calls": f"{one.calls:.1f}", "busy": f"{one.busy_day_calls:.0f}",
         "on_duty": one.on_duty, "within": percent(one.within), "wait": seconds(one.mean_wait),
         "occupancy": percent(one.occupancy), "needed": one.needed, "needed_busy_day": one.needed_busy_day}
        for one in (base.answering.hours if base.answering else ())
    ]
    return Sheet("agents", "Agents, Monday to Friday", "坐席（周一至周五）", columns, rows)


def write_csv(sheets: Iterable[Sheet], folder: Path) -> Iterator[Path]:
    """One file for each table, for spreadsheets (with a byte order mark, so that Excel reads Chinese)."""
    folder.mkdir(parents=True, exist_ok=True)
    for sheet in sheets:
        path = folder / f"{sheet.key}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([zh or en or "项目" for en, zh in sheet.columns.values()])
            writer.writerows([row.get(key, "") for key in sheet.columns] for row in sheet.rows)
        yield path


def percent(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.1f} %"


def interval(share: Share) -> str:
    if share.low is None or share.high is None:
        return ""
    return f"{share.low * 100:.1f} – {share.high * 100:.1f}"


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def minutes(value: float | None) -> str:
    return "" if value is None else f"{value / 60:.1f}"


def spread(times: Times) -> str:
    """Mean, median and tails in minutes, in one cell."""
    return " / ".join(minutes(value) for value in (times.mean, times.p50, times.p90, times.p99))
