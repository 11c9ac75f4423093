"""Whether what was promised was kept: deadlines, first-time fixes, call-backs (E4, S2; S0 §27)."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.model import Ticket
from dispatch.reporting.material import Material
from dispatch.reporting.table import Cell, Column, Table, median, percentile, share
from dispatch.states import CallbackState
from dispatch.ticket_records import Clock

YES, NO = "yes", "no"
FIRST_TIME = "fixed_first_time"
"""The field of a repair in which whoever did it says so."""


def on_time(material: Material, titles: Mapping[str, str]) -> Table:
    """By business and stage. `titles`: business → as staff calls it."""
    groups: dict[tuple[str, str], list[Clock]] = {}
    for clock in material.clocks:
        if clock.due_at is not None and clock.started_at is not None:
            groups.setdefault((clock.business, clock.stage), []).append(clock)
    columns = (
        Column("business", "业务"), Column("stage", "环节"), Column("promises", "承诺", "count"),
        Column("kept", "按时完成", "count"), Column("late", "逾期完成", "count"),
        Column("overdue", "逾期未完", "count"), Column("running", "未到期", "count"),
        Column("share", "按时率", "share"), Column("paused", "曾暂停", "count"),
        Column("median_late", "逾期（中位）", "minutes"),
    )  # fmt: skip
    rows = tuple(
        (titles.get(business, business), stage, *_kept(found, material))
        for (business, stage), found in sorted(groups.items())
    )
    everything = [clock for found in groups.values() for clock in found]
    note = "按时率＝按时完成÷（按时完成＋逾期完成＋逾期未完）；未到期的不计。暂停的时间不计入。"
    return Table("on_time", "承诺时限", columns, (*rows, ("合计", "", *_kept(everything, material))), note)


def _kept(clocks: list[Clock], material: Material) -> tuple[Cell, ...]:
    ended = [clock for clock in clocks if clock.ended_at is not None]
    kept = sum(clock.late_seconds == 0 for clock in ended)
    late = [clock.late_seconds / 60 for clock in ended if clock.late_seconds]
    left = [clock for clock in clocks if clock.ended_at is None]
    overdue = sum(clock.due_at is not None and clock.due_at < material.now for clock in left)
    paused = sum(bool(clock.standings) for clock in clocks)
    return (
        len(clocks), kept, len(late), overdue, len(left) - overdue,
        share(kept, kept + len(late) + overdue), paused, median(late),
    )


def first_time_fix(material: Material, titles: Mapping[str, str]) -> Table:
    """Repairs that needed nobody to come again."""
    slips: dict[str, int] = {}
    unsolved: set[str] = set()
    for slip in material.slips:
        slips[slip.ticket] = slips.get(slip.ticket, 0) + 1
        if slip.points:
            unsolved.add(slip.ticket)
    groups: dict[str, list[Ticket]] = {}
    for ticket in material.tickets:
        worked_on = slips.get(ticket.number) or ticket.fields.get(FIRST_TIME) in (YES, NO)
        if ticket.closed_at is not None and worked_on:
            groups.setdefault(ticket.business, []).append(ticket)

    def fixed(ticket: Ticket) -> bool:
        again = ticket.number in material.repaired_before or slips.get(ticket.number, 0) > 1
        return not again and ticket.number not in unsolved and ticket.fields.get(FIRST_TIME) != NO

    columns = (
        Column("business", "业务"), Column("repairs", "办结", "count"), Column("fixed", "一次修复", "count"),
        Column("share", "一次修复率", "share"),
    )  # fmt: skip
    everything = [ticket for found in groups.values() for ticket in found]
    rows: list[tuple[Cell, ...]] = []
    for name, found in sorted(groups.items()):
        good = sum(map(fixed, found))
        rows.append((titles.get(name, name), len(found), good, share(good, len(found))))
    good = sum(map(fixed, everything))
    note = "只派过一次工、没有遗留问题、没有后续工单、维修人员没有注明未一次修复。"
    total = ("合计", len(everything), good, share(good, len(everything)))
    return Table("first_time_fix", "一次修复", columns, (*rows, total), note)


def callbacks(material: Material) -> Table:
    """Callers whom we owed a call (A4, and who was refused, lost or gave up)."""
    groups: dict[str, list[tuple[bool, bool, float | None]]] = {}
    for owed in material.callbacks:
        done = owed.state == CallbackState.DONE
        wait = (owed.done_at - owed.requested_at).total_seconds() / 60 if done and owed.done_at else None
        good = done and owed.done_at is not None and owed.done_at <= owed.due_at
        groups.setdefault(_REASONS.get(owed.reason, owed.reason), []).append((done, good, wait))
    columns = (
        Column("reason", "原因"), Column("owed", "应回拨", "count"), Column("reached", "已回通", "count"),
        Column("in_time", "按时", "count"), Column("share", "回通率", "share"),
        Column("p90", "等待（九成以内）", "minutes"),
    )  # fmt: skip
    everything = [one for found in groups.values() for one in found]
    rows = [(name, *_reached(found)) for name, found in sorted(groups.items())]
    return Table("callbacks", "回拨", columns, (*rows, ("合计", *_reached(everything))))


_REASONS = {
    "refused": "未能接入", "abandoned": "未接通挂机", "worker_died": "通话中断", "asked": "客户要求",
    "unanswered_question": "待答复的咨询",
}  # fmt: skip


def _reached(found: list[tuple[bool, bool, float | None]]) -> tuple[Cell, ...]:
    done, good = sum(one[0] for one in found), sum(one[1] for one in found)
    waits = [one[2] for one in found if one[2] is not None]
    return len(found), done, good, share(done, len(found)), percentile(waits, 90)


def tickets(material: Material, titles: Mapping[str, str]) -> Table:
    """What people called about."""
    groups: dict[str, list[Ticket]] = {}
    for ticket in material.tickets:
        groups.setdefault(ticket.business, []).append(ticket)
    columns = (
        Column("business", "业务"), Column("opened", "受理", "count"), Column("closed", "办结", "count"),
        Column("open", "在办", "count"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for name, found in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        closed = sum(ticket.closed_at is not None for ticket in found)
        rows.append((titles.get(name, name), len(found), closed, len(found) - closed))
    closed = sum(ticket.closed_at is not None for ticket in material.tickets)
    total = ("合计", len(material.tickets), closed, len(material.tickets) - closed)
    return Table("tickets", "受理量", columns, (*rows, total))
