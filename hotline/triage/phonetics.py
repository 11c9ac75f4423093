"""How words sound on a bad line: every character becomes the code of its folded syllable.

Tones are dropped and sounds that south-western speakers and telephone recognisers mix up
(n/l, zh/z, ch/c, sh/s, f/h, an/ang, en/eng, in/ing) fall together, so 漏气, 露气 and 楼起
have the same codes. A code is one private-use character: a pattern over characters becomes
a pattern over sounds by the same replacement.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_FIRST_CODE = 0xE000
_HANZI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
# Characters whose usual reading on this line is not the dictionary's first one.
_READINGS = {
    "着": "zhe", "行": "xing", "重": "zhong", "地": "di", "得": "de", "了": "le", "都": "dou", "还": "hai",
    "嗞": "zi", "呲": "ci", "咝": "si", "哧": "chi", "幺": "yao", "两": "liang", "没": "mei", "阀": "fa",
}

_codes: dict[str, str] = {}


def fold(syllable: str) -> str:
    """`zhang` → `zan`: the syllable without the distinctions that get lost on the way."""
    for written, folded in _INITIALS:
        if syllable.startswith(written):
            syllable = folded + syllable[len(written):]
            break
    for written, folded in _FINALS:
        if syllable.endswith(written):
            return syllable[: -len(written)] + folded
    return syllable


@lru_cache(maxsize=16384)
def syllable(character: str) -> str:
    """Toneless pinyin of one character, empty when it is not a Chinese one."""
    if not _HANZI.match(character):
        return ""
    if character in _READINGS:
        return _READINGS[character]
    reading = lazy_pinyin(character, style=Style.NORMAL, errors="ignore")
    return reading[0] if reading else ""


@lru_cache(maxsize=16384)
def code(character: str) -> str:
    """The sound code of one character; what is not Chinese stands for itself."""
    sound = syllable(character)
    if not sound:
        return character
    key = fold(sound)
    return _codes.setdefault(key, chr(_FIRST_CODE + len(_codes)))


def codes(text: str) -> str:
    """Sound codes of a text or of a regular expression, one for each of its characters."""
    return "".join(map(code, text))
