"""Street number, building, unit and room out of text whose names are marks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from hotline.triage.address_patterns import (
    BUILDING,
    BUILDING_NAMED,
    BUILDING_SHORT,
    CORRECTED,
    DASHED,
    DOUBTFUL_BEFORE,
    FLOOR_ROOM,
    LOWEST_ROOM,
    NOT_ROOM,
    NUMBER,
    NUMBER_BARE,
    PLATE,
    ROOM_AFTER,
    ROOM_BEFORE,
    ROOM_LIVED,
    ROOM_NAMED,
    UNIT,
    UNIT_NAMED,
)
from hotline.triage.normal import STOP
from hotline.triage.numerals import figures

Field = Literal["number", "building", "unit", "room"]
_SERVICES = frozenset(("110", "119", "120", "122", "12345"))
"""Who calls or is called, never a room said without its building."""
_BARE_UNIT = re.compile("单元(?=[，的]?[0-9零一二三四五六七八九幺])")
"""A unit whose figure was lost still stands before the room."""
_INSIDE = re.compile("栋|幢|号楼|单元")
"""After these 门牌号 is that of the flat."""
_DOUBTFUL = re.compile("[一二三四五六七八九]{2,}")
_MOST_BUILDINGS = 199
_MOST_UNITS = 20
_MOST_ROOM_FIGURES = 4


@dataclass(frozen=True, slots=True)
class Doors:
    """What has been said so far, and which of it last: that is what a bare correction puts right."""

    number: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    last: Field | None = None

    def taking(self, field: Field, value: str) -> Doors:
        changes: dict[str, Any] = {field: value, "last": field}
        return replace(self, **changes) if value else self


def doors_in(piece: str, before: Doors) -> Doors:
    """`before` with what one piece of speech adds or puts right."""
    corrected = CORRECTED.match(piece)
    if corrected and before.last and not re.match("号?[楼栋幢单]", piece[corrected.end("value"):]):
        right = before.taking(_meant(corrected, before), figures(corrected["value"]))
        return _rest(piece[corrected.end():], right)
    return _rest(piece, before)


def _meant(corrected: re.Match[str], before: Doors) -> Field:
    """Three figures and more after a building are a room; else what was said last."""
    value = figures(corrected["value"])
    if len(value) >= 3 and before.last in ("building", "unit"):
        return "room"
    return before.last or "room"


def _rest(piece: str, doors: Doors) -> Doors:
    dashed = DASHED.search(piece)
    if dashed:
        doors = doors.taking("building", _figure(dashed["building"]))
        doors = doors.taking("unit", figures(dashed["unit"] or "")).taking("room", figures(dashed["room"]))
        piece = piece[: dashed.start()] + STOP + piece[dashed.end():]
    piece, doors = _street_number(piece, doors)
    ends, doors = _building_and_unit(piece, doors)
    return _room(piece, ends, doors)


def _street_number(piece: str, doors: Doors) -> tuple[str, Doors]:
    for pattern in (NUMBER, PLATE, NUMBER_BARE):
        for match in pattern.finditer(piece):
            groups = match.groupdict()
            value, before = figures(match["number"]), piece[: match.start()]
            if pattern is PLATE and len(value) >= 3 and _INSIDE.search(before):
                doors = doors.taking("room", _short(value))
                return piece[: match.start()] + STOP * len(match[0]) + piece[match.end():], doors
            attached = groups.get("attached") or groups.get("part")
            addition = f"附{figures(attached)}" if attached else ""
            doors = doors.taking("number", figures(match["number"]) + addition)
            mark = groups.get("mark") or ""
            filler = "Ｎ" * (match.end() - match.start() - len(mark))
            piece = piece[: match.start()] + mark + filler + piece[match.end():]
            break
    return piece, doors


def _building_and_unit(piece: str, doors: Doors) -> tuple[list[int], Doors]:
    """Also the places where a building or unit ends: what follows there may be a bare room."""
    ends = []
    early = ROOM_BEFORE.search(piece)
    if early:
        doors = doors.taking("room", _short(figures(early["room"])))
    for pattern in (BUILDING, BUILDING_NAMED, BUILDING_SHORT):
        for match in pattern.finditer(piece):
            if DOUBTFUL_BEFORE.search(piece, 0, match.start()):
                continue
            groups = match.groupdict()
            zone = (groups.get("zone") or "").removesuffix("座")
            zone = ("" if zone.endswith("区") else zone) + match["building"]
            doors = doors.taking("building", _building(zone, groups.get("letter") or ""))
            ends.append(match.end())
    for pattern in (UNIT, UNIT_NAMED):
        for match in pattern.finditer(piece):
            doors = _unit(match.groupdict(), doors)
            ends.append(match.end())
    ends += [match.end() for match in _BARE_UNIT.finditer(piece)]
    return sorted(ends), doors


def _building(words: str, letter: str) -> str:
    """Empty for 三三栋 and 六三栋: nobody says thirty-three so; it was misheard."""
    if _DOUBTFUL.fullmatch(words) or int(figures(words) or 0) > _MOST_BUILDINGS:
        return ""
    head = words[0].upper() if words[:1] in "abcdefgh甲乙丙丁" else ""
    return head + figures(words[1:] if head else words) + letter.upper()


def _unit(groups: dict[str, str | None], doors: Doors) -> Doors:
    words = groups.get("unit") or groups.get("unit2") or ""
    if groups.get("side"):
        return doors.taking("unit", (groups["side"] or "").upper())
    value = figures(words)
    if int(value) <= _MOST_UNITS and len(value) <= 2:
        return doors.taking("unit", value)
    # 五零一二单元: a room said first; 三二单元: a building whose 栋 was lost is not guessed.
    if len(value) in (4, 5) and not re.search("[十百千]", words):
        doors = doors.taking("room", value[:-1])
    return doors.taking("unit", value[-1])


def _room(piece: str, ends: list[int], doors: Doors) -> Doors:
    """The room with its word (室, 楼…号) wherever it stands, or bare after a building, a unit or a number."""
    floor, lowest, named = FLOOR_ROOM.search(piece), LOWEST_ROOM.search(piece), ROOM_NAMED.search(piece)
    if floor:
        return doors.taking("room", _on_floor(figures(floor["floor"]), figures(floor["door"])))
    if lowest:
        return doors.taking("room", _on_floor("1", figures(lowest["door"])))
    if named:
        return doors.taking("room", _short(figures(named["room"] or named["room2"])))
    for end in reversed(ends):
        least = 1 if re.match(r"(?:的|，)*[^，]{1,3}号", piece[end:]) else 3
        if found := _bare_room(piece[end:], least):
            return doors.taking("room", found)
    numbered = piece.rfind("Ｎ") + 1
    if (numbered or doors.building or doors.unit) and (found := _bare_room(piece[numbered:], 3)):
        return doors.taking("room", found)
    lived = ROOM_LIVED.search(piece)
    if not lived or NOT_ROOM.match(piece, lived.end("room")):
        return doors
    return doors.taking("room", _short(figures(lived["room"])))


def _bare_room(rest: str, least: int) -> str:
    match = ROOM_AFTER.match(rest)
    if not match or NOT_ROOM.match(rest, match.end("room")) or figures(match["room"]) in _SERVICES:
        return ""
    value = figures(match["room"])
    return _short(value) if len(value) >= least else ""


def _on_floor(floor: str, door: str) -> str:
    """二十楼四号 → 2004; 六楼六零二 → 602."""
    return floor + door.zfill(2) if len(door) <= 2 else _short(door)


def _short(room: str) -> str:
    return room if len(room) <= _MOST_ROOM_FIGURES and room.strip("0") else ""


def _figure(words: str) -> str:
    return words.upper() if words.isascii() and words.isalpha() else figures(words)
