"""The tables. Columns of dispatch's own records have the names of the records' fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.store.columns import Base, CleanText

OPEN = text("closed_at IS NULL")


class CounterRow(Base):
    __tablename__ = "counters"
    day: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class CallNotesRow(Base):
    __tablename__ = "call_notes"
    call_id: Mapped[str] = mapped_column(primary_key=True)
    caller: Mapped[str]
    drill: Mapped[bool]
    facts: Mapped[list[Any]]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)


class IncidentRow(Base):
    __tablename__ = "incidents"
    incident_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    hazard: Mapped[str]
    place: Mapped[str]
    address: Mapped[str]
    address_confirmed: Mapped[bool]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    located_by: Mapped[str]
    reported_at: Mapped[datetime] = mapped_column(index=True)
    distance_km: Mapped[float | None]
    band_minutes: Mapped[float]
    band_assumed: Mapped[bool]
    beyond_bands: Mapped[bool]
    target_at: Mapped[datetime]
    tickets: Mapped[list[Any]]
    drill: Mapped[bool]
    round: Mapped[int]
    step: Mapped[int]
    targets_paged: Mapped[list[Any]]
    next_page_at: Mapped[datetime | None]
    waiting_for: Mapped[str]
    news: Mapped[list[Any]]
    news_due_at: Mapped[datetime | None]
    caller_message: Mapped[str]
    taken_by: Mapped[str]
    first_page_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    en_route_at: Mapped[datetime | None]
    on_scene_at: Mapped[datetime | None]
    made_safe_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_by: Mapped[str]
    close_reason: Mapped[str]
    crews_wanted: Mapped[int]
    out_of_reach_at: Mapped[datetime | None]
    expected_at: Mapped[datetime | None]
    incident_type: Mapped[str]
    type_by: Mapped[str]
    worse_at: Mapped[datetime | None]
    joined_into: Mapped[str]
    target_clause: Mapped[str]
    target_reckoning: Mapped[str]
    node: Mapped[str]
    next_shift_at: Mapped[datetime | None]


class TicketRow(Base):
    __tablename__ = "tickets"
    number: Mapped[str] = mapped_column(primary_key=True)
    business: Mapped[str] = mapped_column(index=True)
    label: Mapped[str]
    state: Mapped[str]
    priority: Mapped[int]
    call_ids: Mapped[list[Any]]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    caller: Mapped[str] = mapped_column(index=True)
    callback_number: Mapped[str] = mapped_column(index=True)
    address: Mapped[str]
    address_fields: Mapped[dict[str, Any]]
    address_detail: Mapped[str]
    address_confirmed: Mapped[bool]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    hazard: Mapped[str]
    place: Mapped[str]
    words: Mapped[str]
    description: Mapped[str]
    fields: Mapped[dict[str, Any]]
    owner: Mapped[str]
    drill: Mapped[bool]
    incident: Mapped[str] = mapped_column(index=True)
    """Empty for ordinary tickets, so no foreign key."""
    related: Mapped[list[Any]]
    close_reason: Mapped[str]
    phase: Mapped[str]
    assistants: Mapped[list[Any]]
    relations: Mapped[list[Any]]
    customer_flag: Mapped[str]
    node: Mapped[str]
    __table_args__ = (
        Index("ix_tickets_state_priority_opened_at", "state", "priority", "opened_at"),
        Index("ix_tickets_priority_opened_at", "priority", "opened_at"),
        Index("ix_tickets_business_priority_opened_at", "business", "priority", "opened_at"),
        # Open ones are a handful; without this they are looked for among all that ever was of a kind.
        Index("ix_tickets_open_business", "business", "priority", "opened_at", sqlite_where=OPEN,
              postgresql_where=OPEN),
    )


class TicketCallRow(Base):
    """Which calls a ticket comes from; the call's own row may be stored later."""

    __tablename__ = "ticket_calls"
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.number"), primary_key=True)
    call_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class AssignmentRow(Base):
    __tablename__ = "assignments"
    assignment_id: Mapped[str] = mapped_column(primary_key=True)
    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    crew: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    drill: Mapped[bool]
    distance_km: Mapped[float | None]
    assigned_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    en_route_by: Mapped[datetime | None]
    overdue: Mapped[bool]
    reinforced: Mapped[bool]
    forecast_at: Mapped[datetime | None]
    en_route_at: Mapped[datetime | None]
    on_scene_at: Mapped[datetime | None]
    made_safe_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    decline_reason: Mapped[str]
    help_asked: Mapped[int]
    rechecked_at: Mapped[datetime | None]
    unsolved: Mapped[list[Any]]
    welfare_at: Mapped[datetime | None]
    welfare_asked: Mapped[int] = mapped_column(server_default="0")
    released_at: Mapped[datetime | None]


