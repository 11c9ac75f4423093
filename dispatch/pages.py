"""What became of a page, and what follows for the incident."""

from __future__ import annotations

from datetime import timedelta

from dispatch import acknowledging
from dispatch.assignments import assignment_of, crew_steps, incident_event, take_tickets
from dispatch.commands import PageReport
from dispatch.escalation import (
    cancel_pages,
    covered,
    end_page,
    ensure_paged,
    page_next,
)
from dispatch.model import COVERING, HELD, RINGING, Assignment, Incident, Page
from dispatch.outbound import UpdatePageEffect
from dispatch.page_items import orders_of
from dispatch.page_orders import contact_of, order_again, order_next, step_of, ways
from dispatch.states import (
    ASSIGNMENT,
    PAGE,
    AssignmentEvent,
    AssignmentState,
    IncidentEvent,
    PageEvent,
    PageState,
)
from dispatch.work import Work

_STAMP = {
    PageState.RINGING: "started_at", PageState.ANSWERED: "answered_at", PageState.ACCEPTED: "ended_at",
    PageState.DECLINED: "ended_at", PageState.FAILED: "ended_at",
}


def page_report(work: Work, command: PageReport) -> None:
    """Started, answered, accepted, declined or failed; each is also the receipt of the page."""
    page = work.get(Page, command.page_id)
    if page is None:
        work.history(command.page_id, "page_event_unmatched", event=command.event)
        return
    _receipt(work, page)
    state = PAGE.next(page.state, command.event)
    if state is None:
        return
    page = work.put(page.model_copy(update=_changes(work, page, state, command.why)))
    work.history(page.incident, f"page_{state}", page=page.page_id, target=page.target, person=page.person,
                 why=command.why)
    incident = work.get(Incident, page.incident)
    if incident is None or not incident.open:
        if state == PageState.ACCEPTED:
            work.emit(UpdatePageEffect(page_id=page.page_id, fields=("over",)))
        return
    if state == PageState.ACCEPTED:
        _accepted(work, page)
    elif state == PageState.DECLINED:
        cancel_pages(work, _same_person(work, page), "declined")
        _declined(work, page, command.why)
    elif state == PageState.FAILED:
        not_reached(work, page)
    acknowledging.over(work, page)
    ensure_paged(work, page.incident)


def time_out(work: Work, page: Page) -> None:
    """Nobody took it in time: the next step of the chain."""
    ended = end_page(work, page, PageEvent.TIME_OUT, "not taken in time")
    if ended is not None:
        not_reached(work, ended)
        acknowledging.over(work, ended)
        ensure_paged(work, page.incident)


def not_reached(work: Work, page: Page) -> None:
    """Failed or timed out: the next channel, or the same person again, before he is given up."""
    incident = work.need(Incident, page.incident)
    if page.state == PageState.FAILED and page.then_by and order_next(work, incident, page):
        return
    tried_again = (
        page.channel == ways_of(work, page)[0] and page.attempt < step_of(work.rules, page.level).repeats
        and not covered(work, incident) and not page.must_acknowledge
    )
    if tried_again and order_again(work, incident, page):
        return
    given_up(work, page)


def given_up(work: Work, page: Page) -> None:
    """A phone was not reached; when it was the crew's last one, the crew was not reached."""
    if page.target_kind != "crew" or _rings(work, page):
        return
    incident = work.need(Incident, page.incident)
    assignment = assignment_of(work, incident, page.target)
    state = ASSIGNMENT.next(assignment.state, AssignmentEvent.NOT_REACHED)
    if state is not None:
        work.put(assignment.model_copy(update={"state": state}))
        work.history(page.incident, "crew_not_reached", target=page.target, person=page.person)
        _released_already(work, incident, assignment.key)


def _released_already(work: Work, incident: Incident, assignment_id: str) -> None:
    """Rung as well, though another crew has it: nobody has to wait for that one to be released."""
    held = work.need(Assignment, assignment_id)
    taken_by = [a.crew for a in work.assignments(incident.key) if a.state in COVERING and not a.overdue]
    if taken_by and held.state in HELD:
        work.put(held.model_copy(update={"state": AssignmentState.RELEASED, "released_at": work.now}))
        work.history(incident.key, "crew_released", target=held.crew, was=held.state, taken_by=taken_by[0])


