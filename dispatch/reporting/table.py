"""A table of a report: what stands in each column, as numbers; how it is shown is the page's business."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | None
"""None: there is nothing to say (no emergency in this hour), which is not the same as 0."""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    title: str
    """As staff reads it."""
    kind: Literal["text", "count", "share", "minutes", "seconds"] = "text"
    """`share`: 0..1."""


@dataclass(frozen=True, slots=True)
class Table:
    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    """How it was counted."""

    def values(self, key: str) -> list[Cell]:
        """One column."""
        place = [column.key for column in self.columns].index(key)
        return [row[place] for row in self.rows]

    def row(self, first: Cell) -> dict[str, Cell]:
        """The row that begins with this. Raises KeyError."""
        for row in self.rows:
            if row[0] == first:
                return dict(zip((column.key for column in self.columns), row, strict=True))
        raise KeyError(first)


def share(part: int, whole: int) -> float | None:
    """None: nothing to divide by."""
    return part / whole if whole else None


def median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None


def percentile(values: Sequence[float], of_hundred: float) -> float | None:
    """The nearest rank: a value that occurred."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(of_hundred / 100 * len(ordered)) - 1)], 2)
