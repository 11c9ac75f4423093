"""How long crews take for each part of the way, and how they answer when they are paged (S0/S1 §22(2))."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dispatch.crews import Stations
from dispatch.model import Assignment, Page
from dispatch.reporting.material import Material
from dispatch.reporting.table import Cell, Column, Table, median, percentile, share
from dispatch.states import PageState

INTERVALS = (
    ("turnout", "出动", "acknowledged_at", "en_route_at"),
    ("travel", "路途", "en_route_at", "on_scene_at"),
    ("on_scene", "处置", "on_scene_at", "made_safe_at"),
    ("total", "全程", "assigned_at", "cleared_at"),
)


def intervals(material: Material, stations: Stations) -> Table:
    """Turnout, travel, on-scene and total time by crew."""
    names = {crew.key: crew.name for crew in stations.crews}
    groups: dict[str, list[Assignment]] = {name: [] for name in names.values()}
    for assignment in material.assignments:
        if assignment.acknowledged_at is not None or assignment.en_route_at is not None:
            groups.setdefault(names.get(assignment.crew, assignment.crew), []).append(assignment)
    columns = [Column("group", "班组"), Column("taken", "接单", "count")]
    for key, title, _, _ in INTERVALS:
        columns.append(Column(key, f"{title}（中位）", "minutes"))
        columns.append(Column(f"{key}_p90", f"{title}（九成）", "minutes"))
    rows = tuple((name, len(found), *_intervals(found)) for name, found in groups.items())
    total = [one for found in groups.values() for one in found]
    note = "出动：接单到出发；路途：出发到到场；处置：到场到排除险情；全程：派单到撤离。缺一头的不计。"
    return Table(
        "intervals", "各段用时", tuple(columns), (*rows, ("合计", len(total), *_intervals(total))), note
    )


def _intervals(found: list[Assignment]) -> Iterable[Cell]:
    for _, _, start, end in INTERVALS:
        minutes = [m for one in found if (m := _minutes(getattr(one, start), getattr(one, end))) is not None]
        yield median(minutes)
        yield percentile(minutes, 90)


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else max(0.0, (end - start).total_seconds() / 60)


def pages(material: Material, stations: Stations) -> Table:
    """Every page accounts for somebody (层层追责): who was rung, and what came of it."""
    names = {crew.key: crew.name for crew in stations.crews}
    groups: dict[str, list[Page]] = {}
    for page in material.pages:
        groups.setdefault(names.get(page.target, page.target), []).append(page)
    columns = (
        Column("group", "被呼叫方"), Column("pages", "呼叫", "count"), Column("answered", "接听", "count"),
        Column("accepted", "接单", "count"), Column("declined", "拒单", "count"),
        Column("unanswered", "未接通", "count"), Column("share", "接听率", "share"),
        Column("median", "接单用时（中位）", "seconds"),
    )  # fmt: skip
    rows = tuple((name, *_answers(found)) for name, found in sorted(groups.items()))
    return Table("pages", "呼叫与应答", columns, (*rows, ("合计", *_answers(material.pages))))


def _answers(found: Iterable[Page]) -> tuple[Cell, ...]:
    rung = [page for page in found if page.state != PageState.CANCELLED]
    answered = [page for page in rung if page.answered_at is not None or page.state == PageState.ACCEPTED]
    accepted = [page for page in rung if page.state == PageState.ACCEPTED]
    taken = [
        (page.ended_at - page.ordered_at).total_seconds() for page in accepted if page.ended_at is not None
    ]
    declined = sum(page.state == PageState.DECLINED for page in rung)
    return (
        len(rung), len(answered), len(accepted), declined, len(rung) - len(answered),
        share(len(answered), len(rung)), median(taken),
    )


def escalation(material: Material) -> Table:
    """How far up the chain it went until somebody took the emergency."""
    levels: dict[str, int] = {}
    first, accepted = [], []
    for incident in material.incidents:
        rung = material.pages_of.get(incident.key, [])
        if not rung or incident.joined_into:
            continue
        top = max(rung, key=lambda page: (page.round, page.level))
        name = f"第{top.level}级" if top.round <= 1 else f"第{top.round}轮第{top.level}级"
        levels[name] = levels.get(name, 0) + 1
        first.append(max(0.0, (rung[0].ordered_at - incident.reported_at).total_seconds()))
        if incident.accepted_at is not None:
            accepted.append((incident.accepted_at - incident.reported_at).total_seconds())
    columns = (
        Column("group", "最高升级到"), Column("incidents", "险情", "count"), Column("share", "占比", "share"),
    )  # fmt: skip
    total = sum(levels.values())
    rows = tuple((name, count, share(count, total)) for name, count in sorted(levels.items()))
    shown = [f"{label}{value:.0f}秒" for label, value in (
        ("接报到第一次呼叫中位", median(first)), ("九成以内", percentile(first, 90)),
        ("接报到有人接单中位", median(accepted)), ("九成以内", percentile(accepted, 90)),
    ) if value is not None]  # fmt: skip
    return Table("escalation", "逐级升级", columns, rows, "；".join(shown))
