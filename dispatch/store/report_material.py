"""Reads what a report is made from. One transaction: what it says was true at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from dispatch.model import Assignment, Callback, Incident, Page, Ticket
from dispatch.reporting.material import Material
from dispatch.store.rows import TABLES, to_record
from dispatch.store.sql import SqlStore
from dispatch.ticket_records import Clock, Slip, Visit

Kind = TypeVar("Kind", Incident, Ticket, Callback, Assignment, Page, Clock, Visit, Slip)
AT_ONCE = 500


def read_material(
    store: SqlStore, since: datetime, until: datetime, now: datetime, *, drills: bool = False
) -> Material:
    """Incidents reported and tickets opened from `since` up to `until`. Raises StoreUnavailable."""
    with store.reading() as connection:
        incidents = _between(connection, Incident, "reported_at", since, until, drills)
        tickets = _between(connection, Ticket, "opened_at", since, until, drills)
        callbacks = _between(connection, Callback, "requested_at", since, until, drills)
        names, numbers = [i.key for i in incidents], [t.number for t in tickets]
        return Material(
            since, until, now, drills, incidents=tuple(incidents),
            assignments=tuple(_of(connection, Assignment, "incident", names)),
            pages=tuple(_of(connection, Page, "incident", names)),
            tickets=tuple(tickets), clocks=tuple(_of(connection, Clock, "ticket", numbers)),
            visits=tuple(_of(connection, Visit, "ticket", numbers)),
            slips=tuple(_of(connection, Slip, "ticket", numbers)),
            callbacks=tuple(callbacks), repaired_before=_followed(connection, since, set(numbers)),
        )  # fmt: skip


def _between(
    connection: Connection, kind: type[Kind], column: str, since: datetime, until: datetime, drills: bool
) -> list[Kind]:
    table: Any = TABLES[kind].__table__
    query = (
        select(table).where(table.c[column] >= since, table.c[column] < until, table.c.drill.is_(drills))
        .order_by(table.c[column])
    )
    return _records(kind, connection.execute(query))


def _of(connection: Connection, kind: type[Kind], column: str, keys: list[str]) -> list[Kind]:
    table: Any = TABLES[kind].__table__
    found: list[Kind] = []
    for start in range(0, len(keys), AT_ONCE):
        query = select(table).where(table.c[column].in_(keys[start:start + AT_ONCE]))
        found += _records(kind, connection.execute(query))
    return found


def _records(kind: type[Kind], rows: Iterable[Any]) -> list[Kind]:
    return [to_record(kind, row) for row in rows]  # type: ignore[misc]  # a record of that kind


def _followed(connection: Connection, since: datetime, numbers: set[str]) -> frozenset[str]:
    """Tickets of the period that a later one says to be the follow-up of."""
    table: Any = TABLES[Ticket].__table__
    later = connection.execute(select(table).where(table.c.opened_at >= since))
    return frozenset(
        relation.to for ticket in _records(Ticket, later) for relation in ticket.relations
        if relation.relation == "follow_up" and relation.to in numbers
    )
