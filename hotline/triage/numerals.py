"""Numbers as people say them: 幺二零三, 十六零二, 一百二十六, 3."""

from __future__ import annotations

import re

DIGIT = "0123456789零〇一二三四五六七八九幺两洞拐勾"
NUMERAL = f"[{DIGIT}十百千]"
_VALUES = {**{str(n): n for n in range(10)}, **{name: n for n, name in enumerate("零一二三四五六七八九")},
           "〇": 0, "洞": 0, "幺": 1, "两": 2, "拐": 7, "勾": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_VALUE = re.compile(
    rf"(?:[{DIGIT}]千(?:零|〇)?)?(?:[{DIGIT}]百(?:零|〇)?)?(?:[{DIGIT}]?十)?[一二两三四五六七八九1-9]?")


def _value(words: str) -> int:
    total, digit = 0, -1
    for character in words:
        if character in _UNITS:
            total += (1 if digit < 0 else digit) * _UNITS[character]
            digit = -1
        elif _VALUES[character] or digit < 0:
            digit = _VALUES[character]
    return total + max(digit, 0)


def figures(words: str) -> str:
    """`十六零二` → `1602`, `一千二百零三` → `1203`, `幺二零三` → `1203`; each whole number in its place."""
    result, rest = "", words
    while rest:
        match = _VALUE.match(rest)
        head = match[0] if match else ""
        if any(unit in head for unit in _UNITS):
            after = rest[len(head):]
            result += str(_value(head))
            rest = after
        elif rest[0] in _VALUES:
            result += str(_VALUES[rest[0]])
            rest = rest[1:]
        else:
            rest = rest[1:]
    return result
