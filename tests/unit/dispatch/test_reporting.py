"""The figures of a report, on small periods that were reckoned by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dispatch.model import Assignment, Callback, Incident, Page, Ticket
from dispatch.reporting import arrivals, crews, promises
from dispatch.reporting.material import Material
from dispatch.reporting.report import Aim, Aims, make_report
from dispatch.reporting.table import percentile, share
from dispatch.ticket_records import Clock, Point, Slip, Standing
from tests.support.dispatch import NOON, SHANGHAI, stations

HOUR = timedelta(hours=1)
TITLES = {"indoor_repair": "户内维修"}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def incident(name: str, came: float | None = None, band: float = 15, **fields: Any) -> Incident:
    """Reported at noon, `came`: minutes until somebody was there."""
    return Incident.model_validate({
        "incident_id": name, "hazard": "smell", "place": "indoor", "reported_at": NOON, "band_minutes": band,
        "band_assumed": False, "target_at": NOON + minutes(band), "tickets": (f"T-{name}",),
        "on_scene_at": None if came is None else NOON + minutes(came), **fields,
    })


def crew(name: str, of: str, came: float | None = None, **fields: Any) -> Assignment:
    return Assignment.model_validate({
        "assignment_id": f"{of}-{name}", "incident": of, "crew": name, "assigned_at": NOON,
        "acknowledged_at": NOON + minutes(1), "en_route_at": NOON + minutes(3),
        "on_scene_at": None if came is None else NOON + minutes(came), **fields,
    })


def material(**records: Any) -> Material:
    return Material(since=NOON - HOUR, until=NOON + HOUR, now=NOON + HOUR, **records)


def test_arrivals_are_judged_against_their_own_band() -> None:
    made = material(incidents=(
        incident("a", came=14), incident("b", came=16), incident("c", came=29, band=30),
        incident("d"),  # nobody has come, and its target is past
        incident("e", band=90),  # not due yet
        incident("f", state="stood_down", closed_at=NOON),  # stood down before anybody came
        incident("g", came=10, joined_into="a"),  # counted where it was joined
        incident("h", came=20, beyond_bands=True, band=70),
    ))  # fmt: skip
    table = arrivals.by_band(made)
    assert table.row("15分钟") == {
        "group": "15分钟", "emergencies": 3, "arrived": 2, "in_time": 1, "late": 2, "share": 1 / 3,
        "median": 15, "p90": 16,
    }
    assert table.row("30分钟")["share"] == 1
    assert table.row("超出最远档")["in_time"] == 1
    assert table.row("合计")["emergencies"] == 5
    assert table.row("90分钟")["share"] is None


def test_an_arrival_counts_for_the_crew_that_was_there_first() -> None:
    made = material(
        incidents=(incident("a", came=10), incident("b", came=20), incident("c")),
        assignments=(crew("B", "a", came=12), crew("A", "a", came=10), crew("C", "b", came=20)),
    )
    by_crew = arrivals.by_crew(made, stations())
    assert [by_crew.row(name)["emergencies"] for name in ("A班", "B班", "C班")] == [1, 0, 1]
    assert by_crew.row(arrivals.NOBODY)["late"] == 1
    by_station = arrivals.by_station(made, stations())
    assert (by_station.row("西站")["in_time"], by_station.row("东站")["in_time"]) == (1, 0)


def test_hours_are_local() -> None:
    table = arrivals.by_hour(material(incidents=(incident("a", came=5),)), SHANGHAI)
    assert (table.row("12")["in_time"], table.row("04")["emergencies"], len(table.rows)) == (1, 0, 24)


def test_intervals_leave_out_what_has_one_end_only() -> None:
    made = material(assignments=(
        crew("A", "a", came=13, made_safe_at=NOON + minutes(43), cleared_at=NOON + minutes(60)),
        crew("A", "b", came=23), crew("A", "c", acknowledged_at=None, en_route_at=None),
    ))  # fmt: skip
    row = crews.intervals(made, stations()).row("A班")
    assert (row["taken"], row["turnout"], row["travel"], row["on_scene"], row["total"]) == (2, 2, 15, 30, 60)
    assert row["travel_p90"] == 20


def page(number: int, of: str, target: str, state: str, **fields: Any) -> Page:
    return Page.model_validate({
        "page_id": f"{of}-P{number:03d}", "incident": of, "target_kind": "crew", "target": target,
        "person": "王", "phone": "119", "level": number, "round": 1, "state": state,
        "ordered_at": NOON + timedelta(seconds=number), "expires_at": NOON + HOUR, **fields,
    })


def test_pages_are_accounted_for_one_by_one() -> None:
    made = material(
        incidents=(
            incident("a", came=9, accepted_at=NOON + timedelta(seconds=70)),
            incident("b", accepted_at=NOON + timedelta(seconds=30)),
        ),
        pages=(
            page(1, "a", "A", "timed_out"), page(2, "a", "B", "declined", answered_at=NOON),
            page(3, "a", "C", "accepted", answered_at=NOON, ended_at=NOON + timedelta(seconds=63)),
            page(1, "b", "A", "accepted", answered_at=NOON, ended_at=NOON + timedelta(seconds=31)),
            page(2, "b", "B", "cancelled"),
        ),
    )  # fmt: skip
    table = crews.pages(made, stations())
    assert table.row("A班") | {"group": ""} == {
        "group": "", "pages": 2, "answered": 1, "accepted": 1, "declined": 0, "unanswered": 1, "share": 0.5,
        "median": 30,
    }
    assert table.row("合计")["pages"] == 4
    chain = crews.escalation(made)
    assert [(row[0], row[1]) for row in chain.rows] == [("第2级", 1), ("第3级", 1)]
    assert "接报到有人接单中位50秒" in chain.note


def clock(name: str, late_seconds: int | None, **fields: Any) -> Clock:
    ended = NOON if late_seconds is not None else None
    return Clock.model_validate({
        "clock_id": name, "ticket": f"T-{name}", "business": "indoor_repair", "stage": "complete",
        "position": 1, "started_at": NOON - HOUR, "due_at": NOON, "ended_at": ended,
        "late_seconds": late_seconds, **fields,
    })


def test_a_promise_that_is_not_due_says_nothing_yet() -> None:
    made = material(clocks=(
        clock("a", 0), clock("b", 120), clock("c", None), clock("d", None, due_at=NOON + 3 * HOUR),
        clock("e", None, due_at=None),
        clock("f", 0, standings=(Standing(reason="roads", author="王", begun=NOON),)),
    ))  # fmt: skip
    row = promises.on_time(made, TITLES).row("户内维修")
    assert (row["promises"], row["kept"], row["late"], row["overdue"], row["running"]) == (5, 2, 1, 1, 1)
    assert (row["share"], row["paused"], row["median_late"]) == (0.5, 1, 2)


def ticket(number: str, **fields: Any) -> Ticket:
    return Ticket.model_validate({
        "number": number, "business": "indoor_repair", "priority": 3, "opened_at": NOON, "updated_at": NOON,
        "closed_at": NOON, **fields,
    })


def slip(of: str, number: int = 1, **fields: Any) -> Slip:
    return Slip.model_validate({
        "slip_id": f"{of}-S{number}", "ticket": of, "content": "修", "in_charge": "A", "issued_at": NOON,
        "issued_by": "王", **fields,
    })


def test_a_repair_is_fixed_first_time_when_nobody_has_to_come_again() -> None:
    made = material(
        tickets=(
            ticket("good"), ticket("twice"), ticket("left"), ticket("again"), ticket("no slip"),
            ticket("said no", fields={"fixed_first_time": "no"}), ticket("open", closed_at=None),
        ),
        slips=(
            slip("good"), slip("twice"), slip("twice", 2), slip("left", points=(Point(text="换表"),)),
            slip("again"), slip("open"),
        ),
        repaired_before=frozenset({"again"}),
    )  # fmt: skip
    row = promises.first_time_fix(made, TITLES).row("户内维修")
    assert (row["repairs"], row["fixed"], row["share"]) == (5, 1, 0.2)


def owed(name: str, **fields: Any) -> Callback:
    return Callback.model_validate({
        "callback_id": name, "call_id": name, "number": "139", "reason": "refused", "ticket": name,
        "requested_at": NOON, "due_at": NOON + minutes(1), **fields,
    })


def test_call_backs_in_time_and_late() -> None:
    made = material(callbacks=(
        owed("a", state="done", done_at=NOON + timedelta(seconds=30)),
        owed("b", state="done", done_at=NOON + minutes(3)), owed("c"),
    ))  # fmt: skip
    row = promises.callbacks(made).row("未能接入")
    assert (row["owed"], row["reached"], row["in_time"], row["share"]) == (3, 2, 1, 2 / 3)


def test_an_empty_period_makes_a_report_without_figures() -> None:
    aims = Aims(aims=(Aim(title="按时", table="arrivals_by_band", at_least=1),))
    report = make_report(material(), stations(), SHANGHAI, TITLES, aims)
    assert [judged.reached for judged in report.judged] == [None]
    assert len(report.tables) == 11


def test_an_aim_is_judged_by_the_total() -> None:
    aims = Aims(aims=(Aim(title="按时", table="arrivals_by_band", at_least=0.6),))
    made = material(incidents=(incident("a", came=14), incident("b", came=16)))
    [judged] = make_report(made, stations(), SHANGHAI, TITLES, aims).judged
    assert (judged.value, judged.reached) == (0.5, False)


@pytest.mark.parametrize(
    ("values", "of", "expected"),
    [([], 90, None), ([1], 90, 1), (list(range(1, 11)), 90, 9), ([3, 1, 2], 50, 2)],
)
def test_a_percentile_is_a_value_that_occurred(
    values: list[float], of: float, expected: float | None
) -> None:
    assert percentile(values, of) == expected
    assert share(1, 0) is None
