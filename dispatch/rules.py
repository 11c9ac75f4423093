"""Everything that decisions hang on besides the records: configuration, bundled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from dispatch.business import Businesses
from dispatch.crews import Stations
from dispatch.deadlines import Standard, WorkCalendar
from dispatch.distance import GeodesicRoads, Position, RoadDistance, SafeRoads
from dispatch.duty import Roster
from dispatch.incident_types import IncidentTypes
from dispatch.joining_policy import Joining
from dispatch.outage_policy import OutagePolicy
from dispatch.policy import Policy, travel


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """How often and how long somebody is called back."""

    attempts: int = 5
    retry_seconds: float = 60
    ring_seconds: float = 40


@dataclass(frozen=True, slots=True)
class Rules:
    policy: Policy
    stations: Stations
    timezone: tzinfo
    """For ticket numbers and rosters."""
    company: str = "燃气公司"
    """As callers, partners and authorities hear and read it."""
    callbacks: CallbackRules = field(default_factory=CallbackRules)
    roads: RoadDistance | None = None
    """A routing service; without one the straight line times the road factor."""
    incident_types: IncidentTypes = field(default_factory=IncidentTypes)
    """Protocols by hazard and place; none: every incident wants one crew."""
    joining: Joining = field(default_factory=Joining)
    """When reports are taken for one leak; as it is by itself, never."""
    standard: Standard | None = None
    """What the company promises; without it tickets carry no clocks."""
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    businesses: Businesses = field(default_factory=Businesses)
    """Kinds of business (config/businesses.yaml)."""

    node: str = ""
    """Which of several nodes on one database this is; empty: the only one."""

    roster: Roster = field(default_factory=Roster)
    """Dated shifts, swaps, leave; without it the weekly shifts of the stations' file hold."""

    outages: OutagePolicy | None = None
    """What is allowed when gas is off, and what is told then; None: nobody is written to."""

    def __post_init__(self) -> None:
        if self.standard is None and not self.policy.bands:
            raise ValueError("neither a service standard nor `bands` in the policy: no arrival has a target")

    def road_distance(self) -> RoadDistance:
        line = GeodesicRoads(self.policy.road_factor)
        return line if self.roads is None else SafeRoads(self.roads, line)

    def drive_seconds(self, start: Position, end: Position, km: float) -> float:
        """How long a crew drives: as the routing service says, else the distance by the usual speed."""
        seconds = getattr(self.roads, "seconds", None)
        if seconds is not None:
            try:
                known = float(seconds(start, end))
            except Exception:
                known = -1.0  # whatever a plugged-in service raises, the crew goes
            if known >= 0:
                return known
        return travel(self.policy, km).total_seconds()

    def local_day(self, now: datetime) -> str:
        return f"{now.astimezone(self.timezone):%Y%m%d}"
