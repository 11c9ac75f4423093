"""How several nodes share one database: leases, claims with SKIP LOCKED, and what is passed on.

Every method may raise StoreUnavailable; then each node goes on with what it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from dispatch.store.columns import UtcDateTime
from dispatch.store.node_tables import ForwardedRow, NodeRow
from dispatch.store.sql import SqlStore
from dispatch.store.tables import CallbackRow, IncidentRow, OutboxRow, TicketRow

CLAIMED = (
    (IncidentRow, "incident_id", "closed_at"), (TicketRow, "number", "closed_at"),
    (CallbackRow, "callback_id", "done_at"), (OutboxRow, "effect_id", "receipted_at"),
)  # fmt: skip
"""Table, key, and what is set when nothing is left to do."""
MOST = 200
"""So many of a kind are claimed at once; the rest at the next turn, by whoever comes first."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A command that another node was told."""

    id: int
    command: dict[str, Any]


class NodeStore:
    """One node's view of the others."""

    def __init__(self, store: SqlStore, node: str) -> None:
        self.store, self.node = store, node

    def beat(self, lease_seconds: float) -> None:
        """Say that we live, for so long from now by the database's clock."""
        with self.store.writing() as connection:
            until = _now(connection) + timedelta(seconds=lease_seconds)
            self.store.put(connection, NodeRow, {"node": self.node, "lease_until": until})

    def leave(self) -> None:
        """We end in good order: whoever comes first may claim what we have."""
        with self.store.writing() as connection:
            self.store.put(connection, NodeRow, {"node": self.node, "lease_until": _now(connection)})

    def claim(self) -> list[str]:
        """Take over open work of nodes whose lease has run out; the keys of what is ours now.

        Two nodes that claim at the same time get different rows, and neither waits for the other.
        """
        claimed: list[str] = []
        with self.store.writing() as connection:
            table = NodeRow.__table__
            dead = select(table.c.node).where(
                table.c.lease_until < _now(connection), table.c.node != self.node
            )
            if not connection.scalars(dead).all():
                return []
            for row, key, ended in CLAIMED:
                of: Any = row.__table__
                keys = connection.scalars(
                    select(of.c[key]).where(of.c[ended].is_(None), of.c.node.in_(dead))
                    .limit(MOST).with_for_update(skip_locked=True)
                ).all()
                if keys:
                    connection.execute(update(of).where(of.c[key].in_(keys)).values(node=self.node))
                    claimed += keys
        return claimed

    def owners(self, keys: Sequence[str]) -> dict[str, str]:
        """Whose these incidents, tickets and call-backs are now."""
        found: dict[str, str] = {}
        with self.store.reading() as connection:
            for row, key, _ in CLAIMED[:3]:
                of: Any = row.__table__
                query = select(of.c[key], of.c.node).where(of.c[key].in_(keys))
                found.update((name, node) for name, node in connection.execute(query))
        return found

    def forward(self, node: str, event_id: str, command: dict[str, Any]) -> None:
        """Leave a command for another node; twice is once."""
        with self.store.writing() as connection:
            there = select(ForwardedRow.id).where(ForwardedRow.event_id == event_id)
            if connection.scalar(there) is None:
                connection.execute(
                    insert(ForwardedRow).values(
                        node=node, event_id=event_id, command=command, created_at=_now(connection)
                    )
                )

    def inbox(self, limit: int = MOST) -> list[Forwarded]:
        """What the others left for us, and for nodes whose work is ours now, oldest first."""
        with self.store.reading() as connection:
            query = (
                select(ForwardedRow.id, ForwardedRow.command)
                .where(ForwardedRow.node == self.node).order_by(ForwardedRow.id).limit(limit)
            )
            return [Forwarded(row.id, row.command) for row in connection.execute(query)]

    def settle(self, ids: Sequence[int]) -> None:
        """These are written down here; nobody needs them any more."""
        with self.store.writing() as connection:
            connection.execute(delete(ForwardedRow).where(ForwardedRow.id.in_(ids)))

    def send_on(self) -> None:
        """What waits for a dead node is for us, who may have claimed its work."""
        with self.store.writing() as connection:
            dead = select(NodeRow.node).where(NodeRow.lease_until < _now(connection))
            connection.execute(
                update(ForwardedRow).where(ForwardedRow.node.in_(dead)).values(node=self.node)
            )


def _now(connection: Connection) -> datetime:
    """The database's clock, so that no node's own matters. SQLite's is this machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    moment: datetime | None = connection.scalar(select(func.clock_timestamp(type_=UtcDateTime())))
    assert moment is not None, "the clock always answers"
    return moment
