"""How commands print data: one JSON document, or a table for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH_OF_A_FILE = 200
"""Columns when the output is no terminal."""


def print_json(document: object) -> None:
    """One JSON document on standard output; dates as ISO 8601."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """A table for people. `columns` maps a row's key to its heading."""
    if not rows:
        print(empty)
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_OF_A_FILE)
    table = Table()
    for number, heading in enumerate(columns.values()):
        # Chinese has no spaces: without folding a long cell would end in dots.
        table.add_column(heading, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(key)) for key in columns))
    console.print(table)


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool, empty: str = "nothing"
) -> None:
    """The rows as JSON (all keys) or as a table (the named columns)."""
    if as_json:
        print_json(list(rows))
    else:
        print_table(rows, columns, empty=empty)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
