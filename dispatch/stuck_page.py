"""A page whose end meets a fault of ours, again and again, must not hold up the rescue."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.escalation import ensure_paged
from dispatch.model import Incident, Page, Unit
from dispatch.outbound import CancelEffect
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.states import PageState
from dispatch.work import Work

WHY = "its end met a fault of ours"


def put_aside(state: State, rules: Rules, page: Page, now: datetime, unit_id: str) -> Unit:
    """The page is over, without all that else follows from it, and the next of the chain is rung.

    When that meets a fault as well, the chain begins again after its usual pause.
    """
    work = Work(state, rules, now, unit_id)
    work.put(page.model_copy(update={"state": PageState.TIMED_OUT, "ended_at": now, "why": WHY}))
    work.emit(CancelEffect(page_id=page.page_id, why=WHY))
    work.history(page.incident, "page_put_aside", page=page.page_id, target=page.target, why=WHY)

    def next_one() -> bool:
        ensure_paged(work, page.incident)
        return True

    incident = work.get(Incident, page.incident)
    if not work.besides(next_one, False) and incident is not None and incident.open:
        again = now + timedelta(seconds=rules.policy.times.repeat)
        work.put(incident.model_copy(update={"next_page_at": again, "waiting_for": "repeat"}))
    return work.unit()
