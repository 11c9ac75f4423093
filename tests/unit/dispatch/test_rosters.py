"""Rosters: holidays, make-up days, dated shifts, swaps and leave; which hours have nobody."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.coverage import gaps, half_hours, roster_notices
from dispatch.crews import CoverRule, Crew, Stations
from dispatch.deadlines.calendar import CalendarTable, WorkCalendar
from dispatch.duty import Roster, build_roster
from dispatch.roster import Shift, spans_of_day
from dispatch.roster_rows import RosterRow, row_faults
from tests.support.dispatch import stations

EVERY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CALENDAR_2027 = WorkCalendar(
    CalendarTable.model_validate({
        "years": {2027: {
            "holidays": [
                {"name": "元旦", "first": "2027-01-01", "last": "2027-01-03"},
                {"name": "春节", "first": "2027-02-05", "last": "2027-02-11"},
                {"name": "劳动节", "first": "2027-05-01", "last": "2027-05-05"},
                {"name": "国庆节", "first": "2027-10-01", "last": "2027-10-07"},
            ],
            "make_up_days": [{"name": "春节", "day": "2027-02-13"}],
        }},
    })
)


def crew(shifts: list[dict[str, Any]], key: str = "A", **fields: Any) -> dict[str, Any]:
    plain = stations().crews[0].model_dump()
    members = [
        {"name": f"{key}{n}", "phone": f"sip:{key.lower()}{n}@127.0.0.1",
         "skills": ["welding"] if n == 1 else []}
        for n in (1, 2)
    ]
    duty = "shifts" if shifts else "roster"
    return plain | {"key": key, "members": members, "duty": duty, "shifts": shifts} | fields


def company(*crews: dict[str, Any], **changes: Any) -> Stations:
    return stations(crews=list(crews), **changes)


def row(kind: str, first: str, last: str = "", **fields: Any) -> RosterRow:
    return RosterRow.model_validate(
        {"kind": kind, "crew": "A", "first": first, "last": last or first} | fields
    )


def names(found: Stations, roster: Roster, when: str) -> list[str]:
    on_duty = roster.on_duty(found, found.crews[0], datetime.fromisoformat(when))
    return [member.name for member, _ in on_duty]


def test_a_holiday_and_a_make_up_day_have_rows_of_their_own() -> None:
    shifts = [
        Shift.model_validate({"days": ["workday"], "start": "08:00", "end": "18:00", "members": ["A1"]}),
        Shift.model_validate({"days": ["restday"], "start": "10:00", "end": "12:00", "members": ["A2"]}),
        Shift.model_validate({"days": ["holiday"], "start": "09:00", "end": "21:00", "members": ["A3"]}),
        Shift.model_validate({"days": ["make_up"], "start": "07:00", "end": "15:00", "members": ["A4"]}),
    ]

    def on(day: date) -> list[tuple[str, ...]]:
        return [span.members for span in spans_of_day(shifts, day, CALENDAR_2027)]

    assert on(date(2027, 2, 4)) == [("A1",)], "a Thursday"
    assert on(date(2027, 2, 8)) == [("A3",)], "Spring Festival, a Monday"
    assert on(date(2027, 2, 13)) == [("A4",)], "a Saturday that is worked"
    assert on(date(2027, 2, 20)) == [("A2",)], "a plain Saturday"


def test_without_own_rows_a_make_up_day_is_a_workday_and_a_holiday_a_rest_day() -> None:
    shifts = [Shift.model_validate({"days": ["workday"], "start": "08:00", "end": "18:00"})]
    assert spans_of_day(shifts, date(2027, 2, 13), CALENDAR_2027)
    assert not spans_of_day(shifts, date(2027, 2, 8), CALENDAR_2027)


def test_a_dated_shift_replaces_the_weekly_pattern_of_that_day_and_off_ends_it() -> None:
    found = company(crew([{"days": EVERY, "start": "00:00", "end": "24:00", "members": ["A1"]}]))
    roster = build_roster(WorkCalendar(), [
        row("shift", "2027-03-01", start="08:00", end="20:00", members=["A2"]), row("off", "2027-03-02"),
    ])
    assert names(found, roster, "2027-02-28T12:00") == ["A1"]
    assert names(found, roster, "2027-03-01T12:00") == ["A2"]
    assert names(found, roster, "2027-03-01T21:00") == []
    assert names(found, roster, "2027-03-02T12:00") == []
    assert roster.last_day == date(2027, 3, 2)


def test_a_night_shift_of_the_roster_reaches_into_the_next_day() -> None:
    found = company(crew([]))
    roster = build_roster(WorkCalendar(), [row("shift", "2027-03-01", start="20:00", end="08:00")])
    assert names(found, roster, "2027-03-02T07:59") == ["A1", "A2"]
    assert names(found, roster, "2027-03-02T08:00") == []


def test_leave_takes_away_and_a_swap_brings_the_other() -> None:
    whole = {"days": EVERY, "start": "00:00", "end": "24:00", "members": ["A1"]}
    found = company(crew([whole]), crew([], "B"))
    swap = row("swap", "2027-03-03", members=["A1"], substitute="B2", substitute_crew="B", author="A1",
               approved_by="站长", start="08:00", end="20:00")
    within = row("swap", "2027-03-04", members=["A1"], substitute="A2", author="A1", approved_by="站长")
    leave = row("leave", "2027-03-05", "2027-03-06", members=["A1"], approved_by="站长", start="12:00",
                end="06:00")
    roster = build_roster(WorkCalendar(), [swap, within, leave])
    assert names(found, roster, "2027-03-03T12:00") == ["B2"]
    assert names(found, roster, "2027-03-03T21:00") == ["A1"]
    assert names(found, roster, "2027-03-04T12:00") == ["A2"]
    assert names(found, roster, "2027-03-05T11:59") == ["A1"]
    assert names(found, roster, "2027-03-05T12:00") == []
    assert names(found, roster, "2027-03-06T05:59") == []
    assert names(found, roster, "2027-03-06T06:00") == ["A1"]


def test_who_stands_in_for_another_crew_is_missing_in_his_own() -> None:
    found = company(crew([]), crew([{"days": EVERY, "start": "00:00", "end": "24:00"}], "B"))
    swap = row("swap", "2027-03-03", members=["A1"], substitute="B2", substitute_crew="B", author="A1",
               approved_by="站长")
    roster = build_roster(WorkCalendar(), [swap])
    on_duty = roster.on_duty(found, found.crews[1], datetime(2027, 3, 3, 12))
    assert [member.name for member, _ in on_duty] == ["B1"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "swap", "members": ["A1"], "substitute": "A2"}, "author"),
        ({"kind": "leave", "members": ["A1"]}, "approved_by"),
        ({"kind": "leave", "members": ["A1", "A2"], "approved_by": "x"}, "just one"),
        ({"kind": "shift", "last": "2026-01-01"}, "after `first`"),
        ({"kind": "shift", "start": "24:00"}, "before 24:00"),
        ({"kind": "shift", "substitute": "A2"}, "only a swap"),
    ],
)
def test_a_row_that_makes_no_sense_says_why(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        row(**({"first": "2027-03-01"} | fields))


def test_rows_of_nobody_are_named() -> None:
    found = company(crew([{"days": EVERY, "start": "00:00", "end": "24:00"}]))
    rows = [
        row("shift", "2027-03-01", crew="Z"), row("shift", "2027-03-01", members=["谁"]),
        row("swap", "2027-03-01", members=["A1"], substitute="谁", author="a", approved_by="b"),
    ]
    assert [(number, field) for number, field, _ in row_faults(found, rows)] == [
        (0, "crew"), (1, "members"), (2, "substitute"),
    ]


def test_gaps_of_a_real_year_are_exact_and_know_the_holidays() -> None:
    found = company(
        crew([{"days": ["workday"], "start": "08:00", "end": "18:00"}]),
        crew([{"days": EVERY, "start": "18:00", "end": "08:00"},
              {"days": ["sat", "sun"], "start": "08:00", "end": "18:00"}], "B"),
    )
    holes = gaps(found, Roster(CALENDAR_2027), date(2027, 1, 1), date(2027, 12, 31))
    holidays = [day for day in (date(2027, 1, 1) + timedelta(n) for n in range(365))
                if not CALENDAR_2027.day(day).working and day.weekday() < 5]
    assert {hole.start.date() for hole in holes} == set(holidays)
    assert all((hole.start.hour, hole.end.hour) == (8, 18) for hole in holes)
    assert len(half_hours(holes)) == 20 * len(holidays)
    assert str(holes[0]) == "一线值班: 2027-01-01 08:00 – 2027-01-01 18:00"


def test_gaps_by_station_and_by_skill_and_when_a_certificate_ends() -> None:
    able = crew([{"days": EVERY, "start": "00:00", "end": "24:00"}])
    able["members"][0]["skills"] = [{"skill": "welding", "until": "2027-06-30"}]
    found = company(able)
    rules = [CoverRule(title="焊工", skills=("welding",)), CoverRule(title="东站", station="east")]
    holes = gaps(found, Roster(CALENDAR_2027), date(2027, 6, 29), date(2027, 7, 2), rules)
    assert [(hole.rule, hole.start, hole.end, hole.missing) for hole in holes] == [
        ("东站", datetime(2027, 6, 29), datetime(2027, 7, 3), ()),
        ("焊工", datetime(2027, 7, 1), datetime(2027, 7, 3), ("welding",)),
    ]


def test_the_end_of_the_roster_and_of_certificates_is_said_weeks_ahead() -> None:
    able = crew([{"days": EVERY, "start": "00:00", "end": "24:00"}])
    able["members"][0]["skills"] = [{"skill": "welding", "until": "2027-03-20"}]
    found = company(able)
    dated = row("shift", "2027-03-01", "2027-03-15", start="00:00", end="24:00")
    roster = build_roster(CALENDAR_2027, [dated])
    notices = roster_notices(found, roster, datetime(2027, 3, 2), weeks=4)
    assert notices == [
        "the roster ends on 2027-03-15; import the next one",
        "the certificate welding of A1 (A) ends on 2027-03-20",
    ]
    assert roster_notices(found, Roster(CALENDAR_2027), datetime(2027, 1, 2), weeks=4) == []


def test_a_crew_that_is_only_in_the_roster_leaves_gaps_outside_it() -> None:
    found = company(crew([]))
    dated = row("shift", "2027-03-01", "2027-03-02", start="00:00", end="24:00")
    roster = build_roster(CALENDAR_2027, [dated])
    holes = gaps(found, roster, date(2027, 2, 28), date(2027, 3, 3))
    assert [(h.start.day, h.end.day) for h in holes] == [(28, 1), (3, 4)]


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from(EVERY), min_size=1), st.integers(0, 47), st.integers(0, 47),
            st.integers(1, 3),
        ),
        min_size=1, max_size=6,
    )
)
def test_the_gaps_are_just_the_half_hours_that_nobody_covers(
    given_shifts: list[tuple[set[str], int, int, int]],
) -> None:
    def clock(half: int) -> str:
        return f"{half // 2:02d}:{half % 2 * 30:02d}"

    shifts = [
        {"days": sorted(days), "start": clock(start), "end": clock(end), "on_call": level}
        for days, start, end, level in given_shifts
    ]
    whole = {"days": EVERY, "start": "00:00", "end": "24:00"}
    found = company(crew(shifts), crew([whole], "B"))
    found = found.model_copy(update={"crews": found.crews[:1]})
    one: Crew = found.crews[0]
    first, last = date(2027, 4, 5), date(2027, 4, 11)
    holes = half_hours(gaps(found, Roster(CALENDAR_2027), first, last))
    roster = Roster(CALENDAR_2027)
    for n in range(7 * 48):
        moment = datetime(2027, 4, 5) + timedelta(minutes=30 * n)
        covered = any(level == 1 for _, level in roster.on_duty(found, one, moment))
        assert covered == (moment not in holes), moment
