"""The tables with which several nodes share one database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from dispatch.store.columns import Base


class NodeRow(Base):
    """Who works, and until when the others may believe so."""

    __tablename__ = "nodes"
    node: Mapped[str] = mapped_column(primary_key=True)
    lease_until: Mapped[datetime]
    """By the database's clock."""


class ForwardedRow(Base):
    """What one node was told and another must know, until that one has written it down."""

    __tablename__ = "forwarded"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    node: Mapped[str] = mapped_column(index=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    command: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
