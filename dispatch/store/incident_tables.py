"""Tables of joined reports, cleared addresses, tellings and outages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.store.columns import Base


class JoinRow(Base):
    __tablename__ = "joins"
    join_id: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(index=True)
    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    was: Mapped[str]
    state: Mapped[str]
    score: Mapped[float]
    reasons: Mapped[list[Any]]
    drill: Mapped[bool]
    at: Mapped[datetime]
    by: Mapped[str]
    reason: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    end_reason: Mapped[str]


class ClearanceRow(Base):
    __tablename__ = "clearances"
    clearance_id: Mapped[str] = mapped_column(primary_key=True)
    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    ticket: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime | None]
    recheck: Mapped[str]
    note: Mapped[str]


class TellingRow(Base):
    __tablename__ = "tellings"
    telling_id: Mapped[str] = mapped_column(primary_key=True)
    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    ticket: Mapped[str]
    to: Mapped[str]
    title: Mapped[str]
    topic: Mapped[str]
    text: Mapped[str]
    clause: Mapped[str]
    unless: Mapped[str]
    due_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    dropped_why: Mapped[str]
    letter: Mapped[str]


class OutageRow(Base):
    __tablename__ = "outages"
    outage_id: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[str]
    what: Mapped[str]
    area: Mapped[str]
    places: Mapped[list[Any]]
    reason: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    expected_at: Mapped[datetime]
    incident: Mapped[str] = mapped_column(index=True)
    """Empty for planned ones, so no foreign key."""
    households: Mapped[int]
    by: Mapped[str]
    known_at: Mapped[datetime]
    restored_at: Mapped[datetime | None] = mapped_column(index=True)
    restored_by: Mapped[str]
    cancelled: Mapped[bool]
    drill: Mapped[bool]
    reported_at: Mapped[datetime | None]
    report_at: Mapped[datetime | None]
    remarks: Mapped[list[Any]]
