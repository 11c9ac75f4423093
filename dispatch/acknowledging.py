"""Several people who must each acknowledge: who has not is tried again until he has.

S4 §5(1), S0/S1 §25(4): the responsible leaders are told at once. That a crew has taken it meanwhile
spares nobody whose acknowledgement is wanted.
"""

from __future__ import annotations

from datetime import timedelta

from dispatch.escalation import cancel_pages, sound_alarm
from dispatch.model import RINGING, Incident, Page
from dispatch.page_orders import order_again, step_of
from dispatch.states import PageState
from dispatch.work import Work


def wanted(work: Work, page: Page) -> bool:
    """Whether this person's acknowledgement is still missing."""
    if not page.must_acknowledge:
        return False
    step = step_of(work.rules, page.level)
    peers = [p for p in work.pages(page.incident) if p.level == page.level and p.must_acknowledge]
    told = {p.person for p in peers if p.state == PageState.ACCEPTED}
    if page.person in told:
        return False
    return step.acknowledge == "each" or len(told) < step.acknowledge


def over(work: Work, page: Page) -> None:
    """A page of somebody who must acknowledge is over: set when he is tried again."""
    if page.state in RINGING or not wanted(work, page) or _tried(work, page):
        return
    again = work.now + timedelta(seconds=work.rules.policy.times.again)
    work.put(work.need(Page, page.key).model_copy(update={"again_at": again}))
    work.history(page.incident, "acknowledgement_missing", person=page.person, page=page.page_id,
                 attempt=page.attempt, why=page.why)
    if page.attempt == step_of(work.rules, page.level).repeats:
        sound_alarm(work, page.incident, "not_acknowledged")


def accepted(work: Work, page: Page) -> None:
    """One has acknowledged: his other messages, and with him perhaps everybody's, are no longer needed."""
    if not page.must_acknowledge:
        return
    work.history(page.incident, "acknowledged", author=page.person, page=page.page_id)
    for peer in work.pages(page.incident):
        if peer.level != page.level or not peer.must_acknowledge or wanted(work, peer):
            continue
        if peer.again_at is not None:
            work.put(work.need(Page, peer.key).model_copy(update={"again_at": None}))
        if peer.state in RINGING:
            cancel_pages(work, [work.need(Page, peer.key)], f"acknowledged by {page.person}")


def again(work: Work, page_id: str) -> None:
    """The pause is over: the same person once more, if it is still wanted."""
    page = work.need(Page, page_id)
    page = work.put(page.model_copy(update={"again_at": None}))
    incident = work.need(Incident, page.incident)
    if incident.open and wanted(work, page) and not _tried(work, page):
        order_again(work, incident, page)


def _tried(work: Work, page: Page) -> bool:
    """Something of his still rings, or is set."""
    mine = (p for p in work.pages(page.incident) if p.person == page.person and p.key != page.key)
    return any(p.state in RINGING or p.again_at is not None for p in mine if p.level == page.level)
