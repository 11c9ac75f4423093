"""Reads and writes the roster's file, CSV or YAML; every fault with its line, and nothing half done."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from dispatch.api import Roster, RosterFile, RosterRow, Stations, build_roster, roster_notices, row_faults
from dispatch.deadlines import WorkCalendar
from hotline.errors import ConfigurationError, Fault
from hotline.yamlfile import YamlFile, validate

COLUMNS = (
    "kind", "crew", "first", "last", "start", "end", "members", "substitute", "substitute_crew", "on_call",
    "author", "approved_by", "reason",
)
NEEDED = ("kind", "crew", "first")
BETWEEN = ";"
"""Between several members of one cell."""
LARGEST_BYTES = 20_000_000


def load_rows(path: Path, stations: Stations) -> tuple[RosterRow, ...]:
    """The rows of a file. Raises ConfigurationError with every fault: file, line, column, what to write."""
    if path.suffix.lower() in (".yaml", ".yml"):
        source = YamlFile(path)
        rows = validate(source, RosterFile).rows if source.content is not None else ()
        lines = [source.line(("rows", number)) for number in range(len(rows))]
    else:
        found = list(_csv_rows(path))
        rows, lines = tuple(row for _, row in found), [line for line, _ in found]
    faults = [
        Fault(path, lines[number], field, message) for number, field, message in row_faults(stations, rows)
    ]
    if faults:
        raise ConfigurationError(faults)
    return rows


def load_roster(path: Path | None, stations: Stations, calendar: WorkCalendar) -> Roster:
    """Ready to be asked; without a file the weekly shifts alone. Raises ConfigurationError."""
    return build_roster(calendar, load_rows(path, stations) if path is not None else ())


def notices(path: Path | None, stations: Stations, roster: Roster, local: datetime) -> tuple[Fault, ...]:
    """What must be said weeks ahead of the roster's end, of gaps and of certificates that end."""
    where = path or Path("stations.yaml")
    found = roster_notices(stations, roster, local.replace(tzinfo=None))
    return tuple(Fault(where, 0, "roster", message) for message in found)


def as_csv(rows: Sequence[RosterRow]) -> str:
    """The rows as a spreadsheet reads them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        content = row.model_dump(mode="json")
        writer.writerow(content | {"members": BETWEEN.join(row.members)})
    return text.getvalue()


def as_yaml(rows: Sequence[RosterRow]) -> str:
    text = io.StringIO()
    kept = [row.model_dump(mode="json", exclude_defaults=True) | {"kind": row.kind} for row in rows]
    YAML(typ="safe", pure=True).dump({"rows": kept}, text)
    return text.getvalue()


def _csv_rows(path: Path) -> Iterator[tuple[int, RosterRow]]:
    """Each row with the line on which it ends. Raises ConfigurationError with every fault."""
    faults: list[Fault] = []
    found: list[tuple[int, RosterRow]] = []
    reader = csv.DictReader(io.StringIO(_text(path)), strict=True)
    try:
        _check_columns(path, reader.fieldnames)
        for content in reader:
            if not any(value for value in content.values() if isinstance(value, str) and value.strip()):
                continue
            line = reader.line_num
            try:
                found.append((line, RosterRow.model_validate(_plain(content))))
            except ValidationError as error:
                faults += [Fault(path, line, _field(e), _message(e)) for e in error.errors()]
    except csv.Error as error:
        faults.append(Fault(path, reader.line_num, "", f"not valid CSV: {error}"))
    if faults:
        raise ConfigurationError(faults)
    yield from found


def _text(path: Path) -> str:
    """UTF-8, as spreadsheets save it with or without a mark, else GB 18030, as Chinese ones do."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError([Fault(path, 0, "", "no such file")]) from None
    except OSError as error:
        raise ConfigurationError([Fault(path, 0, "", f"cannot be read: {error}")]) from error
    if len(content) > LARGEST_BYTES:
        raise ConfigurationError([Fault(path, 0, "", "is larger than 20 MB")])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigurationError([Fault(path, 0, "", "is neither UTF-8 nor GB 18030; save it as CSV UTF-8")])


def _check_columns(path: Path, names: Sequence[str] | None) -> None:
    given = [name.strip() for name in names or ()]
    faults = [Fault(path, 1, name, "the column is missing") for name in NEEDED if name not in given]
    faults += [
        Fault(path, 1, name, f"no such column; there are {', '.join(COLUMNS)}")
        for name in given if name not in COLUMNS
    ]
    if faults:
        raise ConfigurationError(faults)


def _plain(content: dict[str | Any, str | Any]) -> dict[str, Any]:
    """Cells as the row wants them; an empty cell is the default."""
    row: dict[str, Any] = {}
    for name, value in content.items():
        if name is None:
            raise csv.Error("more cells than columns")
        if isinstance(value, str) and value.strip():
            row[name.strip()] = value.strip()
    if "members" in row:
        row["members"] = [part.strip() for part in row["members"].split(BETWEEN) if part.strip()]
    return {"last": row.get("first"), **row}


def _field(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"])


def _message(error: Any) -> str:
    if error["type"] == "missing":
        return "is missing"
    given = repr(error["input"])
    return f"{error['msg']} (given: {given if len(given) <= 60 else given[:57] + '...'})"
