"""Names of places in what was said: the gazetteer's by sound, all others by how they begin and end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hotline.triage.gazetteer import Gazetteer, Spotted
from hotline.triage.normal import STOP, Normal
from hotline.triage.phonetics import syllable
from hotline.triage.place_words import (
    CUT,
    DISTRICT,
    ESTATE,
    NO_ESTATE,
    NO_ROAD,
    NOT_AFTER_ROAD,
    ROAD,
    SHOP,
    SHORT_ESTATE,
    SHORT_GOES_ON,
    SIDE,
    VILLAGE,
)

MARKS = {
    "street": "Ｓ", "community": "Ｃ", "village": "Ｖ",
    "district": "Ｄ", "landmark": "Ｌ", "crossroads": "Ｘ",
}
"""What stands for a name in the text whose numbers are read; full-width letters are in no normal text."""
_LONGEST_STEM = 7
_STEM_WITHOUT_EDGE = {"street": 2, "community": 4}
"""Where nothing shows where a name begins, so many characters are taken before its end."""
_NO_STEMS = frozenset("一二两几条这那哪大小老新")
_LEAD_SOUNDS = frozenset("zai zhu shi de jia wo men ni dao jiu you qi wei dou hao le yi".split())
"""Sounds of words that lead to a name: 我注再幸福小区 is 我住在幸福小区, misheard."""
_BARE = re.compile(r"(?P<name>[\u4e00-\u9fff]{3,7}?)(?=第?[0-9一二三四五六七八九十幺两]{1,3}(?:栋|幢|号楼))")
_NO_BARE = re.compile(r"期|[第0-9一二三四五六七八九十百幺两]$")
"""In no bare name: 二期三十一栋 holds none."""
_BIGGER = frozenset("新老大小东西南北中")
"""Before a known name they make another name: 新幸福小区 is not 幸福小区."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name said at one place of the normal text."""

    kind: str
    text: str
    start: int
    end: int
    score: float = 1.0
    side: str = ""


def names_in(said: Normal, text: str, gazetteer: Gazetteer | None) -> list[Name]:
    """All names in their order; `text` is the normal text, of the same length as `said.text`."""
    found: list[Name] = []
    masked = text
    for spotted in gazetteer.spot(said.text, said.sounds) if gazetteer else []:
        name = _known(spotted, masked)
        if name:
            found.append(name)
            masked = _mask(masked, name)
    for search in (_districts, _villages, _streets, _landmarks, _communities, _short_communities,
                   _bare_communities):
        for name in search(masked):
            found.append(name)
            masked = _mask(masked, name)
    return sorted(found, key=lambda name: name.start)


def marked(text: str, names: list[Name]) -> str:
    """The text with each name as stops and one mark, in its place."""
    for name in names:
        width = name.end - name.start
        text = text[: name.start] + STOP * (width - 1) + MARKS[name.kind] + text[name.end:]
    return text


def _mask(text: str, name: Name) -> str:
    return text[: name.start] + STOP * (name.end - name.start) + text[name.end:]


def _known(spotted: Spotted, text: str) -> Name | None:
    start, end, entry = spotted.start, spotted.end, spotted.entry
    if STOP in text[start:end]:
        return None
    after = text[end:]
    if entry.kind in ("street", "community") and _longer(text, start):
        return None
    if entry.kind == "street":
        if NOT_AFTER_ROAD.match(after):
            return None
        section = re.match(r"[东西南北中一二三四五六七八九1-9]段", after)
        name = spotted.name + (section[0] if section and not spotted.name.endswith("段") else "")
        return Name("street", name, start, end + (2 if section else 0), spotted.score)
    if entry.kind == "district" and spotted.name[-1] not in "区县":
        return Name("district", spotted.name, start, end) if re.match(r"的|那边|这边|，|$", after) else None
    if entry.kind == "village":
        group = re.match(r"第?[0-9零一二三四五六七八九十]+(?:组|社(?!区)|队)", after)
        width = len(group[0]) if group else 0
        return Name("village", spotted.name + (group[0] if group else ""), start, end + width, spotted.score)
    if entry.kind == "landmark":
        side = SIDE.match(after)
        longer = re.match(r"[\u4e00-\u9fff]?(?:小区|花园|宿舍|家属院|公寓)", after)
        if longer or (len(spotted.name) < 3 and not side):
            return None
        return Name("landmark", spotted.name, start, end, spotted.score, side[1] if side else "")
    return Name(entry.kind, spotted.name, start, end, spotted.score)


