"""The history's chains in the database: added to, anchored, read for the check; never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, insert, select, text, tuple_, update

from dispatch.chain import GENESIS, Anchor, Head, Linked, anchor, link
from dispatch.model import HistoryRow
from dispatch.store.tables import HistoryTable
from dispatch.store.ticket_tables import HistoryAnchorRow, HistoryHeadRow

SOME = 500
"""So many subjects are asked for at once."""
GUARDED = ("history", "history_anchors")
_ADDED_ONLY = "is only added to, never changed"


class ChainWriter:
    """Adds rows of history within one transaction."""

    def __init__(self, connection: Connection, insert: Any, subjects: Iterable[str]) -> None:
        """Holds the chains of these subjects; in one order, so that two nodes never wait for each other."""
        self._connection = connection
        self._insert = insert
        self._heads: dict[str, Head] = {}
        self._grown: set[str] = set()
        wanted = sorted(set(subjects))
        for start in range(0, len(wanted), SOME):
            self._hold(wanted[start:start + SOME])

    def _hold(self, subjects: list[str]) -> None:
        fresh = [{"subject": s, "seq": 0, "hash": GENESIS, "anchored_seq": 0} for s in subjects]
        self._connection.execute(self._insert(HistoryHeadRow).values(fresh).on_conflict_do_nothing())
        table = HistoryHeadRow.__table__
        query = select(table).where(table.c.subject.in_(subjects)).order_by(table.c.subject).with_for_update()
        for row in self._connection.execute(query):
            self._heads[row.subject] = Head(row.subject, row.seq, row.hash)

    def add(self, row: HistoryRow, subject: str) -> None:
        """The next of its chain, unless it is there already. `subject`: as the database keeps it."""
        head = self._heads[subject]
        linked = link(head.hash, head.seq + 1, row)
        values = {**row.model_dump(), "seq": linked.seq, "previous": linked.previous, "hash": linked.hash}
        new = self._insert(HistoryTable).values(values).on_conflict_do_nothing(index_elements=["event_id"])
        if self._connection.execute(new.returning(HistoryTable.id)).first() is not None:
            self._heads[subject] = Head(subject, linked.seq, linked.hash)
            self._grown.add(subject)

    def finish(self) -> None:
        """Write down where the chains end now."""
        for subject in sorted(self._grown):
            head = self._heads[subject]
            change = update(HistoryHeadRow).where(HistoryHeadRow.subject == subject)
            self._connection.execute(change.values(seq=head.seq, hash=head.hash))


def set_anchor(connection: Connection, at: datetime) -> Anchor | None:
    """Cover every chain that has grown since the last one; None: nothing has."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE history_anchors IN EXCLUSIVE MODE"))
    heads = HistoryHeadRow.__table__
    grown = select(heads).where(heads.c.seq > heads.c.anchored_seq).order_by(heads.c.subject)
    found = [Head(row.subject, row.seq, row.hash) for row in connection.execute(grown.with_for_update())]
    if not found:
        return None
    anchors = HistoryAnchorRow.__table__
    last = connection.execute(
        select(anchors.c.number, anchors.c.hash).order_by(anchors.c.number.desc()).limit(1)
    ).first()
    number, before = (last.number + 1, last.hash) if last else (1, GENESIS)
    made = anchor(number, at, found, before)
    connection.execute(insert(HistoryAnchorRow).values(
        number=made.number, at=made.at, heads=[list(head) for head in made.heads], previous=made.previous,
        hash=made.hash,
    ))
    connection.execute(
        update(HistoryHeadRow).where(heads.c.seq > heads.c.anchored_seq).values(anchored_seq=heads.c.seq)
    )
    return made


class View:
    """Meets `dispatch.store.port.HistoryView`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def chains(self) -> Iterator[tuple[str, list[Linked]]]:
        table = HistoryTable.__table__
        query = select(table).order_by(table.c.subject, table.c.seq, table.c.id)
        rows = self._connection.execute(query, execution_options={"yield_per": 1000})
        for subject, group in groupby(rows, key=lambda row: str(row.subject)):
            yield subject, [_linked(row) for row in group]

    def heads(self) -> dict[str, Head]:
        query = select(HistoryHeadRow.subject, HistoryHeadRow.seq, HistoryHeadRow.hash)
        return {row.subject: Head(row.subject, row.seq, row.hash) for row in self._connection.execute(query)}

    def anchors(self) -> list[Anchor]:
        query = select(HistoryAnchorRow.__table__).order_by(HistoryAnchorRow.number)
        return [
            Anchor(row.number, row.at, tuple((str(s), int(n), str(h)) for s, n, h in row.heads),
                   row.previous, row.hash)
            for row in self._connection.execute(query)
        ]

    def hashes(self, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        table = HistoryTable.__table__
        found: dict[tuple[str, int], str] = {}
        for start in range(0, len(wanted), SOME):
            some = list(wanted[start:start + SOME])
            query = select(table.c.subject, table.c.seq, table.c.hash).where(
                tuple_(table.c.subject, table.c.seq).in_(some)
            )
            found |= {(row.subject, row.seq): row.hash for row in self._connection.execute(query)}
        return found


def _linked(row: Any) -> Linked:
    values = dict(row._mapping)
    seq, previous, digest = values.pop("seq"), values.pop("previous"), values.pop("hash")
    return Linked(seq, previous, digest, HistoryRow.model_validate(values))


def chain_what_is_there(connection: Connection) -> None:
    """For the migration: what was written before there were chains becomes them, in its old order."""
    query = text(
        "SELECT id, event_id, at, subject, call_id, what, author, detail FROM history "
        "ORDER BY subject, at, id"
    ).columns(*(HistoryTable.__table__.c[name] for name in (
        "id", "event_id", "at", "subject", "call_id", "what", "author", "detail"
    )))
    change = text("UPDATE history SET seq = :seq, previous = :previous, hash = :hash WHERE id = :id")
    head = text(
        "INSERT INTO history_heads (subject, seq, hash, anchored_seq) VALUES (:subject, :seq, :hash, 0)"
    )
    for subject, group in groupby(connection.execute(query).all(), key=lambda row: str(row.subject)):
        end = Head(subject, 0, GENESIS)
        for row in group:
            one = link(end.hash, end.seq + 1, HistoryRow.model_validate(dict(row._mapping)))
            connection.execute(
                change, {"seq": one.seq, "previous": one.previous, "hash": one.hash, "id": row.id}
            )
            end = Head(subject, one.seq, one.hash)
        connection.execute(head, {"subject": subject, "seq": end.seq, "hash": end.hash})


def append_only(connection: Connection) -> None:
    """The database itself refuses to change or delete what was written."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '% {_ADDED_ONLY}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
        ))
    for table in GUARDED:
        for statement in _guards(connection.dialect.name, table):
            connection.execute(text(statement))


def _guards(dialect: str, table: str) -> Iterator[str]:
    if dialect == "postgresql":
        yield (f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table} "
               "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        yield (f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
               "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
        return
    for verb in ("UPDATE", "DELETE"):
        yield (f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
               f"BEGIN SELECT RAISE(ABORT, '{table} {_ADDED_ONLY}'); END")
