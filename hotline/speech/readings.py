"""How a Chinese clerk would read it aloud: numbers, keys, dates, times, phone numbers, addresses.

Pure: written text in, text for the synthesiser out. Commas are pauses. Phone numbers, room
numbers and other strings of digits are read one by one with 幺 for 1, counts as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Literal, Protocol

import cn2an

Reading = Literal["text", "digits", "number", "date", "time", "duration", "phone", "address"]

ONE_BY_ONE = str.maketrans("0123456789", "零幺二三四五六七八九")
YEAR = str.maketrans("0123456789", "零一二三四五六七八九")
KEYS = {"*": "星号", "#": "井号"}
COUNTED = "个|小时|分钟|天|位|次|块|元|公里|米|点|周|年内|岁|户|名|种|件|条|年以|吨|立方|方|毛|分以"
"""Before these 2 is 两; elsewhere (二楼, 二月, 二号) it stays 二."""
LARGEST_NUMBER = 10**15
MOST_DECIMALS = 6
WEEKDAYS = "一二三四五六日"
SHORT_CODES = frozenset({"110", "119", "120", "122", "114", "12345", "12319", "12315", "12350"})


class Spoken(Protocol):
    """A piece of a prompt, as the flows have it (`hotline.flow.commands.Segment`)."""

    @property
    def text(self) -> str: ...

    @property
    def reading(self) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Words:
    """A `Spoken` of our own."""

    text: str
    reading: Reading = "text"


def say(segment: Spoken) -> str:
    """The text that the synthesiser speaks; what cannot be read as its kind is read as plain text."""
    readers = {
        "text": text, "digits": digits, "number": number, "date": day, "time": clock,
        "duration": duration, "phone": phone, "address": address,
    }
    try:
        return readers[segment.reading](segment.text.strip())
    except (ValueError, ArithmeticError):
        return text(segment.text)


def digits(written: str) -> str:
    """`95598` → 九五五九八; long strings in groups of four, with pauses."""
    keys = [KEYS.get(key, key) for key in written if key.isalnum() or key in KEYS]
    return "，".join("".join(group).translate(ONE_BY_ONE) for group in _grouped(keys))


def _grouped(keys: list[str]) -> list[list[str]]:
    if len(keys) <= 5:
        return [keys] if keys else []
    return [keys[i : i + 4] for i in range(0, len(keys), 4)]


def number(written: str) -> str:
    """`1203.5` → 一千二百零三点五; `2` → 二."""
    value = Decimal(written.replace(",", ""))
    if not value.is_finite() or abs(value) >= LARGEST_NUMBER or value.adjusted() < -MOST_DECIMALS:
        return digits(written)
    plain = f"{round(value, MOST_DECIMALS).normalize():f}"
    return str(cn2an.an2cn(plain, "low"))


def count(written: str) -> str:
    """A number before a measure word: `2` → 两, `12` → 十二, `200` → 两百."""
    said = number(written)
    if said == "二":
        return "两"
    return re.sub(r"^二(?=[百千万亿])", "两", said)


def day(written: str) -> str:
    """`2026-11-22` or a date with time → 十一月二十二日，星期日."""
    when = _moment(written)
    return f"{number(str(when.month))}月{number(str(when.day))}日，星期{WEEKDAYS[when.weekday()]}"


def _moment(written: str) -> date:
    return datetime.fromisoformat(written) if len(written) > 10 else date.fromisoformat(written)


def clock(written: str) -> str:
    """`15:20`, or the time of an ISO date and time in its own offset → 下午三点二十分."""
    if match := re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", written):
        hour, minute = int(match[1]), int(match[2])
    else:
        moment = datetime.fromisoformat(written)
        hour, minute = moment.hour, moment.minute
    if hour > 24 or minute > 59:
        raise ValueError(written)
    return f"{_part_of_day(hour % 24)}{count(str(_twelve(hour % 24)))}点{_minutes(minute)}"


def _twelve(hour: int) -> int:
    return 12 if hour == 12 else hour % 12


def _part_of_day(hour: int) -> str:
    for until, name in ((5, "凌晨"), (8, "早上"), (11, "上午"), (13, "中午"), (18, "下午"), (24, "晚上")):
        if hour < until:
            return name
    raise ValueError(hour)


def _minutes(minute: int) -> str:
    if minute == 0:
        return "整"
    if minute == 30:
        return "半"
    return ("零" if minute < 10 else "") + number(str(minute)) + "分"


def duration(written: str) -> str:
    """Seconds → 十五分钟, 一小时, 一个半小时, 两小时十分钟, 四十秒. Above a minute, rounded up to minutes."""
    seconds = float(written)
    if not 0 <= seconds < LARGEST_NUMBER:
        raise ValueError(written)
    if seconds < 60:
        return count(str(round(seconds))) + "秒"
    minutes = -int(-seconds // 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return count(str(round(hours / 24))) + "天"
    if hours and minutes == 30:
        return count(str(hours)) + "个半小时"
    said = ("一" if hours == 1 else count(str(hours))) + "小时" if hours else ""
    return said + (count(str(minutes)) + "分钟" if minutes else "")


def phone(written: str) -> str:
    """`+8613800138000` → 幺三八，零零幺三，八零零零; `0839-3260119` → 零八三九，三二六，零幺幺九."""
    keys = re.sub(r"[^\d]", "", written)
    if written.lstrip().startswith(("+86", "0086")) and len(keys) > 10:
        keys = keys.removeprefix("00").removeprefix("86")
        keys = keys if keys.startswith(("1", "400", "800")) and len(keys) >= 10 else "0" + keys
    return "，".join(group.translate(ONE_BY_ONE) for group in _phone_groups(keys))


def _phone_groups(keys: str) -> list[str]:
    if len(keys) <= 5:
        return [keys]
    if len(keys) == 11 and keys[0] == "1":
        return [keys[:3], keys[3:7], keys[7:]]
    if keys.startswith(("400", "800")) and len(keys) == 10:
        return [keys[:3], keys[3:6], keys[6:]]
    if keys[0] == "0" and len(keys) >= 10:
        area = 3 if keys[1] in "12" else 4
        return [keys[:area], *_phone_groups(keys[area:])]
    return [keys[: len(keys) - 4], keys[-4:]] if len(keys) <= 8 else re.findall(r".{1,4}", keys)


ROOM = re.compile(
    r"(?<=单元)\d{3,4}|(?<=[栋幢楼座])\d{3,4}(?!号)|\d{3,4}(?=室|房|户)|\d{5,}|(?<=[-—])\d{3,4}"
)
ROAD = re.compile(
    r"\d{3}(?=国道|省道|县道)|(?<=国道|省道|县道)\d{3}|(?<=[GSX])\d{2,4}(?=国道|省道|县道|高速|线|$)"
)


def address(written: str) -> str:
    """`蜀门北路128号3栋2单元501` → 蜀门北路一百二十八号，三栋二单元，五零幺."""
    said = ROAD.sub(lambda found: found[0].translate(ONE_BY_ONE), written)
    said = ROOM.sub(lambda found: "，" + found[0].translate(ONE_BY_ONE), said)
    said = re.sub(r"\d{1,4}", lambda found: number(found[0]), said)
    said = re.sub(r"(?<=[零一二三四五六七八九十])\s*[-—－#]+\s*，?(?=[零幺一二三四五六七八九十])", "杠", said)
    said = re.sub(r"(?<=号)(?=[一二三四五六七八九十]+[栋幢座号])", "，", said)
    return re.sub("[，,]+", "，", said).strip("，")


_NUMBER = r"\d+(?:\.\d+)?"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?P<v>\d{4})(?=年)"), "year"),
    (re.compile(r"(?P<v>\d{4}-\d{2}-\d{2})"), "date"),
    (re.compile(r"(?P<v>\d{1,2}:\d{2})"), "time"),
    (re.compile(rf"(?P<v>{_NUMBER})%"), "percent"),
    (re.compile(r"(?P<v>\+?\d[\d-]{5,}\d)"), "phone"),
    (re.compile(rf"(?<![\d.])(?P<v>{'|'.join(SHORT_CODES)})(?![\d.]|{COUNTED}|号|栋)"), "phone"),
    (re.compile(r"(?P<v>\d{5,})"), "phone"),
    (re.compile(rf"(?P<v>{_NUMBER})(?={COUNTED})"), "count"),
    (re.compile(rf"(?P<v>{_NUMBER})"), "number"),
    (re.compile(r"(?P<v>[*#])键?"), "key"),
)


def text(written: str) -> str:
    """Any sentence: its digits as a clerk would say them."""
    for pattern, kind in _RULES:
        written = pattern.sub(partial(_read_match, kind), written)
    return written


def _read_match(kind: str, found: re.Match[str]) -> str:
    return _read(kind, found["v"])


def _read(kind: str, value: str) -> str:
    """What one match of `_RULES` is read as."""
    readers: dict[str, Callable[[str], str]] = {
        "year": lambda v: v.translate(YEAR), "date": day, "time": clock, "phone": phone, "count": count,
        "number": number, "percent": lambda v: "百分之" + number(v), "key": lambda v: KEYS[v] + "键",
    }
    try:
        return readers[kind](value)
    except (ValueError, ArithmeticError):
        return value.translate(ONE_BY_ONE)
