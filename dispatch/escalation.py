"""Rings the next of the chain until somebody has it, and never stops before.

Safety rules 6 and 8: a decline releases nobody until another has accepted; who accepted and does
not start brings the next as well; where the chain ends the alarm sounds and it begins again.
"""

from __future__ import annotations

from datetime import timedelta

from dispatch.board import Board
from dispatch.model import COVERING, HELD, Assignment, Incident, Page
from dispatch.outbound import AlarmEffect, CancelEffect, TellCallerEffect
from dispatch.page_orders import Order, order_pages
from dispatch.recommend import NOBODY_ON_DUTY, Choice, next_target
from dispatch.states import ASSIGNMENT, PAGE, AssignmentEvent, PageEvent, PageState
from dispatch.work import Work


def covered(work: Work, incident: Incident) -> bool:
    """Somebody has it: a crew that is not overdue, or a person who has just taken it."""
    if incident.waiting_for == "person":
        return True
    return any(a.state in COVERING and not a.overdue for a in work.assignments(incident.key))


def awaited(work: Work, incident: Incident) -> bool:
    """A phone rings that may still be taken (119 is told, but takes nothing).

    Somebody who has a phone is waited for as long as that rings, not as long as his messages lie there.
    """
    phones = {(p.target, p.level, p.round) for p in work.pages(incident.key) if p.channel == "phone"}
    return any(
        page.target_kind != "fire"
        and (page.channel == "phone" or (page.target, page.level, page.round) not in phones)
        for page in work.ringing(incident.key)
    )


def ensure_paged(work: Work, incident_id: str) -> None:
    """The invariant of every open emergency: somebody has it, a phone rings, or a moment is set."""
    incident = work.need(Incident, incident_id)
    if not incident.open or covered(work, incident) or awaited(work, incident):
        return
    if incident.next_page_at is None:
        page_next(work, incident_id)


def page_next(work: Work, incident_id: str, *, crews_only: bool = False) -> None:
    """Ring the next of the chain; at its end sound the alarm and set when it begins again.

    `crews_only`: a reinforcement; people of the chain are not woken for it.
    """
    incident = work.need(Incident, incident_id)
    search = next_target(
        work.rules, incident, work.now, board=Board(work.rules, work, work.now), reinforcement=crews_only,
        busy=busy_crews(work, incident),
        has_it={a.crew for a in work.assignments(incident_id) if a.state in COVERING},
        informed={
            page.target_kind for page in work.pages(incident_id)
            if page.answered_at or page.state == PageState.ACCEPTED
        },
    )
    for target, why in search.passed_over:
        work.history(incident_id, "not_paged", target=target, why=why, round=incident.round + 1)
    if NOBODY_ON_DUTY in search.passed_over and not incident.targets_paged:
        sound_alarm(work, incident_id, "nobody_on_duty")
        incident = work.need(Incident, incident_id)
    if search.choice is None or (crews_only and search.choice.kind != "crew"):
        if crews_only:
            work.history(incident_id, "no_reinforcement", why="no further crew")
        else:
            _chain_ended(work, incident)
        return
    ring(work, incident, search.choice)
    if search.choice.kind == "fire":
        page_next(work, incident_id)  # 119 takes nothing over: do not wait for it


def busy_crews(work: Work, incident: Incident) -> set[str]:
    """Crews that another incident has; a drill holds nobody back from a real emergency (rule 10)."""
    others = (a for a in work.live(Assignment) if a.incident != incident.key)
    theirs = work.elsewhere.live(Assignment) if work.elsewhere is not None else ()
    return {
        a.crew for a in (*(a for a in others if _is_open(work, a.incident)), *theirs)
        if a.state in (*COVERING, *HELD) and (incident.drill or not a.drill)
    }


def _is_open(work: Work, incident_id: str) -> bool:
    incident = work.get(Incident, incident_id)
    return incident is not None and incident.open


