"""The sheet with which a shift hands over to the next: what is open or late, who is out, what is left.

Nobody should have to ask the colleague who has gone home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from dispatch.board import Board
from dispatch.crew_states import UnitState
from dispatch.joined import Clearance, Join
from dispatch.model import COVERING, Assignment, Callback, Incident, Page, Ticket
from dispatch.outage_records import Outage
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.states import AssignmentState, IncidentState
from dispatch.ticket_records import Clock, Slip, Visit

INCIDENT_WORDS = {
    IncidentState.REPORTED: "无人接单", IncidentState.TAKEN: "已接单", IncidentState.EN_ROUTE: "路上",
    IncidentState.ON_SCENE: "处置中", IncidentState.MADE_SAFE: "险情已排除",
}  # fmt: skip
Kind = TypeVar("Kind")
CREW_WORDS = {
    AssignmentState.ACKNOWLEDGED: "已接单", AssignmentState.EN_ROUTE: "已出发",
    AssignmentState.ON_SCENE: "已到场", AssignmentState.MADE_SAFE: "已排除险情",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[str, ...]
    urgent: bool = False
    """Somebody must act on it now."""


@dataclass(frozen=True, slots=True)
class Sheet:
    made_at: datetime
    """Local time."""
    since: datetime
    sections: tuple[Section, ...]


def handover(
    state: State, rules: Rules, titles: Mapping[str, str], now: datetime, *, shift: timedelta,
    soon: timedelta,
) -> Sheet:
    """`shift`: how far it looks back; `soon`: how far ahead promises and visits are shown. No drills."""
    local = now.astimezone(rules.timezone)
    names = {crew.key: crew.name for crew in rules.stations.crews}
    sections = (
        _incidents(state, rules, names, now), _clearances(state), _joins(state),
        _late(state, rules, titles, now),
        _due_soon(state, rules, titles, now, soon), _visits(state, rules, names, now, soon),
        _owed(state, now), _crews(state, rules, now), _points(state), _outages(state, rules),
        _shift(state, now - shift),
    )  # fmt: skip
    return Sheet(local, local - shift, sections)


def _incidents(state: State, rules: Rules, names: Mapping[str, str], now: datetime) -> Section:
    lines = []
    untaken = False
    for incident in sorted(_real(state.live(Incident)), key=lambda one: one.reported_at):
        untaken = untaken or incident.state == IncidentState.REPORTED
        who = [
            f"{names.get(a.crew, a.crew)}{CREW_WORDS.get(a.state, '')}"
            for key in sorted(state.of_incident(Assignment, incident.key))
            if (a := state.get(Assignment, key)) is not None and a.state in COVERING
        ]
        late = "，已超到场时限" if incident.on_scene_at is None and incident.target_at < now else ""
        where = incident.address or "地址不明"
        reported = incident.reported_at.astimezone(rules.timezone)
        lines.append(
            f"{incident.key} {reported:%m-%d %H:%M} {where}：{INCIDENT_WORDS.get(incident.state, '')}"
            f"{late}；{'、'.join(who) or '没有班组'}"
        )
    return Section("未办结的险情", tuple(lines), urgent=untaken)


def _clearances(state: State) -> Section:
    lines = tuple(
        f"{one.incident} {_address(state, one.ticket)}：还没有逐户检查" for one in state.live(Clearance)
    )
    return Section("待逐户确认的地址", lines, urgent=bool(lines))


def _joins(state: State) -> Section:
    lines = tuple(
        f"{one.ticket} 可能与 {one.incident} 是同一处：{'、'.join(one.reasons)}"
        for one in state.live(Join) if not one.drill
    )
    return Section("待确认是否同一险情", lines, urgent=bool(lines))


def _late(state: State, rules: Rules, titles: Mapping[str, str], now: datetime) -> Section:
    late = [c for c in _real(state.live(Clock)) if c.due_at is not None and c.due_at < now]
    lines = tuple(
        f"{clock.ticket} {_promise(state, rules, titles, clock)}："
        f"超时{_span(now - clock.due_at)}；{_owner(state, clock.ticket)}"
        for clock in sorted(late, key=lambda one: one.due_at or now) if clock.due_at is not None
    )
    return Section("已超承诺时限", lines, urgent=bool(lines))


def _promise(state: State, rules: Rules, titles: Mapping[str, str], clock: Clock) -> str:
    """As in 户内维修（修好）."""
    ticket = state.get(Ticket, clock.ticket)
    kind = rules.businesses.kind_of(ticket.business) if ticket is not None else None
    stage = kind.stage_title(clock.stage) if kind is not None else clock.stage
    return f"{titles.get(clock.business, clock.business)}（{stage}）"


def _due_soon(
    state: State, rules: Rules, titles: Mapping[str, str], now: datetime, soon: timedelta
) -> Section:
    near = [
        c for c in _real(state.live(Clock))
        if c.due_at is not None and now <= c.due_at <= now + soon and c.started_at is not None
    ]
    lines = tuple(
        f"{clock.ticket} {_promise(state, rules, titles, clock)}："
        f"{clock.due_at.astimezone(rules.timezone):%m-%d %H:%M}前；{_owner(state, clock.ticket)}"
        for clock in sorted(near, key=lambda one: one.due_at or now) if clock.due_at is not None
    )
    return Section("即将到期", lines)


def _visits(state: State, rules: Rules, names: Mapping[str, str], now: datetime, soon: timedelta) -> Section:
    near = [v for v in _real(state.live(Visit)) if v.begins_at <= now + soon]
    lines = tuple(
        f"{visit.ticket} {visit.begins_at.astimezone(rules.timezone):%m-%d %H:%M}—"
        f"{visit.ends_at.astimezone(rules.timezone):%H:%M} {names.get(visit.technician, visit.technician)}"
        f"：{_address(state, visit.ticket)}{'（第二次预约，不得失约）' if visit.ordinal > 1 else ''}"
        for visit in sorted(near, key=lambda one: one.begins_at)
    )
    return Section("预约上门", lines)


def _owed(state: State, now: datetime) -> Section:
    lines = tuple(
        f"{one.ticket} {one.reason}：已试{one.attempts}次{'，已超时' if one.due_at < now else ''}"
        for one in sorted(_real(state.live(Callback)), key=lambda one: one.due_at)
    )
    return Section("待回拨", lines, urgent=any(one.due_at < now for one in _real(state.live(Callback))))


def _crews(state: State, rules: Rules, now: datetime) -> Section:
    board = Board(rules, state, now)
    lines = []
    for crew in rules.stations.crews:
        standing = board.standing(crew)
        unit = board.unit(crew.key)
        if standing in (UnitState.OUT_OF_SERVICE, UnitState.OFF_DUTY):
            why = f"：{unit.reason}" if unit is not None and unit.reason else ""
            lines.append(f"{crew.name}{'停用' if standing == UnitState.OUT_OF_SERVICE else '已下班'}{why}")
    free = sum(board.state(crew) == UnitState.AVAILABLE for crew in board.crews_on_duty())
    lines.append(f"在岗{len(board.crews_on_duty())}组，其中空闲{free}组")
    return Section("班组", tuple(lines), urgent=free == 0)


def _points(state: State) -> Section:
    lines = tuple(
        f"{slip.ticket} {_address(state, slip.ticket)}：{point.text}"
        for slip in _real(state.live(Slip)) for point in slip.open_points
    )
    return Section("遗留问题", lines)


def _outages(state: State, rules: Rules) -> Section:
    lines = tuple(
        f"{one.area}：{one.reason}，预计{one.expected_at.astimezone(rules.timezone):%m-%d %H:%M}恢复"
        for one in _real(state.live(Outage))
    )
    return Section("停气", lines)


def _shift(state: State, since: datetime) -> Section:
    incidents = [one for one in _real(state.all(Incident)) if one.reported_at >= since]
    tickets = [one for one in _real(state.all(Ticket)) if one.opened_at >= since]
    pages = [one for one in _real(state.all(Page)) if one.ordered_at >= since]
    missed = sum(page.state in ("timed_out", "failed") for page in pages)
    closed = sum(ticket.closed_at is not None for ticket in tickets)
    lines = (
        f"受理{len(tickets)}件，办结{closed}件；险情{len(incidents)}起；派单呼叫{len(pages)}次，未接通{missed}次",
    )
    return Section("本班情况", lines)


def _real(records: list[Kind]) -> list[Kind]:
    return [record for record in records if not getattr(record, "drill", False)]


def _address(state: State, number: str) -> str:
    ticket = state.get(Ticket, number)
    return (ticket.address if ticket else "") or "地址不明"


def _owner(state: State, number: str) -> str:
    ticket = state.get(Ticket, number)
    return f"负责人{ticket.owner}" if ticket is not None and ticket.owner else "没有负责人"


def _span(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    return f"{minutes // 60}小时{minutes % 60}分钟" if minutes >= 60 else f"{minutes}分钟"