def _longer(text: str, start: int) -> bool:
    """Whether a known name is only the end of another: 新幸福小区, 金色阳光小区."""
    before = text[_begin(text, start, "known"): start]
    if before[-1:] in _BIGGER:
        return before != ""
    return len(before) in (2, 3) and not any(syllable(character) in _LEAD_SOUNDS for character in before)


def _begin(text: str, end: int, kind: str) -> int:
    """Where the name begins whose last part begins at `end`."""
    floor = max(0, end - _LONGEST_STEM)
    edges = [0] if floor == 0 else []
    for cut in CUT.finditer(text, max(0, floor - 4), end + 4):
        if cut.end() > end:
            break
        edges.append(cut.end())
    for n in range(floor, end):
        if not "\u4e00" <= text[n] <= "\u9fff" or text[n] in "号栋幢":
            edges.append(n + 1)
    edges = [edge for edge in edges if edge >= floor]
    return max(edges) if edges else end - _STEM_WITHOUT_EDGE.get(kind, 2)


def _districts(text: str) -> list[Name]:
    found = []
    for match in DISTRICT.finditer(text):
        start = max(match.start(), _begin(text, match.end() - 1, "district"))
        name = re.sub(r"^.*[市省]", "", text[start: match.end()])
        if len(name) > 2 and syllable(name[-2]) not in ("xiao", "she"):
            found.append(Name("district", name, match.end() - len(name), match.end()))
    return found


def _villages(text: str) -> list[Name]:
    found = []
    for match in VILLAGE.finditer(text):
        if not match["village"] or len(match["village"]) < 2:
            continue
        start = match.start() if match["town"] else match.start("village")
        stem = match.end("village") - 1
        begin = max(start, _begin(text, match.end("town") - 1 if match["town"] else stem, "village"))
        if stem - begin >= 1:
            found.append(Name("village", text[begin: match.end()], begin, match.end()))
    return found


def _streets(text: str) -> list[Name]:
    wrong = {n for match in NO_ROAD.finditer(text) for n in range(match.start(), match.end())}
    found = []
    for match in ROAD.finditer(text):
        ending = match.group().removesuffix(match["section"] or "")
        if match.start() in wrong or NOT_AFTER_ROAD.match(text, match.start() + len(ending)):
            continue
        start = _begin(text, match.start(), "street")
        if start < match.start() and text[start: match.start()] not in _NO_STEMS:
            found.append(Name("street", text[start: match.end()], start, match.end()))
    return _apart(found)


def _landmarks(text: str) -> list[Name]:
    found = []
    for match in SHOP.finditer(text):
        side = SIDE.match(text, match.end())
        start = _begin(text, match.start(), "landmark")
        if side and match.end() - start > 1:
            found.append(Name("landmark", text[start: match.end()], start, match.end(), side=side[1]))
    return _apart(found)


def _communities(text: str) -> list[Name]:
    return _apart([name for match in ESTATE.finditer(text) if (name := _estate(text, match, 1))])


def _short_communities(text: str) -> list[Name]:
    """Names that end in an everyday character: only where the address goes on after them."""
    wrong = {n for match in NO_ESTATE.finditer(text) for n in range(match.start(), match.end())}
    matches = (m for m in SHORT_ESTATE.finditer(text) if m.start() not in wrong)
    return _apart([name for match in matches
                   if SHORT_GOES_ON.match(text, match.end()) and (name := _estate(text, match, 1))])


def _bare_communities(text: str) -> list[Name]:
    """A name without any ending (天立香缇三栋), where it stands between a leading word and a building."""
    if "\0" in text:
        return []
    found = []
    for match in _BARE.finditer(text):
        start = _begin(text, match.end("name"), "bare")
        name = text[start: match.end("name")]
        if 3 <= len(name) <= 6 and not ESTATE.search(name) and (
                start == 0 or text[start - 1] in "，在住是到的号") and not _NO_BARE.search(name):
            found.append(Name("community", name, start, match.end("name")))
    return found[-1:]


def _estate(text: str, match: re.Match[str], least: int) -> Name | None:
    start = _begin(text, match.start(), "community")
    name = re.sub(r"^(?:.{1,3}市(?!民|政)|老)(?=.{2,})", "", text[start: match.end()])
    if len(name) - len(match.group()) < least or any(c in name for c in STOP):
        return None
    return Name("community", name, match.end() - len(name), match.end())


def _apart(names: list[Name]) -> list[Name]:
    """Names that do not overlap; of two that do, the one that ends later."""
    kept: list[Name] = []
    for name in sorted(names, key=lambda n: -n.end):
        if all(name.end <= other.start for other in kept):
            kept.append(name)
    return kept
