"""From what the caller said to the parts of an address.

Every part is taken where it is said; said twice, the later one counts, so a
self-correction (三栋，不对，是五栋) needs no dialogue. Nothing is added that was not said;
the gazetteer only spells a name that was heard.
"""

from __future__ import annotations

import re
from dataclasses import replace

from hotline.triage.address_patterns import (
    BARE_NUMBER,
    BUILDING,
    COMMUNITY,
    CROSSROADS,
    DISTRICT,
    FIX,
    FLOOR_ROOM,
    LANDMARK,
    NUMBER,
    ROOM,
    ROOM_AFTER,
    SIDE,
    STREET,
    UNIT,
    VILLAGE,
    N,
)
from hotline.triage.fields import AddressFields, spoken_form
from hotline.triage.gazetteer import Gazetteer, Spotted
from hotline.triage.normal import normalise
from hotline.triage.numerals import NUMERAL, figures

__all__ = ["AddressFields", "parse", "spoken_form"]

def parse(text: str, gazetteer: Gazetteer | None = None) -> AddressFields:
    """The address in these words; empty fields for what was not said."""
    said = normalise(text)
    known = gazetteer.spot(said.text, said.sounds) if gazetteer else []
    spelled = _spell(said.text, known)
    address = AddressFields()
    for part in _parts(spelled):
        address = _take(part, address, gazetteer)
    return address


def _spell(text: str, known: list[Spotted]) -> str:
    """The text with names of the gazetteer in the gazetteer's spelling."""
    for spotted in sorted(known, key=lambda s: s.start, reverse=True):
        if spotted.score >= 1 or spotted.end - spotted.start < 3:
            continue
        names = [n for n in spotted.entry.names if len(n) == spotted.end - spotted.start]
        heard = text[spotted.start: spotted.end]
        text = text.replace(heard, names[0], 1) if names else text
    return text


def _parts(text: str) -> list[str]:
    """The text cut at self-corrections; what is only denied (不是三号楼) left out."""
    pieces = FIX.split(text)
    parts = [pieces[0]]
    for marker, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        denied = marker == "不是" and re.match(rf"第?{N}(?:栋|幢|号|单元|楼|室|，|$)", piece)
        follows = re.search(r"是", piece) or re.search(r"是[^，]*$", parts[-1])
        if denied and follows:
            piece = piece[piece.index("是") + 1:] if "是" in piece else ""
        parts.append(piece)
    return [part for part in parts if part]


def _take(part: str, address: AddressFields, gazetteer: Gazetteer | None) -> AddressFields:
    address = _take_names(part, address, gazetteer)
    changes: dict[str, str] = {}
    rest = part
    building, unit = _last(BUILDING, part), _last(UNIT, part)
    if building:
        changes["building"] = _figure(building[1] or building[2])
    if unit:
        changes["unit"] = _figure(unit[1]) if unit[1] else unit[2]
    after = max((m.end() for m in (building, unit) if m), default=0)
    rest = part[after:]
    room = _room(rest, bool(after) or _only_room(part, address))
    if room:
        changes["room"] = room
    number = BARE_NUMBER.search(part)
    if number:
        changes["number"] = figures(number[1])
    return replace(address, **changes)


def _take_names(part: str, address: AddressFields, gazetteer: Gazetteer | None) -> AddressFields:
    changes: dict[str, str] = {}
    crossing = CROSSROADS.search(part)
    if crossing:
        changes["crossroads"] = f"{_trim(crossing[1])}和{crossing[2]}交叉口"
        part = part[: crossing.start()] + "，" + part[crossing.end():]
    spotted = gazetteer.spot(part, normalise(part).sounds) if gazetteer else []
    for found in sorted(spotted, key=lambda s: s.start):
        name = part[found.start: found.end]
        if found.entry.kind in ("street", "community", "district", "village"):
            changes[found.entry.kind] = name
            group = re.match(rf"{NUMERAL}+[组社]", part[found.end:])
            if group and found.entry.kind == "village":
                changes["village"] += group[0]
        elif found.entry.kind == "landmark":
            side = re.match(rf"的?{SIDE}", part[found.end:])
            changes |= {"landmark": name, "side": side[1] if side else ""}
    changes |= {name: value for name, value in _unknown_names(part, changes).items() if value}
    street = changes.get("street", "")
    if street:
        after = part[part.rindex(street) + len(street):]
        section = re.match(r"[一二三四五六七八九东西南北中]段", after)
        if section and not street.endswith("段"):
            changes["street"], after = street + section[0], after[2:]
        number = NUMBER.match(after)
        if number:
            attached = number[2] or number[3]
            changes["number"] = figures(number[1]) + (f"附{figures(attached)}" if attached else "")
    return replace(address, **changes)


def _unknown_names(part: str, known: dict[str, str]) -> dict[str, str]:
    """Names that no gazetteer knows, by their endings."""
    for name in known.values():
        part = part.replace(name, "，" * len(name))
    found: dict[str, str] = {}
    if "district" not in known and (district := DISTRICT.search(part)):
        found["district"] = district[1]
        part = part.replace(district[1], "，")
    if "village" not in known and (village := _village(part)):
        found["village"] = village
        part = part.replace(village, "，")
    if "landmark" not in known and (landmark := LANDMARK.search(part)):
        found |= {"landmark": landmark[1], "side": landmark[2]}
        part = part.replace(landmark[1], "，")
    if "street" not in known and "village" not in known and (street := STREET.search(part)):
        found["street"] = _trim(street[1]) + (street[2] or "")
        part = part.replace(street[0], "，")
    if "community" not in known and (community := COMMUNITY.search(part)):
        found["community"] = _trim(community[1])
    return {name: value for name, value in found.items() if len(value) > 1}


def _village(part: str) -> str:
    for match in VILLAGE.finditer(part):
        if match[2] or (match[1] and match[3]):
            return match[0]
    return ""


def _trim(name: str) -> str:
    return re.sub(r"^(?:在|住|是|的|我|家|到|来|从|区|县|市)+", "", name)


def _last(pattern: re.Pattern[str], part: str) -> re.Match[str] | None:
    found = None
    for match in pattern.finditer(part):
        found = match
    return found


def _figure(words: str) -> str:
    return words.upper() if words.isascii() and words.isalpha() else figures(words)


def _only_room(part: str, address: AddressFields) -> bool:
    """A correction such as 不对，五零三 after a building or unit was said."""
    return bool(address.room) and re.fullmatch(rf"[，是]*{NUMERAL}{{2,6}}[，]*", part) is not None


def _room(rest: str, expected: bool) -> str:
    floor = FLOOR_ROOM.search(rest)
    if floor:
        door = figures(floor[2])
        return figures(floor[1]) + (door.zfill(2) if len(door) <= 2 else door) if len(door) <= 2 else door
    named = ROOM.search(rest)
    if named:
        return figures(named[1])
    after = ROOM_AFTER.match(rest) if expected else None
    return figures(after[1]) if after else ""
