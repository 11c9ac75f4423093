"""One incident takes over the reports of another, and what is being done about them; or gives one back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dispatch.assignments import crew_steps
from dispatch.clearing import wait_for
from dispatch.errors import NotAllowed
from dispatch.escalation import cancel_pages, covered, ensure_paged
from dispatch.joined import Join
from dispatch.model import COVERING, HELD, Assignment, Incident, Page, Ticket
from dispatch.outbound import NotifyCrewEffect, TellCallerEffect, UpdatePageEffect
from dispatch.states import INCIDENT, AssignmentEvent, AssignmentState, IncidentEvent, PageState
from dispatch.work import Work

_STEPS = {
    AssignmentState.ACKNOWLEDGED: AssignmentEvent.ACKNOWLEDGE,
    AssignmentState.EN_ROUTE: AssignmentEvent.EN_ROUTE,
    AssignmentState.ON_SCENE: AssignmentEvent.ON_SCENE,
}
_TOPICS = {"accepted": "crew_accepted", "on_scene": "crew_on_scene", "nobody_yet": "nobody_yet"}


def absorb(
    work: Work, source_id: str, into_id: str, *, by: str = "", reason: str = "", score: float = 0,
    reasons: Sequence[str] = (),
) -> None:
    """All reports of `source_id` belong to `into_id` from here on."""
    source, into = work.need(Incident, source_id), work.need(Incident, into_id)
    if INCIDENT.next(source.state, IncidentEvent.JOIN) is None or not into.open:
        raise NotAllowed(f"{source_id} ({source.state}) cannot be joined into {into_id} ({into.state})")
    tickets = work.tickets(source)
    for ticket in tickets:
        _hand_over(work, ticket, into)
        work.put(
            Join(join_id=f"J-{ticket.number}-{into_id}", ticket=ticket.number, incident=into_id,
                 was=source_id, state="joined", score=score, reasons=tuple(reasons), drill=into.drill,
                 at=work.now, by=by, reason=reason)
        )
        for subject in (ticket.number, source_id, into_id):
            work.history(subject, "report_joined", author=by, ticket=ticket.number, incident=into_id,
                         was=source_id, score=score or "", why=reason or "; ".join(reasons))
    _drop_other_proposals(work, source_id)
    _take_over(work, source, into)
    _close_source(work, source_id, into_id, by)
    into = work.need(Incident, into_id)
    wait_for(work, into)
    _move_duties(work, source_id, into_id)
    _settle_paging(work, into_id)
    _tell_later_callers(work, into_id, tickets)
    _tell_crews(work, into_id)


def _hand_over(work: Work, ticket: Ticket, into: Incident) -> None:
    related = tuple(dict.fromkeys((*ticket.related, *into.tickets)))
    work.put(ticket.model_copy(update={"incident": into.key, "related": related, "updated_at": work.now}))
    for number in into.tickets:
        other = work.get(Ticket, number)
        if other is not None and ticket.number not in other.related:
            work.put(other.model_copy(update={"related": (*other.related, ticket.number)}))


def _take_over(work: Work, source: Incident, into: Incident) -> None:
    """Tickets, who has been rung, and the earlier of the two targets (no promise becomes longer)."""
    changes: dict[str, object] = {
        "tickets": (*into.tickets, *source.tickets),
        "targets_paged": tuple(dict.fromkeys((*into.targets_paged, *source.targets_paged))),
        "first_page_at": _earlier(into.first_page_at, source.first_page_at),
    }
    if source.target_at < into.target_at:
        names: tuple[str, ...] = ("target_at", "band_minutes", "band_assumed", "distance_km", "target_clause",
                 "target_reckoning")
        changes |= {name: getattr(source, name) for name in names}
        work.history(into.key, "target_set", minutes=source.band_minutes,
                     until=source.target_at.isoformat(), why=f"the earlier promise, of {source.key}")
    if not into.located and source.located:
        names = ("latitude", "longitude", "located_by", "address", "address_confirmed")
        changes |= {name: getattr(source, name) for name in names}
    if source.waiting_for == "person" and not covered(work, into):
        changes |= {"waiting_for": "person", "next_page_at": source.next_page_at,
                    "taken_by": source.taken_by, "accepted_at": into.accepted_at or source.accepted_at}
    work.put(into.model_copy(update=changes))


def _close_source(work: Work, source_id: str, into_id: str, by: str) -> None:
    source = work.need(Incident, source_id)
    work.put(source.model_copy(update={
        "state": INCIDENT.next(source.state, IncidentEvent.JOIN), "closed_at": work.now, "closed_by": by,
        "joined_into": into_id, "close_reason": f"joined into {into_id}", "next_page_at": None,
        "waiting_for": "", "news": (), "news_due_at": None, "worse_at": None,
    }))


def _move_duties(work: Work, source_id: str, into_id: str) -> None:
    """Pages and crews' duties go along: who is rung, has declined or is on the way stays so."""
    rings = {page.phone for page in work.ringing(into_id)}
    twice = [page for page in work.ringing(source_id) if page.phone in rings]
    cancel_pages(work, twice, f"rings for {into_id} already")
    moved = work.pages(source_id)
    for page in moved:
        work.put(page.model_copy(update={"incident": into_id}))
    for assignment in work.assignments(source_id):
        _move_duty(work, assignment, into_id)
    _tell_pages(work, [page for page in moved if page not in twice])


