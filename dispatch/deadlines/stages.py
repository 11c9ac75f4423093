"""Every promise has a clock: the stages of a business with their due times, from standard and report.

Pure: the same standard, calendar and report always give the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from dispatch.deadlines.calendar import WorkCalendar
from dispatch.deadlines.grammar import EMERGENCY, REPORT, Business, StagePlan, Unfigured
from dispatch.deadlines.reckon import Reckoned, Start, reckon, unfigured
from dispatch.deadlines.standard import Standard
from dispatch.errors import DispatchError

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China's statutory time; fixed, so that `due` is always written with +08:00."""


class NotPromised(DispatchError):
    """The standard has no promise for this kind of business. Pick one that it has, or add it there."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step and when it is due."""

    stage: str
    due: datetime | None
    """Beijing time; None where the promise has no figure, and `urgency` says why."""
    target_minutes: float | None
    """None where the promise is not a duration."""
    urgency: str | None
    """`by_contract` or `at_once`."""
    provisional: bool
    """Counted through a year without a calendar: may move once it is announced."""
    assumed: bool
    """An emergency without a distance: the shortest band."""
    clause: str
    reckoning: str
    """How it was counted, in words."""
    notices: tuple[str, ...] = ()
    """What an operator should hear: a year without a calendar, a place beyond the last band."""


def stages(
    standard: Standard,
    business: str,
    reported: datetime,
    calendar: WorkCalendar,
    *,
    distance_km: float | None = None,
    suspected_leak: bool = False,
    started: Mapping[str, datetime] | None = None,
) -> tuple[Stage, ...]:
    """The stages of a business reported then. A suspected leak turns any business into the emergency.

    `started`: when the trigger of a stage really happened, for those that are past; the others are
    taken to start when the stage before is due. Times must be aware. Raises NotPromised for a
    business that the standard has no promise for, never with a suspected leak.
    """
    plans = promised(standard, business, suspected_leak=suspected_leak)
    if reported.tzinfo is None:
        raise ValueError("a reported time needs its zone")
    reported = reported.astimezone(BEIJING)
    done: dict[str, Stage] = {}
    for plan in plans.stages:
        before = done.get(plan.after)
        happened = (started or {}).get(plan.stage)
        start = _start(plan, reported, before, happened, distance_km)
        if start is not None:
            found = reckon(plan.promise, start, calendar)
        else:
            found = _waits(plan, before)
        lasting = before is not None and happened is None and before.provisional
        done[plan.stage] = _stage(plan, plans, found, provisional=found.provisional or lasting)
    return tuple(done.values())


def promised(standard: Standard, business: str, *, suspected_leak: bool = False) -> Business:
    """What the standard promises for a business. Raises NotPromised."""
    key = EMERGENCY if suspected_leak else business
    if key not in standard.businesses:
        has = ", ".join(sorted(standard.businesses))
        raise NotPromised(f"{standard.name} promises nothing for {business}; it has {has}")
    return standard.businesses[key]


def _start(
    plan: StagePlan, reported: datetime, before: Stage | None, happened: datetime | None,
    distance_km: float | None,
) -> Start | None:
    """What starts the stage; None when nobody can know yet."""
    if plan.after == REPORT:
        return Start(reported, "the report", True, distance_km)
    at = happened.astimezone(BEIJING) if happened else before and before.due
    return Start(at, f"the end of {plan.after}", False, distance_km) if at else None


def _waits(plan: StagePlan, before: Stage | None) -> Reckoned:
    """A stage after one that has no due time: it cannot have one either, for the same reason."""
    if isinstance(plan.promise, Unfigured):
        return unfigured(plan.promise, f"the end of {plan.after}")
    urgency = before.urgency if before else None
    why = (urgency or "").replace("_", " ")
    return Reckoned(None, f"counted from the end of {plan.after}, which is {why}: known once that has ended",
                    urgency=urgency)


def _stage(plan: StagePlan, business: Business, found: Reckoned, *, provisional: bool) -> Stage:
    words = [found.words]
    if plan.unless_agreed:
        words.append("unless another time was agreed with the customer")
    if plan.trigger:
        words.append(f"trigger: {plan.trigger}")
    if provisional and not found.provisional:
        words.append(f"provisional, as the end of {plan.after} is")
    return Stage(
        stage=plan.stage, due=found.due, target_minutes=found.target_minutes, urgency=found.urgency,
        provisional=provisional and found.due is not None, assumed=found.assumed,
        clause=plan.clause or business.clause, reckoning="; ".join(words), notices=found.notices,
    )
