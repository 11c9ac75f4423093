"""Tables of crews: how each stands, its ordinary work, changes of the roster."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.store.columns import Base


class CrewUnitRow(Base):
    __tablename__ = "crew_units"
    crew: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    since: Mapped[datetime]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    position_at: Mapped[datetime | None]
    position_from: Mapped[str]
    returning_until: Mapped[datetime | None]
    off_duty_at: Mapped[datetime | None]
    out_at: Mapped[datetime | None]
    reason: Mapped[str]
    author: Mapped[str]
    next_job_at: Mapped[datetime | None]


class JobRow(Base):
    __tablename__ = "jobs"
    job_id: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(ForeignKey("tickets.number"), index=True)
    crew: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    drill: Mapped[bool]
    assigned_at: Mapped[datetime] = mapped_column(index=True)
    assigned_by: Mapped[str]
    why: Mapped[str]
    due_at: Mapped[datetime | None]
    distance_km: Mapped[float | None]
    acknowledged_at: Mapped[datetime | None]
    en_route_at: Mapped[datetime | None]
    on_scene_at: Mapped[datetime | None]
    made_safe_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    end_reason: Mapped[str]
    preempted_by: Mapped[str]
    unsolved: Mapped[list[Any]]


class DutyChangeRow(Base):
    __tablename__ = "duty_changes"
    change_id: Mapped[str] = mapped_column(primary_key=True)
    change: Mapped[str]
    crew: Mapped[str] = mapped_column(index=True)
    member: Mapped[str]
    substitute: Mapped[str]
    substitute_crew: Mapped[str]
    start: Mapped[datetime]
    end: Mapped[datetime] = mapped_column(index=True)
    on_call: Mapped[int]
    author: Mapped[str]
    approved_by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str]
