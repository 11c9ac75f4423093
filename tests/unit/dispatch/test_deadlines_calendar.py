"""Working days: the library's years, the operators' table, and years that nobody has announced yet."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dispatch.deadlines import CalendarTable, WorkCalendar, calendar_gaps
from dispatch.deadlines.calendar import library_years
from tests.support.standards import LIBRARY, ask, dues, local, table

UNKNOWN = max(library_years()) + 1
"""The first year that the installed library does not have; later releases move it."""


@settings(deadline=None)
@given(st.dates(date(2004, 1, 1), date(UNKNOWN - 1, 12, 31)))
def test_the_librarys_years_are_the_statutory_calendar(day: date) -> None:
    assert LIBRARY.day(day).working is chinese_calendar.is_workday(day)
    assert LIBRARY.day(day).known


def test_a_year_without_a_calendar_goes_by_weekends_and_says_so() -> None:
    [stage] = ask("guangyuan-2021", "ownership_transfer", f"{UNKNOWN}-06-01T10:00")
    counted, day = 0, date(UNKNOWN, 6, 1)
    while counted < 3:
        day += timedelta(days=1)
        counted += day.weekday() < 5
    assert stage.due == local(f"{day + timedelta(days=1)}T00:00")
    assert stage.provisional and str(UNKNOWN) in stage.notices[0] and "provisional" in stage.reckoning


def test_only_days_that_were_counted_through_make_it_provisional() -> None:
    """Everything up to 24:00 of New Year's Eve lies in the year that is known."""
    december = [date(UNKNOWN - 1, 12, day) for day in range(1, 32)]
    *_, reported, last = [day for day in december if LIBRARY.day(day).working]
    accept, permit, build = ask("guangyuan-2021", "connection_road_under_200m", f"{reported}T10:00")
    assert (accept.due, accept.provisional) == (local(f"{last + timedelta(days=1)}T00:00"), False)
    assert (permit.due, permit.provisional) == (accept.due, False)
    assert (build.provisional, bool(build.notices)) == (True, True)


def test_what_follows_a_provisional_stage_is_provisional() -> None:
    complete, feedback = ask("guangyuan-2022", "complaint", f"{UNKNOWN}-03-01T10:00")
    assert complete.provisional and feedback.provisional
    assert "provisional, as the end of complete is" in feedback.reckoning


@pytest.mark.parametrize("business", ["indoor_repair", "outdoor_repair", "emergency", "gas_purchase"])
def test_what_counts_no_working_days_is_never_provisional(business: str) -> None:
    assert not any(one.provisional for one in ask("guangyuan-2022", business, f"{UNKNOWN}-03-01T20:00"))


def test_the_operators_table_makes_a_year_known() -> None:
    calendar = WorkCalendar(table())
    assert calendar.known(2027)
    # Reaches back: 27 December 2026, a Sunday, is worked, New Year's Eve is free.
    [stage] = ask("guangyuan-2021", "ownership_transfer", "2026-12-25T10:00", calendar)
    assert dues([stage]) == {"complete": "2026-12-30T00:00"} and not stage.provisional
    [stage] = ask("guangyuan-2021", "ownership_transfer", "2026-12-30T10:00", calendar)
    assert dues([stage]) == {"complete": "2027-01-07T00:00"} and not stage.provisional
    assert "Thu 2026-12-31 to Sat 2027-01-02 (元旦)" in stage.reckoning
    [stage] = ask("guangyuan-2021", "ownership_transfer", "2027-02-04T10:00", calendar)
    assert dues([stage]) == {"complete": "2027-02-17T00:00"}
    assert "Sun 2027-02-14 (make-up day of 春节)" in stage.reckoning


def test_a_year_of_the_table_is_taken_from_it_alone() -> None:
    holidays = [{"name": name, "first": f"2026-{day}", "last": f"2026-{day}"}
                for name, day in (("元旦", "01-01"), ("劳动节", "05-01"), ("国庆节", "10-01"))]
    calendar = WorkCalendar(CalendarTable.model_validate({"years": {2026: {"holidays": holidays}}}))
    assert not calendar.day(date(2026, 10, 1)).working
    assert calendar.day(date(2026, 10, 2)).working and not calendar.day(date(2026, 10, 10)).working
    assert not calendar.day(date(2025, 10, 2)).working, "other years stay the library's"


def test_a_missing_year_is_told_weeks_ahead() -> None:
    new_year = local(f"{UNKNOWN}-01-01T00:00")
    assert calendar_gaps(LIBRARY, new_year - timedelta(weeks=6, seconds=1)) == ()
    assert calendar_gaps(LIBRARY, new_year - timedelta(weeks=6)) == (UNKNOWN,)
    assert calendar_gaps(LIBRARY, new_year - timedelta(weeks=9), weeks=10) == (UNKNOWN,)
    assert calendar_gaps(LIBRARY, new_year + timedelta(days=40)) == (UNKNOWN,)
    assert calendar_gaps(LIBRARY, new_year, weeks=60) == (UNKNOWN, UNKNOWN + 1)
    assert calendar_gaps(WorkCalendar(table()), local("2026-12-20T00:00")) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"holidays": []}, "at least 1"),
        ({"holidays": [{"name": "元旦", "first": "2027-01-01", "last": "2027-01-03"}]}, "05-01 is free"),
        ({"make_up_days": [{"name": "x", "day": "2027-02-15"}]}, "Saturday or Sunday"),
        ({"make_up_days": [{"name": "x", "day": "2027-02-06"}]}, "2027-02-06 stands there twice"),
        ({"make_up_days": [{"name": "x", "day": "2028-02-05"}]}, "not of that year"),
        ({"make_up_days": [{"name": "x", "day": "2026-11-07"}]}, "not of that year"),
        ({"make_up": []}, "Extra inputs"),
    ],
)
def test_an_unfinished_or_wrong_table_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        table(**changes)


def test_a_holiday_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="0 to 30 days after"):
        table(holidays=[{"name": "元旦", "first": "2027-01-03", "last": "2027-01-01"}])


def test_each_run_of_days_that_do_not_count_is_named_by_itself() -> None:
    """Two weekends are two, not one span with the working days between them."""
    [stage] = ask("guangyuan-2022", "complaint", "2026-11-25T10:00")[:1]
    assert "not counted: Sat 2026-11-28 to Sun 2026-11-29 (weekend); ends" in stage.reckoning
    longer = ask("guangyuan-2021", "connection_residential_single", "2026-11-25T10:00")[1]
    assert ("Sat 2026-11-28 to Sun 2026-11-29 (weekend), Sat 2026-12-05 to Sun 2026-12-06 (weekend)"
            in longer.reckoning)
