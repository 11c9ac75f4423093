"""The places of the city with their coordinates, found by how their names sound.

Loaded from CSV. A building is never guessed: when two places fit equally well and lie
apart, there is no match, and the caller is asked or the raw words go with the ticket.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rapidfuzz import fuzz

from hotline.errors import ConfigurationError, Fault
from hotline.triage.fields import AddressFields
from hotline.triage.normal import normalise
from hotline.triage.phonetics import codes

Kind = Literal["district", "street", "community", "village", "crossroads", "landmark"]
KINDS: tuple[Kind, ...] = ("district", "street", "community", "village", "crossroads", "landmark")
COLUMNS = ("identifier", "kind", "district", "name", "aliases", "latitude", "longitude")
_MATCH_LEAST = 0.82
_CLEAR_LEAD = 0.04
_NEAR_DEGREES = 0.004
"""About 400 m: two equally good places so close are the same for finding a crew."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place. Coordinates in WGS-84 degrees."""

    identifier: str
    kind: Kind
    district: str
    name: str
    aliases: tuple[str, ...]
    latitude: float
    longitude: float

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Match:
    """A place of the gazetteer that fits what was said."""

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


class Gazetteer:
    """All places, ready for search."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self._spoken = sorted(
            ((name, codes(normalise(name).text), entry) for entry in entries for name in entry.names),
            key=lambda spoken: -len(spoken[0]),
        )

    @classmethod
    def load(cls, path: Path) -> Gazetteer:
        """Read a CSV file. Raises ConfigurationError with every fault of it, by line and field."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ConfigurationError([Fault(path, 0, "", "no such file")]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError([Fault(path, 0, "", f"cannot be read: {error}")]) from error
        return cls(_read(path, text))

    def spot(self, text: str, sounds: str) -> list[Spotted]:
        """Names said in a normal text, longest first, never overlapping."""
        found: list[Spotted] = []
        for name, code, entry in self._spoken:
            for start, score in _positions(name, code, text, sounds):
                end = start + len(name)
                if all(end <= other.start or other.end <= start for other in found):
                    found.append(Spotted(entry, start, end, score))
        return found

    def match(self, fields: AddressFields) -> Match | None:
        """The place of an address; None when nothing fits or several fit equally well."""
        wanted = [
            (kinds, name) for kinds, name in (
                (("crossroads",), fields.crossroads), (("community",), fields.community),
                (("village",), fields.village), (("landmark", "community"), fields.landmark),
                (("street",), fields.street),
            ) if name
        ]
        for kinds, name in wanted:
            best = self._best(kinds, name, fields.district)
            if best is not None:
                return best
        return None

    def _best(self, kinds: tuple[str, ...], name: str, district: str) -> Match | None:
        said = normalise(name)
        scored = []
        for spoken, code, entry in self._spoken:
            if entry.kind not in kinds or (district and entry.district and entry.district != district):
                continue
            score = _likeness(said.text, said.sounds, spoken, code)
            if score >= _MATCH_LEAST:
                scored.append((score, entry))
        if not scored:
            return None
        scored.sort(key=lambda pair: (-pair[0], pair[1].identifier))
        score, entry = scored[0]
        if any(score - other < _CLEAR_LEAD and _apart(entry, rival) for other, rival in scored[1:]):
            return None
        return Match(entry.identifier, entry.names, entry.latitude, entry.longitude, round(score, 3))


def _likeness(text: str, sounds: str, name: str, code: str) -> float:
    """1 for the same characters, a little less for the same sounds, less for near sounds."""
    if text == name:
        return 1.0
    if sounds == code:
        return 0.95
    return 0.93 * fuzz.ratio(sounds, code) / 100


def _positions(name: str, code: str, text: str, sounds: str) -> Iterator[tuple[int, float]]:
    exact = text.find(name)
    while exact >= 0:
        yield exact, 1.0
        exact = text.find(name, exact + 1)
    heard = sounds.find(code)
    while heard >= 0:
        if text[heard: heard + len(name)] != name:
            yield heard, 0.95
        heard = sounds.find(code, heard + 1)


def _apart(first: Entry, second: Entry) -> bool:
    return (
        first.identifier != second.identifier
        and max(abs(first.latitude - second.latitude), abs(first.longitude - second.longitude))
        > _NEAR_DEGREES
    )


def _read(path: Path, text: str) -> tuple[Entry, ...]:
    lines = text.splitlines()
    written = (n for n, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    skipped = next(written, len(lines))
    reader = csv.DictReader(lines[skipped:])
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise ConfigurationError(
            [Fault(path, skipped + 1, column, "this column is missing in the heading") for column in missing])
    faults: list[Fault] = []
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    for row in reader:
        line = skipped + reader.line_num
        entry = _entry(path, line, row, faults)
        if entry and entry.identifier in seen:
            faults.append(Fault(path, line, "identifier", f"stands already in line {seen[entry.identifier]}"))
        elif entry:
            seen[entry.identifier] = line
            entries.append(entry)
    if faults:
        raise ConfigurationError(faults)
    return tuple(entries)


def _entry(path: Path, line: int, row: dict[str, str], faults: list[Fault]) -> Entry | None:
    before = len(faults)
    for column in ("identifier", "name"):
        if not (row[column] or "").strip():
            faults.append(Fault(path, line, column, "must not be empty"))
    kind = next((known for known in KINDS if known == row["kind"]), None)
    if kind is None:
        message = f"must be one of {', '.join(KINDS)} (given: {row['kind']!r})"
        faults.append(Fault(path, line, "kind", message))
    latitude = _degrees(path, line, row, "latitude", 90, faults)
    longitude = _degrees(path, line, row, "longitude", 180, faults)
    if len(faults) > before or kind is None:
        return None
    aliases = tuple(alias.strip() for alias in (row["aliases"] or "").split("|") if alias.strip())
    return Entry(row["identifier"].strip(), kind, (row["district"] or "").strip(), row["name"].strip(),
                 aliases, latitude, longitude)


def _degrees(
    path: Path, line: int, row: dict[str, str], column: str, limit: int, faults: list[Fault]
) -> float:
    try:
        value = float(row[column] or "")
    except ValueError:
        value = float("nan")
    if not -limit <= value <= limit:
        faults.append(Fault(path, line, column, f"must be degrees from -{limit} to {limit}, WGS-84"
                                                f" (given: {row[column]!r})"))
    return value
