"""From what the caller said to the parts of an address.

Every part is taken where it is said; said twice, the later one counts, so a self-correction
(三栋，不对，是五栋) needs no dialogue. Nothing is added that was not said; the gazetteer only
spells a name that was heard.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hotline.triage.address_doors import Doors, doors_in
from hotline.triage.address_names import Name, marked, names_in
from hotline.triage.address_patterns import CROSSING, DENIED, FIX
from hotline.triage.fields import AddressFields, spoken_form
from hotline.triage.gazetteer import Gazetteer
from hotline.triage.hearing import mended
from hotline.triage.normal import STOP, Normal, normalise
from hotline.triage.phonetics import codes
from hotline.triage.place_words import ROUGH_ROAD

__all__ = ["AddressFields", "parse", "spoken_form"]

_DASH = re.compile(r"(?<=[0-9零一二三四五六七八九十幺a-hA-H])[-—–－](?=[0-9零一二三四五六七八九十幺])")
_TWICE = re.compile(r"单单(?=元)|(?<=单)元元|栋栋|号号|楼楼|百百|十十|路路|街街")
_FIGURE = "[0-9零一二三四五六七八九十百幺两]"
_PHASE = re.compile(f"第?[一二三四五六七八九十1-9]期(?=[，的在是]?(?:[a-h]|{_FIGURE}))")
"""碧桂园二期三十一栋: the phase of an estate is no part of an address's fields, nor of its figures."""
_EITHER = re.compile(
    f"{_FIGURE}{{1,3}}(?:单元|栋|幢|号楼|号)?，?(?:还是|或者?)，?{_FIGURE}{{1,3}}(?:单元|栋|幢|号楼|号)"
)
"""一单元还是二单元: he does not know, so neither does the crew."""
_MOST_CHARACTERS = 600
"""More than anybody says in a breath; the rest of a hostile text is not read."""


def parse(text: str, gazetteer: Gazetteer | None = None) -> AddressFields:
    """The address in these words; empty fields for what was not said."""
    said = normalise(_DASH.sub("杠", text[:_MOST_CHARACTERS]))
    known = names_in(said, said.text, gazetteer)
    whole = [(name.start, name.end) for name in known if name.kind in ("street", "community", "village")]
    better = _TWICE.sub(lambda twice: twice[0][0], ROUGH_ROAD.sub("路", mended(said.text, whole)))
    if better != said.text:
        known = names_in(Normal(better, codes(better), said.origin), better, gazetteer)
    words = marked(better, known)
    for silenced in (_PHASE, _EITHER):
        words = silenced.sub(lambda found: STOP * len(found[0]), words)
    address, doors = AddressFields(), Doors()
    for start, end in _pieces(words):
        within = [name for name in known if start <= name.start < end]
        address = _with_names(address, within, words[start:end])
        doors = doors_in(words[start:end], doors)
    return replace(address, number=doors.number, building=doors.building, unit=doors.unit, room=doors.room)


def _pieces(words: str) -> list[tuple[int, int]]:
    """The text cut at self-corrections, as offsets; what is only denied (不是三号楼) left out."""
    pieces = []
    start = 0
    for marker in [*FIX.finditer(words), None]:
        end = marker.start() if marker else len(words)
        if end > start:
            pieces.append((start, end))
        if marker is None:
            break
        start = marker.end()
        if marker[0] == "不是" and (denied := DENIED.match(words, start)):
            start = _after_denial(words, denied.end(), words[: marker.start()], start)
    return pieces


def _after_denial(words: str, end: int, before: str, start: int) -> int:
    """Where to go on after 不是X: past X when Y is given instead (不是X是Y, 是Y不是X), else at X itself."""
    instead = re.match(r"，?(?:而|应该|就)?是", words[end:])
    if instead:
        return end + instead.end()
    earlier = re.search(r"是[^，]{0,12}，?$", before)
    return end if earlier else start


def _with_names(address: AddressFields, names: list[Name], words: str) -> AddressFields:
    chosen: dict[str, Name] = {}
    for name in names:
        if name.kind not in chosen or not (name.side and not chosen[name.kind].side):
            chosen[name.kind] = name
    streets = [name for name in names if name.kind == "street"]
    changes: dict[str, Any] = {kind: name.text for kind, name in chosen.items() if kind != "crossroads"}
    if CROSSING.search(words) and len(streets) >= 2:
        changes |= {"crossroads": f"{streets[0].text}和{streets[1].text}交叉口", "street": streets[0].text}
    elif "crossroads" in chosen:
        crossing = chosen["crossroads"].text
        changes |= {"crossroads": crossing, "street": re.split("[和与]", crossing)[0]}
    if "landmark" in chosen:
        changes["side"] = chosen["landmark"].side
    if "village" in chosen and "community" not in chosen:
        changes["community"] = re.sub(r"^.*?[镇乡](?=..)", "", chosen["village"].text)
    score = min([address.likeness, *(name.score for name in chosen.values())])
    return replace(address, likeness=score, **changes)
