"""Tables of what hangs on a ticket, and of the history's chains."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.store.columns import Base


class ClockRow(Base):
    __tablename__ = "clocks"
    clock_id: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.number"), index=True)
    business: Mapped[str] = mapped_column(index=True)
    stage: Mapped[str]
    after: Mapped[str]
    position: Mapped[int]
    state: Mapped[str]
    drill: Mapped[bool]
    started_at: Mapped[datetime | None]
    promised_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    target_minutes: Mapped[float | None]
    urgency: Mapped[str]
    clause: Mapped[str]
    reckoning: Mapped[str]
    provisional: Mapped[bool]
    assumed: Mapped[bool]
    standings: Mapped[list[Any]]
    warned: Mapped[list[Any]]
    overdue_told: Mapped[list[Any]]
    next_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    late_seconds: Mapped[int | None]


class VisitRow(Base):
    __tablename__ = "visits"
    visit_id: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.number"), index=True)
    ordinal: Mapped[int]
    state: Mapped[str]
    drill: Mapped[bool]
    begins_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    technician: Mapped[str]
    technician_phone: Mapped[str]
    author: Mapped[str]
    made_at: Mapped[datetime]
    check_at: Mapped[datetime | None]
    expected_at: Mapped[datetime | None]
    late_reason: Mapped[str]
    told_at: Mapped[datetime | None]
    told_in_time: Mapped[bool | None]
    consents: Mapped[list[Any]]
    en_route_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str]


class SlipRow(Base):
    __tablename__ = "slips"
    slip_id: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.number"), index=True)
    content: Mapped[str]
    in_charge: Mapped[str]
    issued_at: Mapped[datetime]
    issued_by: Mapped[str]
    drill: Mapped[bool]
    begun_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    reported_by: Mapped[str]
    done: Mapped[str]
    parts: Mapped[list[Any]]
    fee: Mapped[str]
    confirmed_by: Mapped[str]
    points: Mapped[list[Any]]


class AttachmentFileRow(Base):
    __tablename__ = "ticket_attachments"
    attachment_id: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.number"), index=True)
    what: Mapped[str]
    reference: Mapped[str]
    sha256: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    caption: Mapped[str]
    call_id: Mapped[str]
    author: Mapped[str]
    added_at: Mapped[datetime]


class HistoryHeadRow(Base):
    """Where each subject's chain ends, and up to where an anchor covers it."""

    __tablename__ = "history_heads"
    subject: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str]
    anchored_seq: Mapped[int]


class HistoryAnchorRow(Base):
    """Only ever added to."""

    __tablename__ = "history_anchors"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    heads: Mapped[list[Any]]
    previous: Mapped[str]
    hash: Mapped[str]
