"""What people look up: tickets, calls, timelines, transcripts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, cast, or_, select

from dispatch.links import Link
from dispatch.model import HistoryRow, Incident, Put, Ticket
from dispatch.outage_records import Outage
from dispatch.parts import OF_INCIDENT
from dispatch.store import chains, search
from dispatch.store.call_records import DELETED
from dispatch.store.port import (
    AttachmentRow,
    CallQuery,
    CallRow,
    HistoryView,
    Hit,
    SearchQuery,
    TicketQuery,
    TranscriptRow,
)
from dispatch.store.rows import TABLES, to_record
from dispatch.store.tables import (
    AttachmentTable,
    CallEventRow,
    CallTable,
    HistoryTable,
    JournalOffsetRow,
    TicketRow,
    TranscriptTable,
)
from dispatch.store.ticket_tables import ClockRow, SlipRow
from dispatch.ticket_records import OF_TICKET, Clock, Slip

LEAST_URGENT = 9
"""Of a ticket's priorities (dispatch/policy.py)."""
_CALL_COLUMNS = [CallTable.__table__.c[name] for name in CallRow.__dataclass_fields__]


class Queries:
    """The reading half of the store."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Connection]: ...

    def journal_offsets(self) -> dict[str, int]:
        with self.reading() as connection:
            query = select(JournalOffsetRow.journal, JournalOffsetRow.next_offset)
            return {row.journal: row.next_offset for row in connection.execute(query)}

    def tickets(self, query: TicketQuery) -> list[Ticket]:
        """The most urgent open ones first, then the newest."""
        with self.reading() as connection:
            found = [Ticket.model_validate(dict(row._mapping)) for row in _tickets(connection, query)]
        return found[: query.limit]

    def ticket(self, number: str) -> Ticket | None:
        return next(iter(self.tickets(TicketQuery(number=number, limit=1))), None)

    def of_incident(self, incident_id: str) -> list[Put]:
        kinds: tuple[type[Put], ...] = (Incident, *(kind for kind in OF_INCIDENT if kind is not Link))
        with self.reading() as connection:
            found: list[Put] = []
            for kind in kinds:
                table = TABLES[kind].__table__
                name = "incident_id" if kind is Incident else "incident"
                key = next(iter(table.primary_key.columns))  # type: ignore[attr-defined]  # FromClause in the stubs
                rows = connection.execute(select(table).where(table.c[name] == incident_id).order_by(key))
                found += [to_record(kind, row) for row in rows]
            return found

    def incidents(self, *, open_only: bool = False, limit: int = 100) -> list[Incident]:
        table = TABLES[Incident].__table__
        query = select(table).order_by(table.c.reported_at.desc(), table.c.incident_id.desc()).limit(limit)
        if open_only:
            query = query.where(table.c.closed_at.is_(None))
        with self.reading() as connection:
            found = [to_record(Incident, row) for row in connection.execute(query)]
        return [one for one in found if isinstance(one, Incident)]

    def outages(self, *, open_only: bool = False, limit: int = 100) -> list[Outage]:
        table = TABLES[Outage].__table__
        query = select(table).order_by(table.c.starts_at.desc(), table.c.outage_id.desc()).limit(limit)
        if open_only:
            query = query.where(table.c.restored_at.is_(None))
        with self.reading() as connection:
            found = [to_record(Outage, row) for row in connection.execute(query)]
        return [one for one in found if isinstance(one, Outage)]

    def of_ticket(self, number: str) -> list[Put]:
        with self.reading() as connection:
            found: list[Put] = []
            for kind in OF_TICKET:
                table = TABLES[kind].__table__
                key = next(iter(table.primary_key.columns))  # type: ignore[attr-defined]  # FromClause in the stubs
                rows = connection.execute(select(table).where(table.c.ticket == number).order_by(key))
                found += [to_record(kind, row) for row in rows]
            return found

    def open_clocks(self, due_before: datetime | None = None) -> list[Clock]:
        table = ClockRow.__table__
        soonest = (table.c.due_at.nulls_last(), table.c.clock_id)
        query = select(table).where(table.c.ended_at.is_(None)).order_by(*soonest)
        if due_before is not None:
            query = query.where(table.c.due_at < due_before)
        with self.reading() as connection:
            return [Clock.model_validate(dict(row._mapping)) for row in connection.execute(query)]

    def unsolved(self) -> list[Slip]:
        with self.reading() as connection:
            return unsolved(connection)

    @contextmanager
    def history_view(self) -> Iterator[HistoryView]:
        with self.snapshot() as connection:
            yield chains.View(connection)

    def history(self, subjects: Sequence[str]) -> list[HistoryRow]:
        table = HistoryTable.__table__
        statement = select(table).where(table.c.subject.in_(list(subjects))).order_by(table.c.at, table.c.id)
        with self.reading() as connection:
            return [HistoryRow.model_validate(dict(row._mapping)) for row in connection.execute(statement)]

    def calls(self, query: CallQuery) -> list[CallRow]:
        """The newest first."""
        statement = select(*_CALL_COLUMNS)
        if query.caller:
            statement = statement.where(CallTable.caller == query.caller)
        if query.direction:
            statement = statement.where(CallTable.direction == query.direction)
        if query.words:
            said = TranscriptTable.text.contains(query.words, autoescape=True)
            calls = select(TranscriptTable.call_id).where(said)
            statement = statement.where(CallTable.call_id.in_(calls))
        # Two questions, so that each follows an index: one order with the missing times last has none.
        arrived = statement.where(CallTable.arrived_at.isnot(None)).order_by(
            CallTable.arrived_at.desc(), CallTable.call_id
        )
        found = self._calls(arrived.limit(query.limit))
        if len(found) < query.limit:
            others = statement.where(CallTable.arrived_at.is_(None)).order_by(CallTable.call_id)
            found += self._calls(others.limit(query.limit - len(found)))
        return found

    def call(self, call_id: str) -> CallRow | None:
        return next(iter(self._calls(select(*_CALL_COLUMNS).where(CallTable.call_id == call_id))), None)

    def _calls(self, statement: Select[Any]) -> list[CallRow]:
        with self.reading() as connection:
            return [CallRow(**row._mapping) for row in connection.execute(statement)]

    def timeline(self, call_id: str) -> list[dict[str, Any]]:
        statement = select(CallEventRow.record).where(CallEventRow.call_id == call_id)
        with self.reading() as connection:
            return list(connection.scalars(statement.order_by(CallEventRow.at, CallEventRow.id)))

    def transcripts(self, call_id: str) -> list[TranscriptRow]:
        columns = [TranscriptTable.__table__.c[name] for name in TranscriptRow.__dataclass_fields__]
        statement = select(*columns).where(TranscriptTable.call_id == call_id)
        statement = statement.order_by(TranscriptTable.start_ms)
        with self.reading() as connection:
            return [TranscriptRow(**row._mapping) for row in connection.execute(statement)]

    def search(self, query: SearchQuery) -> list[Hit]:
        with self.reading() as connection:
            return search.find(connection, query)

    def attachments(self, call_id: str) -> list[AttachmentRow]:
        columns = [AttachmentTable.__table__.c[name] for name in AttachmentRow.__dataclass_fields__]
        deleted = select(AttachmentTable.path).where(
            AttachmentTable.call_id == call_id, AttachmentTable.kind == DELETED
        )
        statement = select(*columns).where(
            AttachmentTable.call_id == call_id, AttachmentTable.path.not_in(deleted)
        )
        with self.reading() as connection:
            return [AttachmentRow(**row._mapping) for row in connection.execute(statement)]


def _tickets(connection: Connection, query: TicketQuery) -> list[Row[Any]]:
    """Open ones by priority, then closed ones priority by priority: each question follows an index.

    One question that sorts all of them would take longer with every ticket that was ever closed.
    """
    table = TicketRow.__table__
    statement = select(table)
    if query.business:
        statement = statement.where(table.c.business == query.business)
    if query.number:
        statement = statement.where(table.c.number == query.number)
    if query.phone:
        phone = or_(table.c.caller == query.phone, table.c.callback_number == query.phone)
        statement = statement.where(phone)
    if query.drill is not None:
        statement = statement.where(table.c.drill.is_(query.drill))
    order = (table.c.priority, table.c.opened_at.desc())
    is_open = statement.where(table.c.closed_at.is_(None)).order_by(*order).limit(query.limit)
    found = list(connection.execute(is_open))
    closed = statement.where(table.c.closed_at.isnot(None))
    if query.open_only or len(found) >= query.limit:
        return found
    if query.number or query.phone:
        return found + list(connection.execute(closed.order_by(*order).limit(query.limit)))
    for priority in range(LEAST_URGENT + 1):
        if (left := query.limit - len(found)) <= 0:
            break
        newest = closed.where(table.c.priority == priority).order_by(table.c.opened_at.desc())
        found += connection.execute(newest.limit(left))
    return found


def unsolved(connection: Connection) -> list[Slip]:
    """Slips with points that nobody has settled, in the order of their numbers."""
    table = SlipRow.__table__
    some = select(table).where(cast(table.c.points, Text) != "[]").order_by(table.c.slip_id)
    slips = (Slip.model_validate(dict(row._mapping)) for row in connection.execute(some))
    return [slip for slip in slips if slip.open_points]
