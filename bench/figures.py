"""Many measured values told in a few: medians, 95 of 100, the worst, and how far that is from the aim."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind and unit."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Series:
        return cls(tuple(sorted(values)))

    @property
    def median(self) -> float:
        return statistics.median(self.values) if self.values else float("nan")

    @property
    def p95(self) -> float:
        """The value that 95 of 100 do not pass (nearest rank)."""
        if not self.values:
            return float("nan")
        return self.values[min(len(self.values) - 1, -(-len(self.values) * 95 // 100) - 1)]

    @property
    def worst(self) -> float:
        return self.values[-1] if self.values else float("nan")

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values) if self.values else float("nan")

    def told(self, digits: int) -> dict[str, str]:
        """For a row of a table."""
        return {
            "median": f"{self.median:.{digits}f}", "p95": f"{self.p95:.{digits}f}",
            "max": f"{self.worst:.{digits}f}",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """One table, for eyes and for machines."""

    title: str
    rows: list[Row]
    note: str = ""
    """How it was measured, in one or two sentences."""
    raw: dict[str, Sequence[float]] = field(default_factory=dict)
    """Every single value, by row."""

    def table(self) -> Table:
        table = Table(title=self.title, caption=self.note or None, caption_justify="left")
        for column in self.rows[0] if self.rows else ():
            table.add_column(column, justify="right")
        for row in self.rows:
            table.add_row(*(str(cell) for cell in row.values()))
        return table

    def plain(self) -> dict[str, Any]:
        return {"title": self.title, "note": self.note, "rows": self.rows, "raw": self.raw}


def against(value: float, aim: float, digits: int = 1) -> str:
    """`0.8 of the aim 100.0`: below 1 is met."""
    return f"{value / aim:.2f} × {aim:.{digits}f}"
