"""Between dispatch's records and table rows: the same names, so one rule for all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from dispatch.joined import Clearance, Join, Telling
from dispatch.links import Link
from dispatch.model import Assignment, Callback, CallNotes, Counter, Incident, Page, Put, Ticket
from dispatch.outage_records import Outage
from dispatch.outbound import OutboxItem
from dispatch.store.columns import Base
from dispatch.store.crew_tables import CrewUnitRow, DutyChangeRow, JobRow
from dispatch.store.incident_tables import ClearanceRow, JoinRow, OutageRow, TellingRow
from dispatch.store.paging_tables import LinkRow
from dispatch.store.tables import (
    AssignmentRow,
    CallbackRow,
    CallNotesRow,
    CounterRow,
    IncidentRow,
    OutboxRow,
    PageRow,
    TicketRow,
)
from dispatch.store.ticket_tables import AttachmentFileRow, ClockRow, SlipRow, VisitRow
from dispatch.ticket_records import Attachment, Clock, Slip, Visit
from dispatch.units import CrewUnit, DutyChange, Job

TABLES: dict[type[Put], type[Base]] = {
    Counter: CounterRow,
    CallNotes: CallNotesRow,
    Incident: IncidentRow,
    Ticket: TicketRow,
    Assignment: AssignmentRow,
    Page: PageRow,
    Link: LinkRow,
    Callback: CallbackRow,
    CrewUnit: CrewUnitRow,
    Job: JobRow,
    DutyChange: DutyChangeRow,
    Join: JoinRow,
    Clearance: ClearanceRow,
    Telling: TellingRow,
    Outage: OutageRow,
    Clock: ClockRow,
    Visit: VisitRow,
    Slip: SlipRow,
    Attachment: AttachmentFileRow,
    OutboxItem: OutboxRow,
}


def to_row(record: Put) -> dict[str, Any]:
    """Column values of a record."""
    return record.model_dump(exclude={"kind"})


def to_record(kind: type[Put], row: Row[Any]) -> Put:
    """The record of a row. Raises pydantic.ValidationError for what no version of ours wrote."""
    return kind.model_validate(dict(row._mapping))
