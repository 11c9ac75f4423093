"""Due times as a clerk would say them in Chinese; a day's end is that day, not 00:00 of the next."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

WEEKDAYS = "一二三四五六日"
NEAR = {0: "今天", 1: "明天", 2: "后天"}


def due_in_words(due: datetime, now: datetime, zone: tzinfo, *, provisional: bool = False) -> str:
    """`今天之内`, `明天下午5点30分以前`, `11月27日（星期五）之内`; `预计…` while it may still move."""
    local, today = due.astimezone(zone), now.astimezone(zone).date()
    midnight = local.time() == time(0)
    day = local.date() - timedelta(days=1) if midnight else local.date()
    said = _day(day, today)
    words = f"{said}之内" if midnight else f"{said}{_clock(local)}以前"
    return f"预计{words}" if provisional else words


def written(due: datetime, zone: tzinfo) -> str:
    """`11月27日24:00`, `11月23日17:30`: for notices that are read."""
    local = due.astimezone(zone)
    if local.time() == time(0):
        day = local.date() - timedelta(days=1)
        return f"{day.month}月{day.day}日24:00"
    return f"{local.month}月{local.day}日{local:%H:%M}"


def window_in_words(begins: datetime, ends: datetime, now: datetime, zone: tzinfo) -> str:
    """`明天上午9点到10点30分`."""
    first, last = begins.astimezone(zone), ends.astimezone(zone)
    day = _day(first.date(), now.astimezone(zone).date())
    if first.date() != last.date():
        return f"{day}{_clock(first)}到{_day(last.date(), now.astimezone(zone).date())}{_clock(last)}"
    until = _clock(last)
    if _part(first.hour) == _part(last.hour):
        until = until.removeprefix(_part(last.hour))
    return f"{day}{_clock(first)}到{until}"


def span_in_words(span: timedelta) -> str:
    """`20分钟`, `3小时`, `2天`; at least a minute."""
    minutes = max(1, round(span.total_seconds() / 60))
    if minutes < 90:
        return f"{minutes}分钟"
    hours = round(minutes / 60)
    return f"{hours}小时" if hours < 48 else f"{round(hours / 24)}天"


def _day(day: date, today: date) -> str:
    near = NEAR.get((day - today).days)
    if near is not None:
        return near
    year = f"{day.year}年" if day.year != today.year else ""
    return f"{year}{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def _clock(local: datetime) -> str:
    hour = 12 if local.hour % 12 == 0 and local.hour else local.hour % 12
    minutes = f"{local.minute}分" if local.minute else ""
    return f"{_part(local.hour)}{hour}点{minutes}"


def _part(hour: int) -> str:
    parts = ((5, "凌晨"), (8, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
    return next(name for until, name in parts if hour < until)
