"""A whole database as one file, the same for SQLite and PostgreSQL: what a backup is made of.

Gzip of JSON lines: a head with the revision of the tables, for each table its columns and then its
rows, and an end with the counts, so that a file that was cut off shows it. It is read in one
transaction: what it holds was true at one moment, while the service wrote on.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from alembic import command
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, Integer, Table, func, insert, inspect, select, text

from dispatch.errors import DispatchError
from dispatch.store import (
    search,
    tables,  # noqa: F401 - the tables are known once it is imported
)
from dispatch.store.columns import Base, UtcDateTime
from dispatch.store.sql import SqlStore, availability
from dispatch.store.upgrade import config, upgrade_in

FORMAT = 1
BATCH = 1000
Progress = Callable[[str, int, int], None]
"""Table, rows done, rows in all."""


class DumpUnreadable(DispatchError):
    """The backup cannot be used; take the one before it, and look why this one is broken."""


def dump(engine: Engine, path: Path, progress: Progress | None = None) -> dict[str, int]:
    """Write every table to `path`; how many rows of each. The service may run meanwhile."""
    with engine.connect() as plain, gzip.open(path, "wt", encoding="utf-8", compresslevel=5) as file:
        if engine.dialect.name == "postgresql":
            plain = plain.execution_options(isolation_level="REPEATABLE READ")
        with plain.begin():
            revision = MigrationContext.configure(plain).get_current_revision()
            _line(file, {"format": FORMAT, "revision": revision, "taken_at": datetime.now(UTC).isoformat()})
            there = set(inspect(plain).get_table_names()) - {search.BACKLOG}
            counts = {
                table.name: _dump_table(plain, file, table, progress)
                for table in Base.metadata.sorted_tables if table.name in there
            }
            _line(file, {"end": counts})
    return counts


def _dump_table(connection: Connection, file: IO[str], table: Table, progress: Progress | None) -> int:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    columns = [column for column in table.columns if column.name in there]
    total = connection.scalar(select(func.count()).select_from(table)) or 0
    _line(file, {"table": table.name, "columns": [column.name for column in columns], "rows": total})
    query = select(*columns).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    done = 0
    for rows in connection.execute(query).partitions():
        for row in rows:
            _line(file, [_plain(value) for value in row])
        done += len(rows)
        if progress is not None:
            progress(table.name, done, total)
    return done


def restore(engine: Engine, path: Path, progress: Progress | None = None) -> dict[str, int]:
    """Fill an empty database and bring it to this version, all or nothing. Raises DumpUnreadable."""
    with engine.connect() as plain:
        connection = plain.execution_options(dispatch_write=True)
        with connection.begin():
            if inspect(connection).get_table_names():
                raise DumpUnreadable("the database to restore into is not empty; name a new one")
            counts = _fill(connection, path, progress)
            upgrade_in(connection)
            search.index_all_again(connection)
    return counts


def _fill(connection: Connection, path: Path, progress: Progress | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part, rows in _parts(path):
        if part is None:
            settings = config()
            settings.attributes["connection"] = connection
            command.upgrade(settings, str(next(iter(rows))["revision"]))
            continue
        table = Base.metadata.tables.get(part["table"])
        if table is None:
            raise DumpUnreadable(f"{path}: unknown table {part['table']!r}: it is from a newer version")
        counts[table.name] = _fill_table(connection, table, part, rows, progress)
    return counts


def _fill_table(
    connection: Connection, table: Table, part: dict[str, Any], rows: Iterator[Any], progress: Progress | None
) -> int:
    names = part["columns"]
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise DumpUnreadable(f"table {table.name}: unknown columns {unknown}: it is from another version")
    moments = [isinstance(table.columns[name].type, UtcDateTime) for name in names]
    done, batch = 0, []
    for row in rows:
        values = [
            datetime.fromisoformat(value) if is_moment and value is not None else value
            for value, is_moment in zip(row, moments, strict=True)
        ]
        batch.append(dict(zip(names, values, strict=True)))
        if len(batch) == BATCH:
            done += _insert(connection, table, batch)
            if progress is not None:
                progress(table.name, done, part["rows"])
    done += _insert(connection, table, batch)
    _continue_numbers(connection, table)
    return done


def _insert(connection: Connection, table: Table, batch: list[dict[str, Any]]) -> int:
    count = len(batch)
    if batch:
        connection.execute(insert(table), batch)
        batch.clear()
    return count


def _continue_numbers(connection: Connection, table: Table) -> None:
    """PostgreSQL's running numbers do not see numbers that were given."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None or not isinstance(column.type, Integer):
        return
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "
            f"COALESCE((SELECT max({column.name}) FROM {table.name}), 0) + 1, false)"
        )
    )


def dump_store(store: SqlStore, path: Path, progress: Progress | None = None) -> dict[str, int]:
    """`dump` of a store's database. Raises StoreUnavailable."""
    with availability():
        return dump(store.engine, path, progress)


def restore_store(store: SqlStore, path: Path, progress: Progress | None = None) -> dict[str, int]:
    """`restore` into a store's database. Raises StoreUnavailable, DumpUnreadable."""
    with availability():
        return restore(store.engine, path, progress)


def check(path: Path) -> dict[str, int]:
    """Read it to its end; how many rows of each table. Raises DumpUnreadable."""
    return {part["table"]: sum(1 for _ in rows) for part, rows in _parts(path) if part is not None}


def _parts(path: Path) -> Iterator[tuple[dict[str, Any] | None, Iterator[Any]]]:
    """First (None, the head), then each table with its rows; what is not whole is said at the end."""
    lines = _lines(path)
    head = next(lines, None)
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise DumpUnreadable(f"{path}: not a backup of format {FORMAT}")
    yield None, iter([head])
    yield from _tables(path, lines)


def _lines(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, EOFError, ValueError) as error:
        raise DumpUnreadable(f"{path}: {error}") from error


def _tables(path: Path, lines: Iterator[Any]) -> Iterator[tuple[dict[str, Any], Iterator[Any]]]:
    counts: dict[str, int] = {}
    line = next(lines, None)
    while isinstance(line, dict) and "table" in line:
        part, left = line, list[Any]()

        def rows(part: dict[str, Any] = part, left: list[Any] = left) -> Iterator[Any]:
            for row in lines:
                if isinstance(row, dict):
                    left.append(row)
                    return
                counts[part["table"]] = counts.get(part["table"], 0) + 1
                yield row

        counts[part["table"]] = 0
        yield part, rows()
        line = left[0] if left else None
    if not isinstance(line, dict) or line.get("end") != counts:
        raise DumpUnreadable(f"{path}: it was cut off, or its counts are wrong")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _line(file: IO[str], value: Any) -> None:
    file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
