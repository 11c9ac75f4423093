"""The shipped service standards and short ways to ask them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from dispatch.deadlines import BEIJING, CalendarTable, Profile, Stage, Standard, WorkCalendar, stages
from hotline.standards import load_standard

FOLDER = Path(__file__).parents[2] / "config/service_standards"
NAMES = ("aode", "guangyuan-2021", "guangyuan-2022", "kunlun")
LIBRARY = WorkCalendar()
"""What the installed library knows, without a table."""
SHORT: dict[str, Any] = {
    "title": "short", "clock": {"overdue_to": ["owner"]},
    "businesses": {"emergency": {"title": "emergency", "clause": "X §1", "stages": [
        {"stage": "arrive", "promise": {"kind": "elapsed", "minutes": 20}}]}},
}
"""The least that a profile can be."""


@cache
def standard(name: str) -> Standard:
    return load_standard(FOLDER, name)


def profile(**changes: Any) -> Profile:
    return Profile.model_validate(SHORT | changes)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def ask(
    name: str, business: str, reported: str, calendar: WorkCalendar = LIBRARY, **more: Any
) -> list[Stage]:
    return list(stages(standard(name), business, local(reported), calendar, **more))


def dues(found: list[Stage]) -> dict[str, str | None]:
    """Stage → due, without the seconds and the offset that all have."""
    return {one.stage: one.due.isoformat().removesuffix(":00+08:00") if one.due else None for one in found}


def table(**changes: Any) -> CalendarTable:
    """2027 as it might be announced."""
    year: dict[str, Any] = {
        "holidays": [
            {"name": "元旦", "first": "2026-12-31", "last": "2027-01-02"},
            {"name": "春节", "first": "2027-02-05", "last": "2027-02-12"},
            {"name": "劳动节", "first": "2027-05-01", "last": "2027-05-05"},
            {"name": "国庆节", "first": "2027-10-01", "last": "2027-10-07"},
        ],
        "make_up_days": [
            {"name": "元旦", "day": "2026-12-27"}, {"name": "春节", "day": "2027-02-14"},
        ],
    }
    return CalendarTable.model_validate({"years": {2027: year | changes}})
