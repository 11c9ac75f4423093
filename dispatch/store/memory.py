"""The fake store: in memory, the same contract, and it can be switched off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from dispatch.chain import Anchor
from dispatch.errors import StoreUnavailable, UnitRefused
from dispatch.joined import Clearance, Join, Telling
from dispatch.links import Link
from dispatch.model import Assignment, Callback, CallNotes, HistoryRow, Incident, Page, Put, Ticket, Unit
from dispatch.outage_records import Outage
from dispatch.outbound import OutboxItem
from dispatch.parts import OF_INCIDENT, OfIncident
from dispatch.states import CallbackState
from dispatch.store import call_records, search
from dispatch.store.columns import Base
from dispatch.store.memory_chains import MemoryChains
from dispatch.store.port import (
    AttachmentRow,
    CallQuery,
    CallRow,
    EventDict,
    HistoryView,
    Hit,
    SearchQuery,
    TicketQuery,
    TranscriptRow,
)
from dispatch.store.tables import AttachmentTable, CallTable, LegRow, TranscriptTable
from dispatch.ticket_records import OF_TICKET, Attachment, Clock, OfTicket, Slip, Visit
from dispatch.units import DutyChange, Job

_CALL_DEFAULTS: dict[str, Any] = {
    "direction": "", "purpose": "", "caller": "", "dialled": "", "trunk": "", "drill": False, "flow": "",
    "flow_version": "", "arrived_at": None, "answered_at": None, "ended_at": None, "ended_by": "",
    "emergency": False,
}


class MemoryStore:
    """Meets `dispatch.store.port.Store`."""

    def __init__(self) -> None:
        self.available = True
        self._units: dict[str, datetime] = {}
        self._records: dict[type[Put], dict[str, Put]] = {}
        self._history: dict[str, HistoryRow] = {}
        self._told = MemoryChains()
        self._offsets: dict[str, int] = {}
        self._events: dict[str, EventDict] = {}
        self._rows: dict[type[Base], dict[tuple[str, ...], dict[str, Any]]] = {}

    def _check(self) -> None:
        if not self.available:
            raise StoreUnavailable("switched off")

    def upgrade(self) -> None:
        self._check()

    def save_units(self, units: Sequence[Unit]) -> None:
        self._check()
        fresh = {record.key for unit in units for record in unit.puts if isinstance(record, Incident)}
        known = fresh | set(self._records.get(Incident, {}))
        for unit in units:
            if any(isinstance(r, OfIncident) and r.incident not in known for r in unit.puts):
                raise UnitRefused("no such incident")
        for unit in units:
            if unit.unit_id in self._units:
                continue
            self._units[unit.unit_id] = unit.at
            for record in unit.puts:
                self._records.setdefault(type(record), {})[record.key] = record
            for row in unit.history:
                if row.event_id not in self._history:
                    self._history[row.event_id] = row
                    self._told.add(row)

    def set_anchor(self, at: datetime) -> Anchor | None:
        self._check()
        return self._told.set_anchor(at)

    @contextmanager
    def history_view(self) -> Iterator[HistoryView]:
        self._check()
        yield self._told

    def of_ticket(self, number: str) -> list[Put]:
        self._check()
        return [
            record for kind in OF_TICKET for _, record in sorted(self._records.get(kind, {}).items())
            if isinstance(record, OfTicket) and record.ticket == number
        ]

    def open_clocks(self, due_before: datetime | None = None) -> list[Clock]:
        self._check()
        every = [r for r in self._records.get(Clock, {}).values() if isinstance(r, Clock) and r.open]
        if due_before is not None:
            every = [clock for clock in every if clock.due_at is not None and clock.due_at < due_before]
        return sorted(every, key=lambda clock: (clock.due_at or datetime.max.replace(tzinfo=UTC), clock.key))

    def unsolved(self) -> list[Slip]:
        self._check()
        every = [record for _, record in sorted(self._records.get(Slip, {}).items())]
        return [slip for slip in every if isinstance(slip, Slip) and slip.open_points]

    def stored_units(self, unit_ids: Sequence[str]) -> set[str]:
        self._check()
        return set(unit_ids) & set(self._units)

    def load_open(self, seen_since: datetime) -> tuple[list[Put], dict[str, datetime]]:
        self._check()
        records = [
            record for kind in self._records.values() for record in kind.values()
            if _is_open(record, seen_since)
        ]
        keys = {record.key for record in records if isinstance(record, Incident)}
        parts = [
            part for kind in OF_INCIDENT for part in self._records.get(kind, {}).values()
            if isinstance(part, OfIncident) and part.incident in keys
        ]
        numbers = {record.key for record in records if isinstance(record, Ticket)}
        hanging = [
            part for of in OF_TICKET for part in self._records.get(of, {}).values()
            if isinstance(part, OfTicket) and part.ticket in numbers
        ]
        seen = {unit: at for unit, at in self._units.items() if at >= seen_since}
        return [*records, *parts, *hanging], seen

    def left_open(self) -> list[Put]:
        self._check()
        slips = self.unsolved()
        found = (self.ticket(number) for number in sorted({slip.ticket for slip in slips}))
        tickets = [ticket for ticket in found if ticket is not None and ticket.closed_at is not None]
        keys = {ticket.key for ticket in tickets}
        return [*tickets, *(slip for slip in slips if slip.ticket in keys)]

    def record_events(self, journal: str, records: Sequence[EventDict], next_offset: int) -> None:
        self._check()
        try:
            found = [
                (str(r["call_id"]), str(r["event_id"]), call_records.moment(r), r["kind"]) for r in records
            ]
            rows = [call_records.rows_of(record) for record in records]
        except (KeyError, TypeError, ValueError) as error:
            raise UnitRefused(type(error).__name__) from error
        for record, made, (call_id, event_id, _, _) in zip(records, rows, found, strict=True):
            self._merge(CallTable, {"call_id": call_id})
            if event_id not in self._events:
                self._events[event_id] = record
                for table, columns in made:
                    self._merge(table, columns)
        self._offsets[journal] = next_offset

    def _merge(self, table: type[Base], columns: dict[str, Any]) -> None:
        names = {
            CallTable: ("call_id",), LegRow: ("call_id", "leg_id"), TranscriptTable: ("event_id",),
            AttachmentTable: ("event_id",),
        }[table]
        key = tuple(columns[name] for name in names)
        self._rows.setdefault(table, {}).setdefault(key, {}).update(columns)

    def journal_offsets(self) -> dict[str, int]:
        self._check()
        return dict(self._offsets)

    def tickets(self, query: TicketQuery) -> list[Ticket]:
        self._check()
        every = (t for t in self._records.get(Ticket, {}).values() if isinstance(t, Ticket))
        found = [ticket for ticket in every if _wanted(ticket, query)]
        found.sort(key=lambda t: t.opened_at, reverse=True)
        found.sort(key=lambda t: (t.closed_at is not None, t.priority))
        return found[: query.limit]

    def ticket(self, number: str) -> Ticket | None:
        return next(iter(self.tickets(TicketQuery(number=number, limit=1))), None)

    def of_incident(self, incident_id: str) -> list[Put]:
        self._check()
        found: list[Put] = []
        for kind in (Incident, *(kind for kind in OF_INCIDENT if kind is not Link)):
            for key, record in sorted(self._records.get(kind, {}).items()):
                if key == incident_id or getattr(record, "incident", "") == incident_id:
                    found.append(record)
        return found

    def incidents(self, *, open_only: bool = False, limit: int = 100) -> list[Incident]:
        self._check()
        found = [one for one in self._records.get(Incident, {}).values() if isinstance(one, Incident)]
        found = [one for one in found if one.open or not open_only]
        return sorted(found, key=lambda one: (one.reported_at, one.key), reverse=True)[:limit]

    def outages(self, *, open_only: bool = False, limit: int = 100) -> list[Outage]:
        self._check()
        found = [one for one in self._records.get(Outage, {}).values() if isinstance(one, Outage)]
        found = [one for one in found if one.restored_at is None or not open_only]
        return sorted(found, key=lambda one: (one.starts_at, one.key), reverse=True)[:limit]

    def history(self, subjects: Sequence[str]) -> list[HistoryRow]:
        self._check()
        return sorted((r for r in self._history.values() if r.subject in subjects), key=lambda row: row.at)

    def calls(self, query: CallQuery) -> list[CallRow]:
        self._check()
        table = self._rows.get(CallTable, {})
        rows = [CallRow(**{**_CALL_DEFAULTS, **_known(row)}) for row in table.values()]
        transcripts = self._rows.get(TranscriptTable, {}).values()
        said = {row["call_id"] for row in transcripts if query.words in row["text"]}
        found = [
            row for row in rows
            if query.caller in ("", row.caller) and query.direction in ("", row.direction)
            and (not query.words or row.call_id in said)
        ]
        found.sort(key=lambda row: row.call_id)
        found.sort(key=lambda row: row.arrived_at.timestamp() if row.arrived_at else 0.0, reverse=True)
        return found[: query.limit]

    def call(self, call_id: str) -> CallRow | None:
        return next((row for row in self.calls(CallQuery(limit=1 << 30)) if row.call_id == call_id), None)

    def timeline(self, call_id: str) -> list[dict[str, Any]]:
        self._check()
        events = [event for event in self._events.values() if event["call_id"] == call_id]
        return [dict(event) for event in sorted(events, key=call_records.moment)]

    def transcripts(self, call_id: str) -> list[TranscriptRow]:
        self._check()
        names = TranscriptRow.__dataclass_fields__
        rows = [r for r in self._rows.get(TranscriptTable, {}).values() if r["call_id"] == call_id]
        rows.sort(key=lambda row: row["start_ms"])
        return [TranscriptRow(**{name: row[name] for name in names}) for row in rows]

    def search(self, query: SearchQuery) -> list[Hit]:
        self._check()
        wanted = search.terms(query.words)
        every = self._rows.get(TranscriptTable, {}).values()
        rows = [row for row in every if _said([row["text"], self._corrected(row)], wanted)]
        hits = [self._hit(row, wanted) for row in reversed(rows)] if wanted else []
        found = [
            hit for hit in hits
            if query.caller in ("", hit.caller) and query.role in ("", hit.role)
            and query.call_id in ("", hit.call_id)
            and (query.since is None or hit.at >= query.since)
            and (query.until is None or hit.at < query.until)
        ]
        return found[: query.limit]

    def _hit(self, row: dict[str, Any], wanted: list[str]) -> Hit:
        call = _CALL_DEFAULTS | self._rows[CallTable].get((row["call_id"],), {})
        shown, marks = search.best(row["text"], self._corrected(row), wanted)
        return Hit(
            row["call_id"], call_records.moment(self._events[row["event_id"]]), row["leg_id"], row["role"],
            row["text"], row["start_ms"], row["end_ms"], row["confidence"], call["caller"], call["drill"],
            shown, marks,
        )

    def _corrected(self, row: dict[str, Any]) -> str:
        return str(self._events[row["event_id"]].get("corrected") or "")

    def catch_up_search(self, events: int) -> int:
        self._check()
        return 0

    def attachments(self, call_id: str) -> list[AttachmentRow]:
        self._check()
        rows = [r for r in self._rows.get(AttachmentTable, {}).values() if r["call_id"] == call_id]
        deleted = {r["path"] for r in rows if r["kind"] == call_records.DELETED}
        rows = [row for row in rows if row["path"] not in deleted]
        return [AttachmentRow(r["call_id"], r["path"], r["seconds"]) for r in rows]

    def close(self) -> None:
        """Nothing to let go of."""


def _said(readings: list[str], wanted: list[str]) -> bool:
    plain = [search.bare(reading) for reading in readings]
    return all(any(term in one for one in plain) for term in wanted)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in CallRow.__dataclass_fields__}


def _is_open(record: Put, since: datetime) -> bool:
    match record:
        case Incident() | Ticket():
            return record.closed_at is None or record.closed_at >= since
        case CallNotes():
            return record.ended_at is None or record.ended_at >= since
        case Callback():
            return record.state != CallbackState.DONE
        case OutboxItem():
            return record.receipted_at is None
        case (
            Assignment() | Page() | Link() | Join() | Clearance() | Telling() | Clock() | Visit() | Slip()
            | Attachment()
        ):
            return False
        case Outage():
            return record.restored_at is None or record.restored_at >= since
        case Job():
            return record.ended_at is None or record.ended_at >= since
        case DutyChange():
            return record.end >= since
    return True


def _wanted(ticket: Ticket, query: TicketQuery) -> bool:
    return (
        (not query.open_only or ticket.closed_at is None)
        and query.business in ("", ticket.business)
        and query.number in ("", ticket.number)
        and (not query.phone or query.phone in (ticket.caller, ticket.callback_number))
        and query.drill in (None, ticket.drill)
    )
