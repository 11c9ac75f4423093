"""The report as one HTML page: tables and plots, no scripts, nothing from elsewhere; to mail or print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from dispatch.planning import BEYOND, Outcome, Result, busy_share_by_hour
from hotline import plots
from hotline.planning.sheets import interval, minutes, percent, seconds, sheets_of

HOURS = [f"{hour:02d}" for hour in range(24)]
WORDS = {"all": "合计", "as it is": "现状", BEYOND: "超出各档"}
"""Names of rows that the figures carry in English."""


def as_html(title: str, results: Sequence[Result], command: str) -> str:
    """One part for each city. `command`: how it was made, so that it can be made again."""
    environment = Environment(
        loader=PackageLoader("hotline", "templates"), autoescape=select_autoescape(default=True)
    )
    environment.filters["chinese"] = chinese
    parts = [_part(result) for result in results]
    return environment.get_template("simulation.html").render(title=title, parts=parts, command=command)


def chinese(cell: object) -> object:
    """A cell as the page shows it: 15 min is 15分钟."""
    text = str(cell)
    if text.removesuffix(" min").isdigit() and text.endswith(" min"):
        return f"{text.removesuffix(' min')}分钟"
    return WORDS.get(text, cell)


def _part(result: Result) -> dict[str, Any]:
    base = result.base
    drawn = [plot for plot in (
        _bands(base), _by_hour(base), _arrivals(base), _utilisation(base), _crews_at_work(base),
        _gains(result), _agents(base), _waits(base),
    ) if plot]
    return {
        "title": base.title, "facts": facts(result), "sheets": sheets_of(result),
        # Made by the plot library from escaped text.
        "plots": [Markup(plot) for plot in drawn],
    }


def facts(result: Result) -> dict[str, str]:
    """What the page says first."""
    base = result.base
    told = {
        "时长": f"{base.days} 天，{base.households:,} 户，随机种子 {result.seed}",
        "来电": f"{base.calls:,}",
        "险情": f"{base.emergencies.in_target.of:,}",
        "按时到场": f"{percent(base.emergencies.in_target.value)}"
                f"（95%：{interval(base.emergencies.in_target)}）",
        "到场时间": f"平均 {minutes(base.emergencies.on_scene.mean)} 分，"
                f"p90 {minutes(base.emergencies.on_scene.p90)} 分，"
                f"p99 {minutes(base.emergencies.on_scene.p99)} 分",
        "呼出": f"{base.pages:,} 次；整条链重来 {base.escalations:,} 次；警报 {base.alarms:,} 次；"
              f"增派 {base.reinforcements:,} 次",
        "未结束": f"{base.unfinished}",
    }
    if base.answering is not None:
        told["人工接听"] = (
            f"{base.answering.callers:,} 人，{base.answering.within_seconds:g} 秒内接听 "
            f"{percent(base.answering.within.value)}（目标 {percent(base.answering.wanted_share)}），"
            f"等待 p90 {seconds(base.answering.wait.p90)} 秒，放弃 {percent(base.answering.hung_up.value)}"
        )
    return told


def _bands(base: Outcome) -> str:
    labels = [str(chinese(group.name)) for group in base.bands]
    values = [_percent(group.in_target.value) for group in base.bands]
    return plots.bars("按时到场率（按时限）", labels, {"达标率": values}, unit="%", highest=100)


def _by_hour(base: Outcome) -> str:
    found = {group.name: group for group in base.by_hour}
    shares = [_percent(found[hour].in_target.value) if hour in found else None for hour in HOURS]
    return plots.lines("按时到场率（按报警时段）", HOURS, {"达标率": shares}, unit="%", highest=100)


def _arrivals(base: Outcome) -> str:
    found = {group.name: group for group in base.by_hour}
    series = {
        name: [_minutes(getattr(found[hour].on_scene, key)) if hour in found else None for hour in HOURS]
        for name, key in (("中位数", "p50"), ("p90", "p90"))
    }
    return plots.lines("到场时间（按报警时段）", HOURS, series, unit="分")


def _utilisation(base: Outcome) -> str:
    labels = [crew.key for crew in base.crews]
    values = [_percent(crew.utilisation) for crew in base.crews]
    return plots.bars("班组忙碌率", labels, {"忙碌率": values}, unit="%") if len(labels) <= 60 else ""


def _crews_at_work(base: Outcome) -> str:
    busy: list[float | None] = [round(value, 2) for value in busy_share_by_hour(base.crews, base.days)]
    return plots.lines("同时在忙的班组（平均）", HOURS, {"班组": busy})


def _gains(result: Result) -> str:
    found = [(str(v.what_if), v.gain) for v in result.variants if v.gain is not None]
    if not found:
        return ""
    values = [round(gain * 100, 2) for _, gain in found]
    return plots.bars("假如：达标率变化", [name for name, _ in found], {"百分点": values}, unit="百分点")


def _agents(base: Outcome) -> str:
    if base.answering is None or not base.answering.hours:
        return ""
    rows = base.answering.hours
    series: dict[str, list[float | None]] = {
        "在岗": [float(row.on_duty) for row in rows], "平日需要": [float(row.needed) for row in rows],
        "繁忙日需要": [float(row.needed_busy_day) for row in rows],
    }
    return plots.lines("坐席：在岗与需要（周一至周五）", HOURS, series)


def _waits(base: Outcome) -> str:
    if base.answering is None or not base.answering.hours:
        return ""
    shares = [_percent(row.within) for row in base.answering.hours]
    return plots.lines("及时接听率（周一至周五）", HOURS, {"及时接听": shares}, unit="%", highest=100)


def _percent(value: float | None) -> float | None:
    return None if value is None else round(value * 100, 1)


def _minutes(value: float | None) -> float | None:
    return None if value is None else round(value / 60, 1)
