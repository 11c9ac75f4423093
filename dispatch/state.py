"""All that is open, in memory: the same whether it came from events, the journal or the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from dispatch import phones
from dispatch.joined import Clearance, Join, Telling
from dispatch.links import Link
from dispatch.live import is_live
from dispatch.model import Assignment, Callback, CallNotes, Counter, Incident, Page, Put, Ticket, Unit
from dispatch.outage_records import Outage
from dispatch.outbound import OutboxItem
from dispatch.ownership import divide
from dispatch.parts import OF_INCIDENT, OfIncident
from dispatch.record import Record
from dispatch.ticket_records import OF_TICKET, Attachment, Clock, OfTicket, Slip, Visit
from dispatch.units import CrewUnit, DutyChange, Job

Kind = TypeVar("Kind", bound=Put)
KINDS: tuple[type[Put], ...] = (
    Counter, CallNotes, Incident, Ticket, Assignment, Page, Link, Callback, CrewUnit, Job,
    DutyChange, Join, Clearance, Telling, Outage, Clock, Visit, Slip, Attachment, OutboxItem,
)


class State:
    """Changes only by `apply`."""

    def __init__(self, node: str = "") -> None:
        """`node`: which of several this is; what belongs to another is not taken in."""
        self.node = node
        self.elsewhere: State | None = None
        """What the other nodes have open, as it was read last: to be looked at, never changed here."""
        self._records: dict[type[Record], dict[str, Put]] = {kind: {} for kind in KINDS}
        self._live: dict[type[Record], dict[str, Put]] = {kind: {} for kind in KINDS}
        self._of_incident: dict[tuple[type[Record], str], set[str]] = {}
        self._of_ticket: dict[tuple[type[Record], str], set[str]] = {}
        self._of_crew: dict[tuple[type[Record], str], set[str]] = {}
        self._tickets_of_call: dict[str, set[str]] = {}
        self._tickets_of_phone: dict[str, set[str]] = {}
        self.watchers: list[Callable[[Put], None]] = []
        """Each is told every record that changes; for what is derived from records and kept at hand."""
        self.derived: dict[type, object] = {}
        """What is made of the records and kept at hand, by its type (dispatch/job_queue.py)."""
        self.seen: dict[str, datetime] = {}
        """Units applied, so that an event that comes twice changes nothing."""
        self.series = ""
        """Set when running numbers may be incomplete (no database and no journal at the start)."""

    def get(self, kind: type[Kind], key: str) -> Kind | None:
        return self._records[kind].get(key)  # type: ignore[return-value]  # the table of that kind

    def all(self, kind: type[Kind]) -> list[Kind]:
        return list(self._records[kind].values())  # type: ignore[arg-type]  # the table of that kind

    def live(self, kind: type[Kind]) -> list[Kind]:
        """Those that something may still happen to: open, ringing, owed (dispatch/live.py)."""
        return list(self._live[kind].values())  # type: ignore[arg-type]  # the table of that kind

    def of_incident(self, kind: type[Kind], incident_id: str) -> set[str]:
        """Keys of an incident's pages, assignments or links."""
        return self._of_incident.get((kind, incident_id), set())

    def of_ticket(self, kind: type[Kind], number: str) -> set[str]:
        """Keys of a ticket's clocks, visits, slips, attachments or jobs."""
        return self._of_ticket.get((kind, number), set())

    def of_crew(self, kind: type[Kind], crew: str) -> set[str]:
        """Keys of a crew's live assignments or jobs."""
        return self._of_crew.get((kind, crew), set())

    def tickets_of_call(self, call_id: str) -> list[Ticket]:
        """Oldest first."""
        found = (self.get(Ticket, number) for number in self._tickets_of_call.get(call_id, ()))
        return sorted((ticket for ticket in found if ticket), key=lambda ticket: ticket.number)

    def open_tickets_of(self, phone: str) -> list[Ticket]:
        """The open tickets of a number, in no order."""
        numbers = self._tickets_of_phone.get(phones.bare(phone), ())
        found = (self._live[Ticket].get(number) for number in numbers)
        return [
            ticket for ticket in found if isinstance(ticket, Ticket)
            and (phones.same(ticket.caller, phone) or phones.same(ticket.callback_number, phone))
        ]

    def open_incidents(self) -> list[Incident]:
        return self.live(Incident)

    def apply(self, unit: Unit) -> None:
        """Take over everything that the unit changed."""
        self.adopt(unit.puts)
        self.seen[unit.unit_id] = unit.at

    def adopt(self, records: Iterable[Put]) -> None:
        if self.node:
            records, others = divide(records, self.node, lambda of: of[1] in self._records[of[0]])
            for record in others:
                self._give_up(record)
        for record in records:
            kind, live = type(record), is_live(record)
            if live:
                self._live[kind][record.key] = record
            else:
                self._live[kind].pop(record.key, None)
            if kind is OutboxItem and not live:
                self._records[OutboxItem].pop(record.key, None)
            else:
                before = self._records[kind].get(record.key)
                self._records[kind][record.key] = record
                self._index(record, before)
            if isinstance(record, Assignment | Job):
                self._index_crew(record, live)
            for watcher in self.watchers:
                watcher(record)

    def _give_up(self, record: Put) -> None:
        """Another node works on it now."""
        if isinstance(record, Assignment | Job):
            self._index_crew(record, live=False)
        self._drop(type(record), record.key)
        if isinstance(record, Incident):
            for kind in OF_INCIDENT:
                for key in self.of_incident(kind, record.key):
                    part = self._records[kind].get(key)
                    if part is not None:
                        self._give_up(part)

    def _index(self, record: Put, before: Put | None) -> None:
        if isinstance(record, OfIncident):
            if isinstance(before, OfIncident) and before.incident != record.incident:
                self._of_incident.get((type(record), before.incident), set()).discard(record.key)
            self._of_incident.setdefault((type(record), record.incident), set()).add(record.key)
        if isinstance(record, OfTicket | Job):
            self._of_ticket.setdefault((type(record), record.ticket), set()).add(record.key)
        if isinstance(record, Ticket):
            for call_id in record.call_ids:
                self._tickets_of_call.setdefault(call_id, set()).add(record.key)
            for phone in {record.caller, record.callback_number} - {""}:
                self._tickets_of_phone.setdefault(phones.bare(phone), set()).add(record.key)

    def _index_crew(self, record: Assignment | Job, live: bool) -> None:
        keys = self._of_crew.setdefault((type(record), record.crew), set())
        (keys.add if live else keys.discard)(record.key)

    def records(self) -> Iterator[Put]:
        """Everything, parents before children."""
        for kind in KINDS:
            yield from self._records[kind].values()

    def forget(self, before: datetime) -> None:
        """Drop what was over before then; it stays in the database."""
        over = [i for i in self.all(Incident) if i.closed_at and i.closed_at < before]
        for incident in over:
            self._drop(Incident, incident.key)
            for kind in OF_INCIDENT:
                for key in self._of_incident.pop((kind, incident.key), set()):
                    self._drop(kind, key)
        unsolved = {slip.ticket for slip in self.live(Slip) if slip.open_points}
        for ticket in self.all(Ticket):
            if ticket.number in unsolved:
                continue  # somebody still settles what was left of it
            if ticket.closed_at and ticket.closed_at < before and not self.get(Incident, ticket.incident):
                self._drop(Ticket, ticket.key)
                for part in OF_TICKET:
                    for key in self._of_ticket.pop((part, ticket.key), set()):
                        self._drop(part, key)
                _remove(self._tickets_of_call, ticket.call_ids, ticket.key)
                told = [phones.bare(phone) for phone in (ticket.caller, ticket.callback_number)]
                _remove(self._tickets_of_phone, told, ticket.key)
        for job in self.all(Job):
            if job.ended_at and job.ended_at < before:
                self._drop(Job, job.key)
        for change in self.all(DutyChange):
            if change.end < before:
                self._drop(DutyChange, change.key)
        for callback in self.all(Callback):
            if callback.done_at and callback.done_at < before:
                self._drop(Callback, callback.key)
        for notes in self.all(CallNotes):
            if notes.ended_at and notes.ended_at < before:
                self._drop(CallNotes, notes.key)
        self.seen = {unit_id: at for unit_id, at in self.seen.items() if at >= before}

    def _drop(self, kind: type[Put], key: str) -> None:
        self._records[kind].pop(key, None)
        self._live[kind].pop(key, None)


def _remove(index: dict[str, set[str]], names: Iterable[str], key: str) -> None:
    for name in names:
        keys = index.get(name, set())
        keys.discard(key)
        if not keys:
            index.pop(name, None)
