"""Reads the places of the city from a CSV file and names every fault of it by line and column."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from hotline.errors import ConfigurationError, Fault
from hotline.triage.datum import DATUMS, Datum, defined, to_wgs84

Kind = Literal["district", "street", "community", "village", "crossroads", "landmark"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COLUMNS = ("identifier", "kind", "district", "name", "aliases", "latitude", "longitude")
OPTIONAL = ("datum",)
"""Without it all coordinates are WGS-84."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place. Coordinates in WGS-84 degrees, whatever the file gave."""

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


def read_places(path: Path) -> tuple[Entry, ...]:
    """The places of a file. Raises ConfigurationError with every fault of it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError([Fault(path, 0, "", "no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Fault(path, 0, "", f"cannot be read: {error}")]) from error
    return _Reader(path).read(text)


class _Reader:
    """Gathers places and faults row by row, so that one check shows all that is to be mended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = 0
        self._faults: list[Fault] = []

    def read(self, text: str) -> tuple[Entry, ...]:
        lines = text.splitlines()
        written = (n for n, line in enumerate(lines) if line.strip() and not line.startswith("#"))
        skipped = next(written, len(lines))
        rows = csv.DictReader(lines[skipped:], strict=True)
        self._line = skipped + 1
        entries: dict[str, tuple[int, Entry]] = {}
        try:
            self._heading(rows.fieldnames or ())
            for row in rows:
                self._line = skipped + rows.line_num
                self._row(row, entries)
        except csv.Error as error:
            self._line += 1
            self._fault("", f"not CSV: {error}")
        if self._faults:
            raise ConfigurationError(self._faults)
        return tuple(entry for _, entry in entries.values())

    def _heading(self, names: object) -> None:
        given = list(cast("list[str]", names))
        for column in COLUMNS:
            if column not in given:
                self._fault(column, "this column is missing in the heading")
        for name in given:
            if name not in COLUMNS + OPTIONAL:
                self._fault(str(name), f"unknown column; known are {', '.join(COLUMNS + OPTIONAL)}")
            elif given.count(name) > 1:
                self._fault(name, "this column stands twice in the heading")
        if self._faults:
            raise ConfigurationError(self._faults)

    def _row(self, row: dict[str, str], entries: dict[str, tuple[int, Entry]]) -> None:
        if (row.get(COLUMNS[0]) or "").startswith("#"):
            return
        if None in row or None in row.values():
            self._fault("", f"has {'more' if None in row else 'fewer'} fields than the heading; "
                            "put a name that holds a comma in double quotes")
            return
        entry = self._entry({name: value.strip() for name, value in row.items()})
        if entry and entry.identifier in entries:
            self._fault("identifier", f"stands already in line {entries[entry.identifier][0]}")
        elif entry:
            entries[entry.identifier] = (self._line, entry)

    def _entry(self, row: dict[str, str]) -> Entry | None:
        before = len(self._faults)
        for column in ("identifier", "name"):
            if not row[column]:
                self._fault(column, "must not be empty")
        kind = self._one_of("kind", row["kind"], KINDS)
        datum = self._one_of("datum", row.get("datum") or "WGS-84", DATUMS)
        latitude = self._degrees("latitude", row["latitude"], 90)
        longitude = self._degrees("longitude", row["longitude"], 180)
        if len(self._faults) == before and not defined(latitude, longitude, cast(Datum, datum)):
            self._fault("datum", "GCJ-02 exists in China only; are latitude and longitude exchanged?")
        if len(self._faults) > before:
            return None
        latitude, longitude = to_wgs84(latitude, longitude, cast(Datum, datum))
        aliases = tuple(alias.strip() for alias in row["aliases"].split("|") if alias.strip())
        return Entry(row["identifier"], cast(Kind, kind), row["district"], row["name"], aliases,
                     latitude, longitude)

    def _one_of(self, column: str, given: str, allowed: tuple[str, ...]) -> str:
        if given not in allowed:
            self._fault(column, f"must be one of {', '.join(allowed)} (given: {given!r})")
        return given

    def _degrees(self, column: str, given: str, limit: int) -> float:
        try:
            value = float(given)
        except ValueError:
            value = float("nan")
        if not -limit <= value <= limit:
            self._fault(column, f"must be degrees from -{limit} to {limit} (given: {given!r})")
        return value

    def _fault(self, column: str, message: str) -> None:
        self._faults.append(Fault(self._path, self._line, column, message))
