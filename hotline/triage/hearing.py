"""Puts right the numbers and address words that were heard as other characters of the same sound.

山东二担员午零一 can only be 三栋二单元五零一: a numeral is read from its sound where its neighbours are
numerals or address words, and nowhere else. Every character keeps its place.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hotline.triage.numerals import DIGIT
from hotline.triage.phonetics import codes, syllable

_SOUNDS = {
    "ling": "零", "lin": "零", "yao": "幺", "yi": "一", "er": "二", "liang": "两", "san": "三", "shan": "三",
    "si": "四", "wu": "五", "liu": "六", "niu": "六", "qi": "七", "ba": "八", "jiu": "九", "shi": "十",
    "bai": "百",
}
_COMMON = frozenset("以已也把吧被起气其去时事师什上使医意您无务误里亦爸思药而")
"""Numerals by sound, but words of their own: believed inside a number, or where a room would be too short."""
_NEVER_FIRST = frozenset("是就要有你")
"""So frequent that they count between two sure numerals only."""
_NEVER = frozenset("室市期")
"""Words of an address themselves."""
_WORDS = {
    "dan": "单", "yuan": "元", "dong": "栋", "tong": "栋", "chuang": "栋", "zhuang": "栋", "lou": "楼",
    "hao": "号", "hou": "号", "zu": "组",
}
_NEAR = {"tan": "单", "guan": "单", "duan": "单", "dang": "单", "yan": "元", "wan": "元", "yun": "元"}
"""One slip away: believed only beside the other half of 单元, between figures."""

# In the shadow of a text: N a sure numeral, n one by sound, o one by sound but a common word, x one that is
# hardly ever meant, D Y B L H G for 单 元 栋 楼 号 组 and d y b l h g for their homophones, S the end of a
# name of a street, an estate or a village, _ the rest of such a name; anything else is itself.
_RUN = r"[Nn](?:[Nnox]{0,4}[Nn])?"
_ROOM = r"(?P<numeral>[Nno][Nnox]{1,3}[Nn]|[Nn][Nnox][Nno]|[Nn][Nnox]{2}[Nn])"
_END = r"(?=[，HhS室]|$)"
_RULES = tuple(re.compile(rule) for rule in (
    rf"(?P<numeral>{_RUN})(?P<word>[Dd][Yy])",
    rf"(?P<numeral>{_RUN})(?P<word>[DdT][YyU])(?=[，的]{{0,2}}[NnoxH]{{1,4}}|[，的]?$)",
    rf"(?P<numeral>{_RUN})(?P<word>[Dd])(?=[Nn]{{2,4}}(?:，|$))",
    r"(?<=S)(?P<numeral>o[Nnox]{0,2}[Nn])(?P<word>B|HL)",
    rf"(?P<numeral>{_RUN})(?P<word>B)",
    rf"(?P<numeral>{_RUN})(?P<word>[Bb])(?=[，NnS]|$)",
    rf"(?P<numeral>{_RUN})(?P<word>[Hh][Ll])(?=[，NnS]|$)",
    rf"(?<=[S，])(?P<numeral>{_RUN})(?P<building>[^NnSHhL，的是期区楼号])(?=N{{1,2}}DY)",
    rf"(?P<numeral>{_RUN})(?:D(?P<yuan>[^N，H])|(?P<dan>[^N，HD])Y)(?=[Nn]{{3,4}}(?:，|$|H|室))",
    rf"(?:DY|B|L)[，的]{{0,2}}{_ROOM}{_END}",
    r"(?:DY|B)[，的]{0,2}(?P<numeral>[Nn][Nnox]{1,2}[Nn])(?![Nnox])",
    r"(?:(?<=DY)|(?<=B)|(?<=，))(?P<numeral>[Nn]{1,3})(?P<word>[Ll])(?=[Nn]{1,2}[Hh]?(?:，|$))",
    r"(?<=L)(?P<numeral>[Nn]{1,2})(?P<word>[Hh])(?=，|$)",
    r"S[的，上]{0,2}(?P<numeral>[Nno](?:[Nnox]{0,4}[Nno])?)(?P<word>[Hh])(?![大多臭重像凶浓闻气久些面头门])",
    rf"S[的，]{{0,2}}(?P<numeral>{_RUN})(?P<word>[Gg])",
    r"(?:B|DY|L)(?P<word>[Hh])x(?P<numeral>[Nn]{1,3})(?=，|$)",
    rf"H[附付负副富夫府复赴福辅沪糊](?P<numeral>{_RUN})(?P<word>[Hh])",
    rf"S(?P<numeral>{_RUN})(?P<word>Hl)(?![气水了])",
    r"(?P<numeral>N[no]N)",
))


_ODD = {"building": ("栋", "B"), "yuan": ("元", "Y"), "dan": ("单", "D")}
"""Groups of one character that can only be this word, whatever was heard."""
_NUMERALS = frozenset(DIGIT + "十百千")
_TAKING_BACK = tuple(
    (words, codes(words)) for words in ("不对", "不是", "说错了", "搞错了", "记错了", "更正一下")
)
_HOLE = re.compile(rf"(?<=[{DIGIT}十])(?<!洞)洞(?=，|$|[{DIGIT}]{{1,2}}[^{DIGIT}]{{1,2}}[{DIGIT}])")
"""栋 is heard as 洞, which is also a zero."""


@lru_cache(maxsize=8192)
def _shadow(character: str) -> str:
    if character in DIGIT or character in "十百千abcdefgh":
        return "N"
    if character in "单元栋楼号幢组":
        return "DYBLHBG"["单元栋楼号幢组".index(character)]
    sound = syllable(character)
    if character in _NEVER or character == "当":
        return character
    if sound in _SOUNDS:
        # 十 sounds like 是, which stands before every second number.
        return "x" if character in _NEVER_FIRST else "o" if character in _COMMON or sound == "shi" else "n"
    if sound in _WORDS:
        return "dyblhg"["单元栋楼号组".index(_WORDS[sound])]
    if sound in _NEAR:
        return "TU"["单元".index(_NEAR[sound])]
    return character


def mended(text: str, names: list[tuple[int, int]]) -> str:
    """The text with numbers and address words mended; `names` are the spans that nothing is changed in."""
    text = _corrections(_HOLE.sub("栋", text))
    shadow = "".join(map(_shadow, text))
    for start, end in names:
        shadow = shadow[:start] + "_" * (end - start - 1) + "S" + shadow[end:]
    for rule in _RULES:
        at = 0
        while match := rule.search(shadow, at):
            text, shadow = _apply(match, text, shadow)
            at = match.end()
    return text


def _corrections(text: str) -> str:
    """The words that take something back, by their sound: 步对 is 不对; else what was wrong would stay."""
    sounds = codes(text)
    for words, sound in _TAKING_BACK:
        at = sounds.find(sound)
        while at >= 0:
            if not _NUMERALS & set(text[at: at + len(words)]):
                text = text[:at] + words + text[at + len(words):]
            at = sounds.find(sound, at + len(words))
    return text


def _apply(match: re.Match[str], text: str, shadow: str) -> tuple[str, str]:
    """Write the right characters where the match stands, and note them as sure."""
    start, end = match.span("numeral")
    groups = match.groupdict()
    if not groups.keys() & {"word", *_ODD} and _unsure(shadow[start:end]):
        return text, shadow
    new, notes = list(text), list(shadow)
    for n in range(start, end):
        if shadow[n] != "N":
            new[n], notes[n] = _SOUNDS[syllable(text[n])], "N"
    if "word" in groups:
        for n in range(*match.span("word")):
            if shadow[n] in "TU":
                new[n], notes[n] = _NEAR[syllable(text[n])], "DY"["TU".index(shadow[n])]
            elif shadow[n].islower():
                new[n], notes[n] = _WORDS[syllable(text[n])], shadow[n].upper()
    for group in _ODD.keys() & groups.keys():
        if groups[group]:
            new[match.start(group)], notes[match.start(group)] = _ODD[group]
    return "".join(new), "".join(notes)


def _unsure(run: str) -> bool:
    """More guessed than heard."""
    return run.count("N") * 2 < len(run)
