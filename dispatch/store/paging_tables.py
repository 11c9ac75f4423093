"""Tables of paging by messages: links that were sent out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.store.columns import Base


class LinkRow(Base):
    __tablename__ = "links"
    link_id: Mapped[str] = mapped_column(primary_key=True)
    """The token's hash; the token itself stands nowhere."""
    page: Mapped[str]
    incident: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    target_kind: Mapped[str]
    target: Mapped[str]
    person: Mapped[str]
    channel: Mapped[str]
    drill: Mapped[bool]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used: Mapped[dict[str, Any]]
