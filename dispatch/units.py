"""What dispatch keeps of crews: how each stands, its ordinary work, and changes of the roster."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dispatch.crew_states import JobState, UnitState
from dispatch.record import Moment, Record


class CrewUnit(Record):
    """How a crew stands. A crew of which nothing was ever told has none and is available."""

    kind: Literal["crew_unit"] = "crew_unit"
    crew: str
    state: UnitState = UnitState.AVAILABLE
    since: Moment
    latitude: float | None = None
    longitude: float | None = None
    position_at: Moment | None = None
    """When it was there."""
    position_from: Literal["", "reported", "scene"] = ""
    """`scene`: taken from the place of the work that it reached."""
    returning_until: Moment | None = None
    """When it should be back at its station; then it is available."""
    off_duty_at: Moment | None = None
    """Said to be off duty; ends by itself when its next shift begins."""
    out_at: Moment | None = None
    """Out of service since then: a broken vehicle, no crew."""
    reason: str = ""
    """Why it is off duty or out of service."""
    author: str = ""
    """Who said so."""
    next_job_at: Moment | None = None
    """When it is looked at whether ordinary work waits for it (`give_next_job`)."""

    @property
    def key(self) -> str:
        return self.crew


class Job(Record):
    """A crew's ordinary work on a ticket: a repair, a visit."""

    kind: Literal["job"] = "job"
    job_id: str
    ticket: str
    crew: str
    state: JobState = JobState.ASSIGNED
    drill: bool = False
    assigned_at: Moment
    assigned_by: str = ""
    """Empty: the engine, by its rules."""
    why: str = ""
    """Why this ticket and this crew, in words."""
    due_at: Moment | None = None
    """The ticket's promise when it was given out."""
    distance_km: float | None = None
    acknowledged_at: Moment | None = None
    en_route_at: Moment | None = None
    on_scene_at: Moment | None = None
    made_safe_at: Moment | None = None
    ended_at: Moment | None = None
    end_reason: str = ""
    preempted_by: str = ""
    """The incident that went before it."""
    unsolved: tuple[str, ...] = ()
    """Points that were left open (遗留问题)."""

    @property
    def key(self) -> str:
        return self.job_id

    @property
    def open(self) -> bool:
        return self.ended_at is None


class DutyChange(Record):
    """A swap, a leave, an absence or an extra duty, on top of the roster's file."""

    kind: Literal["duty_change"] = "duty_change"
    change_id: str
    change: Literal["swap", "leave", "absence", "extra"]
    crew: str
    member: str
    substitute: str = ""
    """Who comes instead (swap); a member of `substitute_crew`, or of the same crew."""
    substitute_crew: str = ""
    start: Moment
    end: Moment
    on_call: int = Field(1, ge=1, le=3)
    """For an extra duty."""
    author: str
    approved_by: str
    reason: str = ""
    at: Moment
    withdrawn_at: Moment | None = None
    withdrawn_by: str = ""

    @property
    def key(self) -> str:
        return self.change_id