class PageRow(Base):
    __tablename__ = "pages"
    page_id: Mapped[str] = mapped_column(primary_key=True)
    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    target_kind: Mapped[str]
    target: Mapped[str]
    person: Mapped[str]
    phone: Mapped[str]
    level: Mapped[int]
    round: Mapped[int]
    channel: Mapped[str] = mapped_column(server_default="phone")
    then_by: Mapped[list[Any]] = mapped_column(server_default="[]")
    must_acknowledge: Mapped[bool] = mapped_column(server_default=false())
    attempt: Mapped[int] = mapped_column(server_default="1")
    again_at: Mapped[datetime | None]
    state: Mapped[str]
    reinforcement: Mapped[bool]
    drill: Mapped[bool]
    ordered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    why: Mapped[str]


class CallbackRow(Base):
    __tablename__ = "callbacks"
    callback_id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str]
    number: Mapped[str]
    reason: Mapped[str]
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.number"), index=True)
    state: Mapped[str] = mapped_column(index=True)
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    attempts: Mapped[int]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    why: Mapped[str]
    drill: Mapped[bool]
    node: Mapped[str]


class OutboxRow(Base):
    __tablename__ = "outbox"
    effect_id: Mapped[str] = mapped_column(primary_key=True)
    effect: Mapped[dict[str, Any]]
    progress: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]
    receipted_at: Mapped[datetime | None] = mapped_column(index=True)
    node: Mapped[str]


class HistoryTable(Base):
    """Only ever added to."""

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(index=True)
    call_id: Mapped[str] = mapped_column(index=True)
    what: Mapped[str]
    author: Mapped[str]
    detail: Mapped[dict[str, Any]]
    seq: Mapped[int]
    """Its place in the subject's chain (dispatch/chain.py), from 1."""
    previous: Mapped[str]
    hash: Mapped[str]
    __table_args__ = (Index("uq_history_subject_seq", "subject", "seq", unique=True),)


class AppliedUnitRow(Base):
    __tablename__ = "applied_units"
    unit_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class CallTable(Base):
    __tablename__ = "calls"
    call_id: Mapped[str] = mapped_column(primary_key=True)
    direction: Mapped[str] = mapped_column(default="")
    purpose: Mapped[str] = mapped_column(default="")
    caller: Mapped[str] = mapped_column(default="", index=True)
    dialled: Mapped[str] = mapped_column(default="")
    trunk: Mapped[str] = mapped_column(default="")
    sip_call_id: Mapped[str] = mapped_column(default="", index=True)
    drill: Mapped[bool] = mapped_column(default=False)
    flow: Mapped[str] = mapped_column(default="")
    flow_version: Mapped[str] = mapped_column(default="")
    arrived_at: Mapped[datetime | None] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")
    sip_status: Mapped[int | None]
    emergency: Mapped[bool] = mapped_column(default=False)


class LegRow(Base):
    __tablename__ = "legs"
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    leg_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(default="")
    remote: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    sip_status: Mapped[int | None]
    cause: Mapped[str] = mapped_column(default="")


class CallEventRow(Base):
    """A record of a call's journal, as it was written."""

    __tablename__ = "call_events"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    event_id: Mapped[str]
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    record: Mapped[dict[str, Any]]
    __table_args__ = (UniqueConstraint("event_id"),)


class TranscriptTable(Base):
    __tablename__ = "transcripts"
    event_id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), index=True)
    leg_id: Mapped[str]
    role: Mapped[str]
    text: Mapped[str] = mapped_column(CleanText)
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    confidence: Mapped[float]
    words: Mapped[list[Any]]


class SearchBacklogRow(Base):
    """One row: events up to this number may not be in the search index yet."""

    __tablename__ = "search_backlog"
    id: Mapped[int] = mapped_column(primary_key=True)
    upto_id: Mapped[int]


class AttachmentTable(Base):
    __tablename__ = "attachments"
    event_id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), index=True)
    kind: Mapped[str]
    path: Mapped[str]
    seconds: Mapped[float]


class JournalOffsetRow(Base):
    """Up to where a call's journal is stored."""

    __tablename__ = "journal_offsets"
    journal: Mapped[str] = mapped_column(primary_key=True)
    next_offset: Mapped[int]
