"""When the week's backup is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hotline.service.backup_clock import is_due, last_hour
from hotline.settings import Backup

ZONE = ZoneInfo("Asia/Shanghai")
SETTINGS = Backup(weekday="sun", time="03:20")
SUNDAY = datetime(2026, 11, 22, 3, 20, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (SUNDAY, SUNDAY),
        (SUNDAY - timedelta(seconds=1), SUNDAY - timedelta(days=7)),
        (SUNDAY + timedelta(days=3), SUNDAY),
        (SUNDAY + timedelta(days=6, hours=23), SUNDAY),
    ],
)
def test_the_hour_is_that_of_the_week(now: datetime, expected: datetime) -> None:
    assert last_hour(SETTINGS, ZONE, now) == expected


def test_the_first_is_due_at_once_and_a_missed_one_is_made_up_for() -> None:
    assert is_due(SETTINGS, ZONE, None, SUNDAY)
    assert not is_due(SETTINGS, ZONE, SUNDAY + timedelta(minutes=1), SUNDAY + timedelta(days=6))
    assert is_due(SETTINGS, ZONE, SUNDAY - timedelta(days=9), SUNDAY - timedelta(days=1))
