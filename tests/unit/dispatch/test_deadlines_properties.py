"""What holds for every standard, business and moment of a report."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.deadlines import BEIJING, Stage, WorkCalendar, stages
from dispatch.deadlines.grammar import CalendarDays, DayOfReport, WorkingDays
from tests.support.standards import LIBRARY, NAMES, standard, table

PROMISES = [(name, business) for name in NAMES for business in standard(name).businesses]
ANNOUNCED = WorkCalendar(table())
calendars = st.sampled_from([LIBRARY, ANNOUNCED])
promises = st.sampled_from(PROMISES)
moments = st.datetimes(
    datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(BEIJING)
) | st.builds(
    # Midnights and 18:00 sharp, where the rules turn.
    lambda day, hour: datetime(day.year, day.month, day.day, hour, tzinfo=BEIJING),
    st.dates(date(2024, 1, 1), date(2028, 1, 1)), st.sampled_from([0, 18]),
)
distances = st.none() | st.floats(0, 500)


def asked(
    promise: tuple[str, str], at: datetime, calendar: WorkCalendar, km: float | None
) -> tuple[Stage, ...]:
    name, business = promise
    return stages(standard(name), business, at, calendar, distance_km=km)


@settings(max_examples=400, deadline=None)
@given(promises, moments, calendars, distances)
def test_nothing_is_due_before_the_report_and_stages_follow_each_other(
    promise: tuple[str, str], at: datetime, calendar: WorkCalendar, km: float | None
) -> None:
    name, business = promise
    found = {stage.stage: stage for stage in asked(promise, at, calendar, km)}
    for plan in standard(name).businesses[business].stages:
        stage = found[plan.stage]
        if stage.due is None:
            assert stage.urgency in ("by_contract", "at_once") and stage.target_minutes is None
            continue
        assert stage.urgency is None and stage.due > at and stage.due.utcoffset() == timedelta(hours=8)
        before = found[plan.after].due if plan.after != "report" else at
        assert before is not None and stage.due >= before
        assert stage.clause and stage.reckoning
        if stage.target_minutes is not None:
            assert stage.due == at + timedelta(minutes=stage.target_minutes)
        if isinstance(plan.promise, WorkingDays | CalendarDays | DayOfReport):
            assert (stage.due.hour, stage.due.minute, stage.due.second, stage.due.microsecond) == (0, 0, 0, 0)


@settings(max_examples=300, deadline=None)
@given(promises, moments, moments, calendars, distances)
def test_who_reports_later_is_never_due_earlier(
    promise: tuple[str, str], first: datetime, second: datetime, calendar: WorkCalendar, km: float | None
) -> None:
    first, second = sorted((first, second))
    for early, late in zip(
        asked(promise, first, calendar, km), asked(promise, second, calendar, km), strict=True
    ):
        assert (early.due is None) is (late.due is None)
        assert early.due is None or late.due is None or early.due <= late.due


@settings(deadline=None)
@given(moments, st.floats(0, 500), st.floats(0, 500))
def test_who_lives_farther_is_never_promised_sooner(at: datetime, near: float, far: float) -> None:
    near, far = sorted((near, far))
    [first] = asked(("guangyuan-2022", "emergency"), at, LIBRARY, near)
    [second] = asked(("guangyuan-2022", "emergency"), at, LIBRARY, far)
    assert first.target_minutes is not None and second.target_minutes is not None
    assert first.target_minutes <= second.target_minutes
    assert second.target_minutes > 60 if far > 20 else not second.notices


@settings(max_examples=200, deadline=None)
@given(moments, calendars)
def test_a_promise_of_n_working_days_has_n_of_them_after_the_day_of_the_report(
    at: datetime, calendar: WorkCalendar
) -> None:
    """Counted anew, day by day, from the other side."""
    [stage] = asked(("guangyuan-2022", "ownership_transfer"), at, calendar, None)
    assert stage.due is not None
    days = [at.date() + timedelta(days=n) for n in range(1, (stage.due.date() - at.date()).days)]
    assert sum(calendar.day(day).working for day in days) == 3
    assert calendar.day(days[-1]).working
    assert stage.provisional is not all(calendar.day(day).known for day in days)
