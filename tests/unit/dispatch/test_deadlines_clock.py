"""Running clocks, and duties that come round or must be told ahead."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.deadlines import (
    Clock,
    Notice,
    Paused,
    Periodic,
    check_pause,
    end_by,
    next_due,
    running_due,
    tell_by,
    warnings_at,
)
from dispatch.errors import NotAllowed
from tests.support.standards import NAMES, local, standard

START, DUE, LATER = local("2026-03-10T09:00"), local("2026-03-10T12:00"), local("2026-03-11T00:00")


def stood(begun: str, ended: str | None) -> Paused:
    end = local(f"2026-03-10T{ended}") if ended else None
    return Paused("customers_wish", "张敏", local(f"2026-03-10T{begun}"), end)


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "12:00"),
        ([stood("10:00", "10:30")], "12:30"),
        ([stood("10:00", "11:00"), stood("10:30", "11:30")], "13:30"),
        ([stood("11:30", "13:00"), stood("13:15", "13:30")], "13:45"),
        ([stood("11:00", "11:10"), stood("10:00", "10:05")], "12:15"),
        ([stood("12:00", "13:00")], "12:00"),  # it was overdue when it was paused
        ([stood("11:00", "10:00")], "12:00"),  # a clock that was set back
    ],
)
def test_a_clock_that_stood_still_is_due_as_much_later(pauses: list[Paused], due: str) -> None:
    assert running_due(DUE, pauses, LATER) == local(f"2026-03-10T{due}")


def test_a_pause_that_lasts_moves_the_due_time_with_the_clock() -> None:
    for minutes in (0, 1, 600):
        now = local("2026-03-10T11:00") + timedelta(minutes=minutes)
        assert running_due(DUE, [stood("11:00", None)], now) == DUE + timedelta(minutes=minutes)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 200)), max_size=6))
def test_pauses_never_bring_a_due_time_forward_nor_count_twice(spans: list[tuple[int, int]]) -> None:
    pauses = [
        Paused("customers_wish", "张敏", begun, begun + timedelta(minutes=length))
        for begun, length in ((START + timedelta(minutes=first), length) for first, length in spans)
    ]
    moved = running_due(DUE, pauses, LATER)
    assert DUE <= moved <= DUE + timedelta(minutes=sum(length for _, length in spans))
    assert moved == running_due(DUE, pauses[::-1], LATER)


def test_warnings_come_at_shares_of_the_time() -> None:
    clock = Clock(warn_at_percent=(50, 80), overdue_to=("owner",))
    assert warnings_at(clock, START, DUE) == (local("2026-03-10T10:30"), local("2026-03-10T11:24"))
    assert warnings_at(clock, DUE, START) == (DUE, DUE)


@pytest.mark.parametrize(
    ("name", "business", "reason", "author", "said"),
    [
        ("guangyuan-2022", "emergency", "customers_wish", "张敏", "lists roads_not_clear"),
        ("guangyuan-2022", "indoor_repair", "roads_not_clear", "张敏", "lists customers_wish"),
        ("guangyuan-2021", "indoor_repair", "lunch", "张敏", "lunch is no reason"),
        ("aode", "emergency", "roads_not_clear", "张敏", "lists none"),
        ("guangyuan-2021", "indoor_repair", "customers_wish", "  ", "say whose"),
    ],
)
def test_a_clock_stands_still_for_listed_reasons_only(
    name: str, business: str, reason: str, author: str, said: str
) -> None:
    with pytest.raises(NotAllowed, match=said):
        check_pause(standard(name), business, reason, author)


def test_listed_reasons_are_allowed() -> None:
    check_pause(standard("guangyuan-2021"), "emergency", "roads_not_clear", "张敏")
    for name in NAMES:
        check_pause(standard(name), "complaint", "customers_wish", "张敏")


def test_whom_an_overdue_complaint_is_told_to() -> None:
    """S1 annex 3 §15(2): the head of the department and those concerned."""
    assert standard("guangyuan-2022").clock_of("complaint").overdue_to == (
        "owner", "department_head", "service_centre")
    for name in NAMES:
        assert "leaders" in standard(name).clock_of("emergency").overdue_to
        assert standard(name).clock_of("no such business").overdue_to == ("owner", "department_head")


@pytest.mark.parametrize(
    ("name", "duty", "due"),
    [
        ("guangyuan-2021", "inspection_urban_homes", "2028-08-31"),
        ("guangyuan-2021", "inspection_rural_homes", "2027-02-28"),
        ("guangyuan-2022", "inspection_non_residential", "2027-08-31"),
        ("guangyuan-2022", "inspection_large_boilers", "2027-02-28"),
        ("guangyuan-2022", "follow_up_industrial_and_group", "2026-11-30"),
        ("guangyuan-2022", "follow_up_others", "2027-02-28"),
        ("guangyuan-2022", "service_contact_industrial_and_group", "2026-11-30"),
        ("guangyuan-2022", "service_contact_commercial_and_other", "2027-02-28"),
        ("guangyuan-2022", "sampled_follow_up", "2026-09-30"),
        ("guangyuan-2022", "service_inspection", "2027-02-28"),
        ("guangyuan-2022", "data_backup", "2026-09-07"),
        ("aode", "inspection_works_and_public", "2026-11-30"),
        ("aode", "inspection_homes", "2027-02-28"),
        ("aode", "inspection_heating_boilers", "2027-02-28"),
        ("kunlun", "inspection_non_residential", "2027-08-31"),
        ("kunlun", "inspection_homes", "2028-08-31"),
    ],
)
def test_duties_come_round(name: str, duty: str, due: str) -> None:
    found = standard(name).duties[duty]
    assert isinstance(found, Periodic)
    assert next_due(found, date(2026, 8, 31)) == date.fromisoformat(due)


def test_a_duty_that_divides_no_month_is_spread_over_the_days() -> None:
    five = Periodic(kind="periodic", title="x", clause="x", times=5, unit="year")
    assert next_due(five, date(2026, 1, 1)) == date(2026, 3, 15)


def test_an_inspection_on_a_leap_day_is_due_on_the_last_of_february() -> None:
    found = standard("guangyuan-2021").duties["inspection_urban_homes"]
    assert isinstance(found, Periodic)
    assert next_due(found, date(2028, 2, 29)) == date(2030, 2, 28)


@pytest.mark.parametrize(
    ("name", "duty", "told_by", "over_by"),
    [
        ("guangyuan-2021", "planned_outage", "2026-03-08T09:00", "2026-03-11T09:00"),
        ("guangyuan-2022", "planned_outage", "2026-03-08T09:00", "2026-03-11T09:00"),
        ("guangyuan-2022", "appointment_cancelled", "2026-03-10T07:00", None),
        ("aode", "planned_outage", "2026-03-09T09:00", None),
        ("aode", "first_gas_of_a_group", "2026-03-07T09:00", None),
        ("kunlun", "planned_outage", "2026-03-10T09:00", None),
    ],
)
def test_what_must_be_told_ahead(name: str, duty: str, told_by: str, over_by: str | None) -> None:
    found = standard(name).duties[duty]
    assert isinstance(found, Notice)
    assert tell_by(found, START) == local(told_by)
    assert end_by(found, START) == (local(over_by) if over_by else None)
