"""The places of the city with their coordinates, found by how their names sound.

A name is spelled as the gazetteer spells it only when what was heard can hardly be another one;
a building is never guessed. When two places fit equally well and lie apart, there is no match,
and the caller is asked or the raw words go with the ticket.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from hotline.triage.fields import AddressFields
from hotline.triage.gazetteer_file import COLUMNS, KINDS, Entry, Kind, read_places
from hotline.triage.likeness import CLEAR_LEAD, SAME_SOUND, closeness, likeness
from hotline.triage.normal import normalise
from hotline.triage.numerals import DIGIT
from hotline.triage.phonetics import codes

__all__ = ["COLUMNS", "KINDS", "Entry", "Gazetteer", "Kind", "Match", "Spotted"]

_NUMERALS = frozenset(DIGIT + "十百千")
_LEADS = frozenset("在住是到的区路我号街镇道" + DIGIT)
_MATCH_LEAST = 0.82
_NEAR_DEGREES = 0.004
"""About 400 m: two equally good places so close are the same for finding a crew."""
_FIELDS: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("crossroads", ("crossroads",)), ("community", ("community", "landmark")), ("village", ("village",)),
    ("landmark", ("landmark", "community")), ("street", ("street",)),
)
"""What finds a crew best comes first."""


@dataclass(frozen=True, slots=True)
class Match:
    """A place of the gazetteer that fits what was said. Coordinates in WGS-84 degrees."""

    identifier: str
    names: tuple[str, ...]
    latitude: float
    longitude: float
    score: float
    """0 to 1; 1 is said exactly."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """A name of the gazetteer found in a text; offsets in the normal text."""

    entry: Entry
    start: int
    end: int
    score: float
    name: str = ""
    """As the gazetteer spells it."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One name of one place, and how it sounds."""

    name: str
    code: str
    entry: Entry