def ways_of(work: Work, page: Page) -> tuple[str, ...]:
    """The channels with which this person's attempt began; the first one decides about repeats."""
    contact = contact_of(work.rules, page)
    if contact is None:
        return (page.channel,)
    return tuple(channel for channel, _ in ways(contact, step_of(work.rules, page.level)))


def _rings(work: Work, page: Page) -> bool:
    """Another phone of the crew; messages that lie somewhere reach nobody by themselves."""
    others = [p for p in work.ringing(page.incident) if p.target == page.target and p.key != page.key]
    return any(p.channel == "phone" or page.channel != "phone" for p in others)


def _same_person(work: Work, page: Page) -> list[Page]:
    mine = (p for p in work.ringing(page.incident) if p.key != page.key)
    return [p for p in mine if (p.target, p.person) == (page.target, page.person)]


def _changes(work: Work, page: Page, state: PageState, why: str) -> dict[str, object]:
    changes: dict[str, object] = {"state": state}
    if state in _STAMP and getattr(page, _STAMP[state]) is None:
        changes[_STAMP[state]] = work.now
    if state in (PageState.ACCEPTED, PageState.DECLINED, PageState.FAILED):
        changes |= {"ended_at": work.now, "why": why}
    if state == PageState.ANSWERED:
        decide = work.now + timedelta(seconds=work.rules.policy.times.decide)
        changes["expires_at"] = max(page.expires_at, decide)
    return changes


def _receipt(work: Work, page: Page) -> None:
    """Any news of a page says that it was sent."""
    if page.state != PageState.ORDERED:
        return
    for item in orders_of(work, page.page_id):
        work.put(item.model_copy(update={"receipted_at": work.now}))


def _accepted(work: Work, page: Page) -> None:
    acknowledging.accepted(work, page)
    cancel_pages(work, _same_person(work, page), f"taken by {page.person}")
    if page.target_kind == "crew":
        crew_steps(work, page.incident, page.target, AssignmentEvent.ACKNOWLEDGE)
    elif page.target_kind != "fire":
        _taken_by_person(work, page)


def _taken_by_person(work: Work, page: Page) -> None:
    """Somebody of the duty centre or a leader has it: a crew must be under way before the time ends."""
    incident = work.need(Incident, page.incident)
    if covered(work, incident):
        return
    until = work.now + timedelta(seconds=work.rules.policy.times.person_takes)
    work.put(
        incident.model_copy(
            update={
                "taken_by": page.person, "accepted_at": incident.accepted_at or work.now,
                "next_page_at": until, "waiting_for": "person",
            }
        )
    )
    incident_event(work, page.incident, IncidentEvent.ACCEPTED)
    take_tickets(work, page.incident, page.person)
    others = [
        p for p in work.ringing(page.incident)
        if p.target_kind in ("duty_centre", "leader") and not p.must_acknowledge
    ]
    cancel_pages(work, others, f"taken by {page.person}")


def _declined(work: Work, page: Page, why: str) -> None:
    """Recorded with its reason; nobody is released, and the next rings at once (safety rule 6)."""
    if page.target_kind != "crew":
        return
    incident = work.need(Incident, page.incident)
    assignment = assignment_of(work, incident, page.target)
    state = ASSIGNMENT.next(assignment.state, AssignmentEvent.DECLINE)
    if state is not None:
        declined = {"state": state, "declined_at": work.now, "decline_reason": why}
        work.put(assignment.model_copy(update=declined))
        work.history(page.incident, "crew_declined", author=page.person, target=page.target, why=why)
        _released_already(work, incident, assignment.key)
    others_ring = any(
        p.target != page.target and p.state in RINGING and p.target_kind != "fire"
        for p in work.pages(page.incident)
    )
    if not covered(work, work.need(Incident, page.incident)) and not others_ring:
        page_next(work, page.incident)


