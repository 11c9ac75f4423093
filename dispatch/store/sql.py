"""The database by SQLAlchemy: SQLite (WAL) or PostgreSQL, the same behaviour."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, literal, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from dispatch.chain import Anchor
from dispatch.errors import StoreUnavailable, UnitRefused
from dispatch.model import Callback, CallNotes, Counter, Incident, Put, Ticket, Unit
from dispatch.outage_records import Outage
from dispatch.outbound import OutboxItem
from dispatch.ownership import Root, root
from dispatch.parts import OF_INCIDENT
from dispatch.states import CallbackState
from dispatch.store import call_records, search
from dispatch.store.chains import ChainWriter, set_anchor
from dispatch.store.columns import Base
from dispatch.store.port import EventDict
from dispatch.store.queries import Queries, unsolved
from dispatch.store.rows import TABLES, to_record, to_row
from dispatch.store.tables import (
    AppliedUnitRow,
    CallEventRow,
    CallTable,
    JournalOffsetRow,
    TicketCallRow,
    TranscriptTable,
)
from dispatch.store.upgrade import upgrade
from dispatch.text import clean
from dispatch.ticket_records import OF_TICKET
from dispatch.units import CrewUnit, DutyChange, Job

CONNECT_SECONDS = 3
BUSY_MS = 5000


class SqlStore(Queries):
    """Meets `dispatch.store.port.Store`; connections are opened when needed and may break at any time."""

    def __init__(self, url: str | URL, password: str = "") -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if password:
            parsed = parsed.set(password=password)
        self.engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
        self._insert: Any = sqlite.insert if self.engine.dialect.name == "sqlite" else postgresql.insert

        self.node = ""
        """Which of several nodes writes; what another node has claimed is not overwritten."""

    def upgrade(self) -> None:
        with availability():
            upgrade(self.engine)

    def save_units(self, units: Sequence[Unit]) -> None:
        with self.writing() as connection:
            fresh = [
                unit for unit in units
                if self._add(connection, AppliedUnitRow, {"unit_id": unit.unit_id, "at": unit.at})
            ]
            subjects = {clean(row.subject) for unit in fresh for row in unit.history}
            chain = ChainWriter(connection, self._insert, subjects)
            for unit in fresh:
                self._save(connection, unit, chain)
            chain.finish()

    def _save(self, connection: Connection, unit: Unit, chain: ChainWriter) -> None:
        claimed = self._claimed_by_others(connection, unit) if self.node else set()
        for record in unit.puts:
            if root(record) in claimed:
                continue
            self.put(connection, TABLES[type(record)], to_row(record))
            if isinstance(record, Ticket):
                for call_id in record.call_ids:
                    self._add(connection, TicketCallRow, {"ticket": record.number, "call_id": call_id})
        for row in unit.history:
            chain.add(row, clean(row.subject))

    def _claimed_by_others(self, connection: Connection, unit: Unit) -> set[Root | None]:
        """Incidents, tickets … of the unit that another node took while we did not reach the database."""
        keys: dict[type[Put], set[str]] = {}
        for of in filter(None, map(root, unit.puts)):
            keys.setdefault(of[0], set()).add(of[1])
        found: set[Root | None] = set()
        for kind, names in keys.items():
            table: Any = TABLES[kind].__table__
            [key] = table.primary_key.columns
            query = select(key).where(key.in_(names), table.c.node.not_in(("", self.node)))
            found |= {(kind, name) for name in connection.scalars(query.with_for_update(read=True))}
        return found

    def set_anchor(self, at: datetime) -> Anchor | None:
        with self.writing() as connection:
            return set_anchor(connection, at)

    def stored_units(self, unit_ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        with self.reading() as connection:
            for start in range(0, len(unit_ids), 500):
                some = unit_ids[start:start + 500]
                query = select(AppliedUnitRow.unit_id).where(AppliedUnitRow.unit_id.in_(some))
                found.update(connection.scalars(query))
        return found

    def load_open(self, seen_since: datetime) -> tuple[list[Put], dict[str, datetime]]:
        with self.reading() as connection:
            incidents = _open(connection, Incident, "closed_at", seen_since)
            keys = [record.key for record in incidents]
            parts = [
                record for kind in OF_INCIDENT
                for record in _of(connection, kind, "incident", keys)
            ]
            tickets = _open(connection, Ticket, "closed_at", seen_since)
            numbers = [ticket.key for ticket in tickets]
            parts += [
                record for part in OF_TICKET for record in _of(connection, part, "ticket", numbers)
            ]
            callbacks = TABLES[Callback].__table__
            owed = select(callbacks).where(callbacks.c.state != CallbackState.DONE.value)
            records = [
                *_records(connection, Counter, select(TABLES[Counter].__table__)),
                *_open(connection, CallNotes, "ended_at", seen_since),
                *incidents,
                *tickets,
                *parts,
                *_records(connection, Callback, owed),
                *_records(connection, CrewUnit, select(TABLES[CrewUnit].__table__)),
                *_open(connection, Outage, "restored_at", seen_since),
                *_open(connection, Job, "ended_at", seen_since),
                *_not_before(connection, DutyChange, "end", seen_since),
                *_open(connection, OutboxItem, "receipted_at", None),
            ]
            units = select(AppliedUnitRow.unit_id, AppliedUnitRow.at).where(AppliedUnitRow.at >= seen_since)
            return records, {row.unit_id: row.at for row in connection.execute(units)}

    def left_open(self) -> list[Put]:
        with self.reading() as connection:
            slips = unsolved(connection)
            numbers = sorted({slip.ticket for slip in slips})
            found = _of(connection, Ticket, "number", numbers)
        tickets = [one for one in found if isinstance(one, Ticket) and one.closed_at is not None]
        keys = {ticket.key for ticket in tickets}
        return [*tickets, *(slip for slip in slips if slip.ticket in keys)]

    def record_events(self, journal: str, records: Sequence[EventDict], next_offset: int) -> None:
        with self.writing() as connection:
            for record in records:
                self._record(connection, record)
            self.put(connection, JournalOffsetRow, {"journal": journal, "next_offset": next_offset})

    def _record(self, connection: Connection, record: EventDict) -> None:
        call_id = str(record["call_id"])
        self._add(connection, CallTable, {"call_id": call_id})
        row = {
            "event_id": record["event_id"], "call_id": call_id, "at": call_records.moment(record),
            "kind": record["kind"], "record": _json(record),
        }
        if self._add(connection, CallEventRow, row):
            for table, columns in call_records.rows_of(record):
                self.put(connection, table, columns)
                if table is TranscriptTable:
                    corrected = str(record.get("corrected") or "")
                    search.add(connection, columns["event_id"], columns["text"], corrected)

    def catch_up_search(self, events: int) -> int:
        with self.writing() as connection:
            return search.catch_up(connection, events)

    def close(self) -> None:
        self.engine.dispose()

    def _add(self, connection: Connection, table: type[Base], row: dict[str, Any]) -> bool:
        """Insert unless it is there; whether it was new."""
        insert = self._insert(table).values(row).on_conflict_do_nothing().returning(literal(1))
        return connection.execute(insert).first() is not None

    def put(self, connection: Connection, table: type[Base], row: dict[str, Any]) -> None:
        """Insert, or change just these columns."""
        keys = [column.name for column in table.__table__.primary_key.columns]  # type: ignore[attr-defined]  # FromClause in the stubs
        changes = {name: value for name, value in row.items() if name not in keys}
        insert = self._insert(table).values(row)
        if changes:
            connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changes))
        else:
            connection.execute(insert.on_conflict_do_nothing())

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with availability(), self.engine.connect() as plain:
            connection = plain.execution_options(dispatch_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Everything as it is now, whatever is written while it is read."""
        with availability(), self.engine.connect() as plain:
            postgres = self.engine.dialect.name == "postgresql"
            connection = plain.execution_options(isolation_level="REPEATABLE READ") if postgres else plain
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with availability(), self.engine.connect() as connection, connection.begin():
            yield connection