def _move_duty(work: Work, before: Assignment, into_id: str) -> None:
    work.put(before.model_copy(update={"state": AssignmentState.RELEASED, "released_at": work.now,
                                       "en_route_by": None}))
    key = f"{into_id}-{before.crew}"
    there = work.get(Assignment, key)
    if before.state in HELD and (there is None or there.state == AssignmentState.RELEASED):
        work.put(before.model_copy(update={"assignment_id": key, "incident": into_id}))
    elif before.state in COVERING and before.state in _STEPS:
        if crew_steps(work, into_id, before.crew, _STEPS[before.state], f"came for {before.incident}"):
            _keep_times(work, before, key)


def _keep_times(work: Work, before: Assignment, key: str) -> None:
    """It accepted and started when it did, not when the reports were joined."""
    after = work.need(Assignment, key)
    names = ("assigned_at", "acknowledged_at", "en_route_by", "overdue", "en_route_at", "on_scene_at")
    known = {name: getattr(before, name) for name in names if getattr(before, name) is not None}
    work.put(after.model_copy(update=known))


def _settle_paging(work: Work, into_id: str) -> None:
    """Covered: the phones stop and who was held is released. Not covered: whoever rings, rings on."""
    into = work.need(Incident, into_id)
    if not covered(work, into):
        ensure_paged(work, into_id)
        return
    phones = [p for p in work.ringing(into_id) if p.target_kind != "fire" and not p.must_acknowledge]
    cancel_pages(work, phones, f"taken by {into.taken_by}")
    for held in work.assignments(into_id):
        if held.state in HELD:
            work.put(held.model_copy(update={"state": AssignmentState.RELEASED, "released_at": work.now}))
            work.history(into_id, "crew_released", target=held.crew, was=held.state, taken_by=into.taken_by)


def _tell_later_callers(work: Work, into_id: str, tickets: Sequence[Ticket]) -> None:
    """A caller who is still on the line hears at once that a crew is on its way, and when."""
    into = work.need(Incident, into_id)
    topic = _TOPICS.get(into.caller_message)
    for call_id in [call_id for ticket in tickets for call_id in ticket.call_ids] if topic else []:
        work.emit(TellCallerEffect.model_validate(
            {"call_id": call_id, "topic": topic, "incident": into_id}
        ))


def _tell_crews(work: Work, into_id: str) -> None:
    """One more address to check."""
    for assignment in work.assignments(into_id):
        if assignment.state in COVERING:
            work.emit(NotifyCrewEffect(incident=into_id, crew=assignment.crew, fields=("reports",)))


def _tell_pages(work: Work, pages: Sequence[Page]) -> None:
    for page in pages:
        if page.state in (PageState.RINGING, PageState.ANSWERED):
            work.emit(UpdatePageEffect(page_id=page.page_id, fields=("address", "reports")))


def _drop_other_proposals(work: Work, source_id: str) -> None:
    """What was proposed about an incident that is no more asks nobody any longer."""
    for join in work.live(Join):
        if join.state == "proposed" and source_id in (join.incident, join.was):
            work.put(join.model_copy(update={"state": "refused", "ended_at": work.now,
                                             "end_reason": f"{source_id} was joined"}))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return min(known, default=None)
