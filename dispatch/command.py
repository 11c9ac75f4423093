"""The base of everything that dispatch is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    event_id: str
    """Makes telling it twice harmless."""
    at: datetime
    """When it happened, UTC."""
