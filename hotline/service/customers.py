"""The customer file as far as a call needs it: who rings from this number, and where he lives.

One CSV for now; a company's own customer system plugs in behind `CustomerFile`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hotline.errors import ConfigurationError, Fault

FLAGS = ("", "blacklisted", "watched")
COLUMNS = ("number", "name", "address", "latitude", "longitude", "vulnerable")


@dataclass(frozen=True, slots=True)
class Customer:
    """One household or business (S0 §21, one file per household)."""

    number: str
    """E.164."""
    name: str
    address: str
    latitude: float | None
    """WGS-84."""
    longitude: float | None
    vulnerable: bool
    """Elderly, ill or disabled: skips the menu (S3, S4 §7(7))."""
    flag: str = ""
    """`blacklisted` or `watched`, with the reason after a colon (S2 ch. 9): stands on his tickets."""


class CustomerFile(Protocol):
    def by_number(self, number: str) -> Customer | None: ...

    def numbers_at(self, places: Sequence[str]) -> list[str]:
        """Numbers of those whose address has one of these words."""
        ...


class NoCustomers:
    """A deployment without a customer file."""

    def by_number(self, number: str) -> Customer | None:
        return None

    def numbers_at(self, places: Sequence[str]) -> list[str]:
        return []


class CsvCustomers:
    """Customers of a CSV file with the header `number,name,address,latitude,longitude,vulnerable`.

    A column `flag` may follow: `blacklisted` or `watched`, with the reason after a colon.
    """

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError with every faulty line."""
        self._customers: dict[str, Customer] = {}
        faults: list[Fault] = []
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                reader = csv.DictReader(file)
                missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
                if missing:
                    raise ConfigurationError([Fault(path, 1, ", ".join(missing), "no such column")])
                for row in reader:
                    self._take(path, reader.line_num, row, faults)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ConfigurationError([Fault(path, 0, "", f"cannot be read: {error}")]) from error
        if faults:
            raise ConfigurationError(faults)

    def by_number(self, number: str) -> Customer | None:
        return self._customers.get(number)

    def numbers_at(self, places: Sequence[str]) -> list[str]:
        wanted = [place for place in places if place]
        return [c.number for c in self._customers.values() if any(place in c.address for place in wanted)]

    def _take(self, path: Path, line: int, row: dict[str, str], faults: list[Fault]) -> None:
        absent = [name for name in COLUMNS if row[name] is None]
        if absent:
            faults.append(Fault(path, line, ", ".join(absent), "the line ends too early; write all columns"))
            return
        number = row["number"].strip()
        if not number.removeprefix("+").isdigit():
            faults.append(Fault(path, line, "number", "write the number in E.164, as +8613800001234"))
            return
        if number in self._customers:
            faults.append(Fault(path, line, "number", "this number stands in the file twice"))
            return
        try:
            latitude, longitude = _degrees(row["latitude"], 90), _degrees(row["longitude"], 180)
        except ValueError:
            advice = "write degrees of WGS-84, or leave both empty"
            faults.append(Fault(path, line, "latitude, longitude", advice))
            return
        if (latitude is None) != (longitude is None):
            faults.append(Fault(path, line, "latitude, longitude", "give both or neither"))
            return
        if row["vulnerable"] not in ("", "yes", "no"):
            faults.append(Fault(path, line, "vulnerable", "write yes, no or nothing"))
            return
        flag = (row.get("flag") or "").strip()
        if flag.partition(":")[0].strip() not in FLAGS:
            faults.append(Fault(path, line, "flag", "write blacklisted or watched, a reason after a colon"))
            return
        self._customers[number] = Customer(
            number, row["name"], row["address"], latitude, longitude, row["vulnerable"] == "yes", flag
        )


def _degrees(text: str, limit: float) -> float | None:
    if not text.strip():
        return None
    value = float(text)
    if not -limit <= value <= limit:
        raise ValueError(text)
    return value
