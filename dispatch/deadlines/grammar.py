"""What a service standard is made of: businesses with their stages, each with a promise and its clause.

A profile is one YAML file of `config/service_standards/`; docs/service-standards.md explains it.
Times of a day are Beijing time. Nothing here reads files or the clock.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(min_length=1)]
Percent = Annotated[int, Field(ge=1, le=99)]
Role = Literal[
    "owner", "crew_leader", "department_head", "service_centre", "leaders", "discipline_department"
]

REPORT = "report"
"""What a stage is `after` when it is counted from the customer's report."""
EMERGENCY = "emergency"
"""The business that any other becomes with a suspected leak (S0/S1 §22(5))."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Elapsed(Section):
    """So many minutes by the clock, day and night."""

    kind: Literal["elapsed"]
    minutes: int = Field(gt=0, le=527_040)


class WorkingDays(Section):
    """Ends with the last of so many working days; the day of the trigger does not count."""

    kind: Literal["working_days"]
    days: int = Field(ge=0, le=250)
    """0: done on the day of the trigger itself."""


class CalendarDays(Section):
    """Like working days, with every day counted."""

    kind: Literal["calendar_days"]
    days: int = Field(ge=1, le=366)


class DayOfReport(Section):
    """The same day; reported from a time of the day on: the next day. Both end at 24:00."""

    kind: Literal["day_of_report"]
    next_day_from: time
    """The time itself belongs to the evening."""

    @model_validator(mode="after")
    def _check(self) -> DayOfReport:
        if self.next_day_from.tzinfo is not None:
            raise ValueError("`next_day_from`: a time of day without a zone, as in \"18:00\"")
        return self


class Band(Section):
    up_to_km: float = Field(gt=0, le=1000)
    """By road from the nearest station on duty; the distance itself belongs to the band."""
    minutes: int = Field(gt=0, le=1440)


class Beyond(Section):
    """Farther than the last band: its minutes, and so many more for each kilometre."""

    minutes_per_km: float = Field(gt=0, le=60)
    warn: bool = True


class DistanceBands(Section):
    """Minutes by distance; without a distance the shortest band."""

    kind: Literal["distance_bands"]
    bands: tuple[Band, ...] = Field(min_length=1)
    beyond: Beyond

    @model_validator(mode="after")
    def _check(self) -> DistanceBands:
        distances = [band.up_to_km for band in self.bands]
        minutes = [band.minutes for band in self.bands]
        if distances != sorted(set(distances)) or minutes != sorted(minutes):
            raise ValueError("`bands`: each must reach farther than the one before, with no shorter time")
        return self


class Unfigured(Section):
    """A promise without a figure; nothing falls due, and the reason is said instead."""

    kind: Literal["by_contract", "at_once"]


Promise = Annotated[
    Elapsed | WorkingDays | CalendarDays | DayOfReport | DistanceBands | Unfigured,
    Field(discriminator="kind"),
]


class StagePlan(Section):
    """One step of a business, with what the company promises for it."""

    stage: Name
    promise: Promise
    after: Name = REPORT
    """The stage whose end starts this one, or the report."""
    trigger: str = ""
    """What starts it, in the document's words."""
    clause: str = ""
    """Where it is promised; empty: the business's clause."""
    words: str = ""
    """The promise in the document's words."""
    unless_agreed: bool = False
    """Whether another time may be agreed with the customer."""


class Clock(Section):
    """Whom a running clock tells."""

    warn_at_percent: tuple[Percent, ...] = (50, 80)
    """The owner is warned when so much of the time is over."""
    overdue_to: tuple[Role, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Clock:
        if list(self.warn_at_percent) != sorted(set(self.warn_at_percent)):
            raise ValueError("`warn_at_percent`: in rising order, each once")
        return self


class Business(Section):
    """One kind of business and its stages in order."""

    title: Text
    clause: Text
    stages: tuple[StagePlan, ...] = Field(min_length=1)
    clock: Clock | None = None
    """Empty: the standard's."""

    @model_validator(mode="after")
    def _check(self) -> Business:
        earlier = {REPORT}
        for index, plan in enumerate(self.stages):
            if plan.stage in earlier:
                raise ValueError(f"`stages.{index}.stage`: {plan.stage} stands there twice or is reserved")
            if plan.after not in earlier:
                raise ValueError(f"`stages.{index}.after`: {plan.after} is no earlier stage and not `report`")
            if isinstance(plan.promise, DayOfReport) and plan.after != REPORT:
                raise ValueError(f"`stages.{index}.promise`: day_of_report counts from the report only")
            earlier.add(plan.stage)
        return self


class Pause(Section):
    """A reason for which a clock may stand still; there is no other."""

    reason: Name
    title: Text
    clause: str = ""
    only: tuple[Name, ...] = ()
    """The businesses it is for; empty: all but `never`."""
    never: tuple[Name, ...] = ()

    def allows(self, business: str) -> bool:
        return business not in self.never and (not self.only or business in self.only)


class Periodic(Section):
    """What comes round: inspections, follow-ups, reports."""

    kind: Literal["periodic"]
    title: Text
    clause: Text
    times: int = Field(1, ge=1, le=100)
    """At least so often …"""
    every: int = Field(1, ge=1, le=20)
    """… in so many …"""
    unit: Literal["week", "month", "quarter", "half_year", "year"]
    whom: str = ""


class Notice(Section):
    """What must be told before it happens, and how long it may last."""

    kind: Literal["notice"]
    title: Text
    clause: Text
    hours_before: float | None = Field(None, gt=0, le=8784)
    """At least so long before; empty: before, without a figure."""
    lasts_at_most_hours: float | None = Field(None, gt=0, le=8784)
    words: str = ""


Duty = Annotated[Periodic | Notice, Field(discriminator="kind")]


class Follows(Section):
    """The profile whose promises stay in force where this one has none of its own."""

    standard: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    clause: str = ""
    """What says so; put before the clauses that are taken over."""


class Profile(Section):
    """One file."""

    title: Text
    document: str = ""
    """The issuer's number and date."""
    follows: Follows | None = None
    businesses: dict[Name, Business] = Field(default_factory=dict)
    without: tuple[Name, ...] = ()
    """Businesses and duties of the followed profile that are not taken over."""
    duties: dict[Name, Duty] = Field(default_factory=dict)
    clock: Clock | None = None
    """For all businesses that have none of their own."""
    pauses: tuple[Pause, ...] | None = None

    @model_validator(mode="after")
    def _check(self) -> Profile:
        if self.without and self.follows is None:
            raise ValueError("`without`: there is nothing to leave out where no profile is followed")
        reasons = [pause.reason for pause in self.pauses or ()]
        if len(reasons) != len(set(reasons)):
            raise ValueError("`pauses`: a reason stands there twice")
        return self