def ring(work: Work, incident: Incident, choice: Choice) -> None:
    step = work.rules.policy.chain[choice.step]
    others_have_it = any(a.state in COVERING for a in work.assignments(incident.key))
    work.put(
        incident.model_copy(
            update={
                "step": choice.step,
                "targets_paged": (*incident.targets_paged, choice.mark),
                "next_page_at": None,
                "waiting_for": "",
                "first_page_at": incident.first_page_at or work.now,
            }
        )
    )
    if choice.kind == "crew":
        _assign(work, incident, choice)
    for contact in choice.contacts:
        order_pages(
            work, work.need(Incident, incident.key),
            Order(kind=choice.kind, target=choice.target, contact=contact, level=choice.step + 1,
                  reinforcement=others_have_it, distance_km=choice.distance_km),
        )
    if step.alarm:
        sound_alarm(work, incident.key, "chain_ended")


def _assign(work: Work, incident: Incident, choice: Choice) -> None:
    key = f"{incident.key}-{choice.target}"
    before = work.get(Assignment, key)
    if before is None:
        work.put(
            Assignment(
                assignment_id=key, incident=incident.key, crew=choice.target, drill=incident.drill,
                distance_km=choice.distance_km, assigned_at=work.now,
            )
        )
        return
    state = ASSIGNMENT.next(before.state, AssignmentEvent.ASSIGN)
    if state is not None:
        work.put(before.model_copy(update={"state": state, "distance_km": choice.distance_km}))


def _chain_ended(work: Work, incident: Incident) -> None:
    """Nobody of the whole chain took it: say so, and begin again (never stopping)."""
    repeat = timedelta(seconds=work.rules.policy.times.repeat)
    begin_again(work, incident.key)
    again = work.need(Incident, incident.key)
    work.put(again.model_copy(update={"next_page_at": work.now + repeat, "waiting_for": "repeat"}))
    work.history(incident.key, "chain_ended", round=incident.round + 1, again_in_seconds=repeat.seconds)
    nobody_yet(work, incident.key)


def begin_again(work: Work, incident_id: str) -> None:
    """From the first step of the chain, everybody once more."""
    incident = work.need(Incident, incident_id)
    work.put(
        incident.model_copy(
            update={
                "round": incident.round + 1, "step": 0, "targets_paged": (), "next_page_at": None,
                "waiting_for": "",
            }
        )
    )


def sound_alarm(work: Work, incident_id: str, why: str) -> None:
    incident = work.need(Incident, incident_id)
    ticket = incident.tickets[0] if incident.tickets else ""
    work.emit(AlarmEffect(incident=incident_id, ticket=ticket, why=why))
    work.history(incident_id, "alarm_sounded", why=why)
    if why == "chain_ended":
        nobody_yet(work, incident_id)


def nobody_yet(work: Work, incident_id: str) -> None:
    """The caller is told the truth (safety rule 8), once, unless somebody is on the way already."""
    incident = work.need(Incident, incident_id)
    going = any(a.state in COVERING for a in work.assignments(incident_id))
    if incident.caller_message == "paging" and not going:
        work.put(incident.model_copy(update={"caller_message": "nobody_yet"}))
        tell_callers(work, incident_id, "nobody_yet")


def tell_callers(work: Work, incident_id: str, topic: str) -> None:
    incident = work.need(Incident, incident_id)
    for ticket in work.tickets(incident):
        for call_id in ticket.call_ids:
            work.emit(TellCallerEffect.model_validate(
                {"call_id": call_id, "topic": topic, "incident": incident_id}
            ))


def cancel_pages(work: Work, pages: list[Page], why: str) -> None:
    """Stop ringing; whoever accepts all the same still counts."""
    for page in pages:
        end_page(work, page, PageEvent.CANCEL, why)


def end_page(work: Work, page: Page, event: PageEvent, why: str) -> Page | None:
    """CANCEL or TIME_OUT: the page is over and its call is ended."""
    state = PAGE.next(page.state, event)
    if state is None:
        return None
    work.emit(CancelEffect(page_id=page.page_id, why=why))
    work.history(page.incident, f"page_{state}", page=page.page_id, target=page.target, person=page.person,
                 why=why)
    return work.put(page.model_copy(update={"state": state, "ended_at": work.now, "why": why}))
