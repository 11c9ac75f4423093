"""The record of gas that is or will be off somewhere, planned or not (B10, C10, A7)."""

from __future__ import annotations

from typing import Literal

from dispatch.record import Moment, Record


class Outage(Record):
    """Supply is or will be cut off or low in an area (S0/S1 §24)."""

    kind: Literal["outage"] = "outage"
    outage_id: str
    cause: Literal["planned", "unplanned"]
    what: Literal["off", "low_pressure"] = "off"
    area: str
    """As it is read to callers."""
    places: tuple[str, ...]
    """Streets, communities, villages: an address with one of these words is concerned."""
    reason: str
    starts_at: Moment
    expected_at: Moment
    """When gas is expected back."""
    incident: str = ""
    """The supply failure behind it."""
    households: int = 0
    by: str
    """Who announced it."""
    known_at: Moment
    """When the hotline learned of it."""
    restored_at: Moment | None = None
    restored_by: str = ""
    cancelled: bool = False
    drill: bool = False
    reported_at: Moment | None = None
    """When the housing authority was written to (S0/S1 §24(4))."""
    report_at: Moment | None = None
    """When it must be written to: at once, or when the time that is allowed has run out. None: it was."""
    remarks: tuple[str, ...] = ()
    """Where it departs from the rules for planned outages, with the reason given."""

    @property
    def key(self) -> str:
        return self.outage_id

    @property
    def over(self) -> bool:
        return self.restored_at is not None or self.cancelled
