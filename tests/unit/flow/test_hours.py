"""Office hours follow the statutory calendar: holidays and make-up days."""

from __future__ import annotations

import pytest

from hotline.flow.hours import is_open
from hotline.flow.model import Hours

OFFICE = Hours(
    weekly={"mon": ("08:30-17:30",), "fri": ("08:30-12:00", "14:00-17:30"), "sat": ("09:00-12:00",)},
    workdays=("08:30-17:30",),
)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T08:30:00+08:00", True),
        ("2026-11-23T08:29:59+08:00", False),
        ("2026-11-23T17:30:00+08:00", False),
        ("2026-11-20T13:00:00+08:00", False),
        ("2026-11-21T10:00:00+08:00", True),
        ("2026-11-22T10:00:00+08:00", False),
        ("2026-10-01T10:00:00+08:00", False),
        ("2026-10-10T15:00:00+08:00", True),
        ("2099-11-23T10:00:00+08:00", True),
        ("gestern", False),
    ],
    ids=["opens", "not yet", "closes", "lunch", "saturday", "sunday", "national day", "make-up saturday",
         "beyond the calendar", "no time"],
)  # fmt: skip
def test_open(now: str, expected: bool) -> None:
    assert is_open(OFFICE, now) is expected


def test_hours_over_midnight() -> None:
    night = Hours(weekly={"mon": ("22:00-06:00",)})
    assert is_open(night, "2026-11-23T23:00:00+08:00")
    assert is_open(night, "2026-11-23T05:00:00+08:00")
    assert not is_open(night, "2026-11-23T12:00:00+08:00")