@contextmanager
def availability() -> Iterator[None]:
    """A database that is away is a state of the world; one that refuses our data is a fault."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise StoreUnavailable(type(error).__name__) from error
    except DBAPIError as error:
        if error.connection_invalidated or type(error) is DatabaseError:
            # Nothing more special than DatabaseError: a file that is no database, or is damaged.
            raise StoreUnavailable(type(error).__name__) from error
        raise UnitRefused(type(error.orig).__name__) from error
    except (SQLAlchemyError, KeyError, TypeError, ValueError) as error:
        raise UnitRefused(f"{type(error).__name__}") from error


def _open(connection: Connection, kind: type[Put], column: str, since: datetime | None) -> list[Put]:
    table = TABLES[kind].__table__
    over_at = table.c[column]
    condition = over_at.is_(None) if since is None else (over_at.is_(None) | (over_at >= since))
    return _records(connection, kind, select(table).where(condition))


def _not_before(connection: Connection, kind: type[Put], column: str, since: datetime) -> list[Put]:
    table = TABLES[kind].__table__
    return _records(connection, kind, select(table).where(table.c[column] >= since))


def _of(connection: Connection, kind: type[Put], column: str, keys: list[str]) -> list[Put]:
    table = TABLES[kind].__table__
    found: list[Put] = []
    for start in range(0, len(keys), 500):
        query = select(table).where(table.c[column].in_(keys[start:start + 500]))
        found += _records(connection, kind, query)
    return found


def _records(connection: Connection, kind: type[Put], query: Any) -> list[Put]:
    return [to_record(kind, row) for row in connection.execute(query)]


def _json(record: EventDict) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in record.items()
    }


def _locked(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


@retry(
    retry=retry_if_exception(_locked),
    stop=stop_after_delay(BUSY_MS / 1000),
    wait=wait_random(0.01, 0.05),
    reraise=True,
)
def _to_wal(cursor: Any) -> None:
    """The busy timeout does not hold for this one: two processes that begin a new file get `locked`."""
    cursor.execute("PRAGMA journal_mode = WAL")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        _to_wal(cursor)
        for pragma in ("foreign_keys = ON", "synchronous = NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once, so that two writers wait instead of failing half-way.
        writes = connection.get_execution_options().get("dispatch_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    arguments = {
        "connect_timeout": CONNECT_SECONDS, "keepalives_idle": 10, "keepalives_interval": 5,
        "keepalives_count": 3, "options": "-c statement_timeout=15000 -c lock_timeout=10000 -c timezone=UTC",
    }
    return create_engine(url, connect_args=arguments, pool_pre_ping=True, pool_timeout=CONNECT_SECONDS)