class Gazetteer:
    """All places, ready for search."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        plain = ((normalise(name).text, entry) for entry in entries for name in entry.names)
        self._spoken = sorted(
            (_Spoken(name, codes(name), entry) for name, entry in plain if name),
            key=lambda spoken: (-len(spoken.name), spoken.name, spoken.entry.identifier),
        )
        self._searches = sorted(
            ((by_sound, spoken) for spoken in self._spoken for by_sound in (False, True)),
            key=lambda search: (-len(search[1].name), search[0]),
        )
        self._alike: dict[str, list[_Spoken]] = defaultdict(list)
        for spoken in self._spoken:
            self._alike[spoken.code].append(spoken)
        self._by_code: dict[str, list[int]] = defaultdict(list)
        for number, spoken in enumerate(self._spoken):
            for code in set(spoken.code):
                self._by_code[code].append(number)

    @classmethod
    def load(cls, path: Path) -> Gazetteer:
        """Read a CSV file. Raises ConfigurationError with every fault of it, by line and field."""
        return cls(read_places(path))

    def spot(self, text: str, sounds: str) -> list[Spotted]:
        """Names said in a normal text, surest and longest first, never overlapping."""
        found = self._sure(text, sounds)
        masked = list(sounds)
        for spotted in found:
            masked[spotted.start: spotted.end] = "\0" * (spotted.end - spotted.start)
        near = self._near(text, "".join(masked))
        for spotted in sorted(near, key=lambda s: (-s.score, s.start, -s.end, s.name)):
            rivals = [s for s in near if _overlap(s, spotted) and s.name != spotted.name]
            clear = all(_clearer(spotted, rival, text) for rival in rivals)
            if clear and not any(_overlap(s, spotted) for s in found):
                found.append(spotted)
        return found

    def _sure(self, text: str, sounds: str) -> list[Spotted]:
        """The same characters, or the same sounds; longest first, and characters before sounds."""
        found: list[Spotted] = []
        present = set(sounds)
        for by_sound, spoken in self._searches:
            if spoken.code[0] not in present or spoken.code[-1] not in present:
                continue
            there, name = (sounds, spoken.code) if by_sound else (text, spoken.name)
            start = there.find(name)
            while start >= 0:
                spotted = self._spotted(by_sound, spoken, text, start)
                if spotted and not any(_overlap(s, spotted) for s in found):
                    found.append(spotted)
                start = there.find(name, start + 1)
        return found

    def _spotted(self, by_sound: bool, spoken: _Spoken, text: str, start: int) -> Spotted | None:
        end = start + len(spoken.name)
        if not by_sound:
            return Spotted(spoken.entry, start, end, 1.0, spoken.name)
        right = self._nearest(spoken, text[start:end])
        if not _believed(right.name, text, start, end):
            return None
        return Spotted(right.entry, start, end, SAME_SOUND, right.name)

    def _nearest(self, spoken: _Spoken, heard: str) -> _Spoken:
        """Of names that sound alike (杏花小区, 新华小区) the one with most of the heard characters."""
        return max(self._alike[spoken.code], key=lambda other: closeness(other.name, heard))

    def _near(self, text: str, sounds: str) -> list[Spotted]:
        """Names with one sound changed, lost, doubled or swapped, as far as that is safe."""
        where: dict[str, list[int]] = defaultdict(list)
        for position, code in enumerate(sounds):
            where[code].append(position)
        shared: dict[int, int] = defaultdict(int)
        for code in where:
            for number in self._by_code.get(code, ()):
                shared[number] += 1
        found: list[Spotted] = []
        for number, count in shared.items():
            spoken = self._spoken[number]
            length = len(spoken.code)
            if length >= 3 and count >= len(set(spoken.code)) - 1:
                found += _windows(spoken, text, sounds, where)
        return found

    def match(self, fields: AddressFields) -> Match | None:
        """The place of an address; None when nothing fits or several fit equally well."""
        for field, kinds in _FIELDS:
            name = getattr(fields, field)
            best = self._best(kinds, name, fields.district, fields.likeness) if name else None
            if best is not None:
                return best
        return None

    def _best(self, kinds: tuple[Kind, ...], name: str, district: str, heard: float) -> Match | None:
        said = normalise(name)
        possible = [
            spoken for spoken in self._spoken
            if spoken.entry.kind in kinds and (not district or spoken.entry.district in ("", district))
        ]
        exact = [spoken for spoken in possible if spoken.name == said.text]
        scored = [(_alike(said.text, said.sounds, spoken), spoken.entry) for spoken in exact or possible]
        scored = sorted((pair for pair in scored if pair[0] >= _MATCH_LEAST),
                        key=lambda pair: (-pair[0], pair[1].identifier))
        if not scored:
            return None
        score, entry = scored[0]
        if any(score - other < CLEAR_LEAD and _apart(entry, rival) for other, rival in scored[1:]):
            return None
        return Match(entry.identifier, entry.names, entry.latitude, entry.longitude, round(score * heard, 3))


def _believed(name: str, text: str, start: int, end: int) -> bool:
    """Short names by sound alone are everywhere (一种 is not 一中): something must be written right."""
    if len(name) > 3:
        return True
    right = sum(a == b for a, b in zip(name, text[start:end], strict=True))
    return len(name) == 3 and (right > 0 or text[end: end + 1] in DIGIT)


def _windows(spoken: _Spoken, text: str, sounds: str, where: dict[str, list[int]]) -> list[Spotted]:
    code, length = spoken.code, len(spoken.code)
    second = where.get(code[1], [])
    starts = {*where.get(code[0], []), *second, *(position - 1 for position in second)}
    found = []
    for start in sorted(starts):
        for width in (length, length - 1, length + 1):
            end = start + width
            if start < 0 or end > len(text) or "\0" in sounds[start:end]:
                continue
            heard = text[start:end]
            if _counts(heard, spoken.name) or (width < length and not _begins(text, start)):
                continue
            score = likeness(spoken.name, code, heard, sounds[start:end], text[end: end + 1])
            if score and (length > 3 or any(c in heard for c in spoken.name)):
                found.append(Spotted(spoken.entry, start, end, score, spoken.name))
    return found


def _clearer(spotted: Spotted, rival: Spotted, text: str) -> bool:
    """Better by a clear lead, or, for names that sound alike, by the characters."""
    if spotted.score - rival.score >= CLEAR_LEAD:
        return True
    same_place = (spotted.start, spotted.end) == (rival.start, rival.end)
    heard = text[spotted.start: spotted.end]
    return (same_place and codes(spotted.name) == codes(rival.name)
            and closeness(spotted.name, heard) > closeness(rival.name, heard))


def _begins(text: str, start: int) -> bool:
    """Whether a name may begin here: 张家湾小区 is not 万达小区 that lost a sound."""
    return start == 0 or not "\u4e00" <= text[start - 1] <= "\u9fff" or text[start - 1] in _LEADS


def _counts(heard: str, name: str) -> bool:
    """A number is part of the address, not of a misheard name."""
    return any(character in _NUMERALS and character not in name for character in heard)


def _overlap(first: Spotted, second: Spotted) -> bool:
    return first.start < second.end and second.start < first.end


def _alike(text: str, sounds: str, spoken: _Spoken) -> float:
    """1 for the same characters, a little less for the same sounds, less for near sounds."""
    if text == spoken.name:
        return 1.0
    if sounds == spoken.code:
        return SAME_SOUND
    ratio = fuzz.ratio(sounds, spoken.code, score_cutoff=100 * _MATCH_LEAST)
    return 0.93 * ratio / 100


def _apart(first: Entry, second: Entry) -> bool:
    return (
        first.identifier != second.identifier
        and max(abs(first.latitude - second.latitude), abs(first.longitude - second.longitude))
        > _NEAR_DEGREES
    )
