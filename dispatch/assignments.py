"""A crew takes an incident, starts, arrives, makes safe, clears; or cannot."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.board import Board
from dispatch.clearing import may_leave
from dispatch.escalation import cancel_pages, ensure_paged, page_next, tell_callers
from dispatch.model import COVERING, HELD, Assignment, Incident, Ticket
from dispatch.recommend import crew_distance_km, place_of
from dispatch.states import (
    ASSIGNMENT,
    INCIDENT,
    TICKET,
    AssignmentEvent,
    AssignmentState,
    IncidentEvent,
    TicketEvent,
)
from dispatch.work import Work


def assignment_of(work: Work, incident: Incident, crew: str) -> Assignment:
    """The crew's assignment; one that comes unasked gets one."""
    key = f"{incident.key}-{crew}"
    found = work.get(Assignment, key)
    if found is not None:
        return found
    return work.put(
        Assignment(
            assignment_id=key, incident=incident.key, crew=crew, drill=incident.drill,
            distance_km=_distance(work, incident, crew), assigned_at=work.now,
        )
    )


def crew_steps(work: Work, incident_id: str, crew: str, event: AssignmentEvent, note: str = "") -> bool:
    """Acknowledged, en route, on scene, made safe or cleared. False: it changed nothing."""
    incident = work.need(Incident, incident_id)
    before = assignment_of(work, incident, crew)
    state = ASSIGNMENT.next(before.state, event)
    if state is None:
        work.history(incident_id, "crew_report_ignored", author=crew, status=event,
                     why=ASSIGNMENT.ignored[before.state, event])
        return False
    if event == AssignmentEvent.CLEARED and not may_leave(work, incident, crew):
        return False
    after = work.put(before.model_copy(update=_stamps(work, before, state)))
    work.history(incident_id, f"crew_{state}", author=crew, note=note)
    if before.state not in COVERING and state != AssignmentState.CLEARED:
        _taken(work, incident_id, crew)
    if state == AssignmentState.ACKNOWLEDGED:
        incident_event(work, incident_id, IncidentEvent.ACCEPTED)
        forecast(work, after.key)
    elif state == AssignmentState.CLEARED:
        _cleared(work, incident_id)
    else:
        incident_event(work, incident_id, IncidentEvent(state.value))
        if state == AssignmentState.EN_ROUTE:
            forecast(work, after.key)
    ensure_paged(work, incident_id)
    return True


def _stamps(work: Work, before: Assignment, state: AssignmentState) -> dict[str, object]:
    stamps: dict[str, object] = {"state": state, "overdue": False, "en_route_by": None, "released_at": None}
    name = f"{state.value}_at"
    if getattr(before, name) is None:
        stamps[name] = work.now
    if before.acknowledged_at is None and state in COVERING:
        stamps["acknowledged_at"] = work.now
    if state == AssignmentState.ACKNOWLEDGED:
        stamps["en_route_by"] = work.now + timedelta(seconds=work.rules.policy.times.en_route)
    return stamps


def _taken(work: Work, incident_id: str, crew: str) -> None:
    """Somebody has it: the others are released and their phones stop."""
    incident = work.need(Incident, incident_id)
    work.put(
        incident.model_copy(
            update={
                "accepted_at": incident.accepted_at or work.now,
                "taken_by": crew, "next_page_at": None, "waiting_for": "",
            }
        )
    )
    phones = [
        page for page in work.ringing(incident_id)
        if page.target_kind != "fire" and not page.must_acknowledge
    ]
    cancel_pages(work, phones, f"taken by {crew}")
    release_others(work, incident_id, crew)
    take_tickets(work, incident_id, crew)
    if incident.caller_message in ("paging", "nobody_yet"):
        work.put(work.need(Incident, incident_id).model_copy(update={"caller_message": "accepted"}))
        tell_callers(work, incident_id, "crew_accepted")


def release_others(work: Work, incident_id: str, crew: str) -> None:
    """Only now are those released who declined or were not reached (S0 §22(2))."""
    for other in work.assignments(incident_id):
        if other.crew != crew and other.state in HELD:
            work.put(other.model_copy(update={"state": AssignmentState.RELEASED, "released_at": work.now}))
            work.history(incident_id, "crew_released", target=other.crew, was=other.state, taken_by=crew)


def take_tickets(work: Work, incident_id: str, person: str) -> None:
    for ticket in work.tickets(work.need(Incident, incident_id)):
        state = TICKET.next(ticket.state, TicketEvent.TAKE)
        if state is not None:
            work.put(ticket.model_copy(update={"state": state, "updated_at": work.now}))
            work.history(ticket.number, "ticket_in_hand", author=person)


def incident_event(work: Work, incident_id: str, event: IncidentEvent) -> None:
    incident = work.need(Incident, incident_id)
    state = INCIDENT.next(incident.state, event)
    if state is None:
        return
    changes: dict[str, object] = {"state": state}
    name = f"{state.value}_at"
    if name in Incident.model_fields and getattr(incident, name) is None:
        changes[name] = work.now
    if event == IncidentEvent.ON_SCENE or (event == IncidentEvent.MADE_SAFE and not incident.on_scene_at):
        changes["on_scene_at"] = incident.on_scene_at or work.now
        changes["caller_message"] = "on_scene"
        late_seconds = (work.now - incident.target_at).total_seconds()
        minutes = round((work.now - incident.reported_at).total_seconds() / 60, 1)
        work.history(incident_id, "arrived", in_target=late_seconds <= 0,
                     late_seconds=max(0, round(late_seconds)), minutes=minutes)
    work.put(incident.model_copy(update=changes))
    if changes.get("caller_message") == "on_scene" and incident.caller_message != "on_scene":
        tell_callers(work, incident_id, "crew_on_scene")


def forecast(work: Work, assignment_id: str) -> None:
    """When the crew will be there; a forecast that misses the target brings the next crew (rule 6)."""
    assignment = work.need(Assignment, assignment_id)
    incident = work.need(Incident, assignment.incident)
    place, crew = place_of(incident), work.rules.stations.crew(assignment.crew)
    if place is None or crew is None:
        return
    start, by_vehicle = Board(work.rules, work, work.now).position(crew)
    distance_km = work.rules.road_distance().km(start, place)
    drive = timedelta(seconds=work.rules.drive_seconds(start, place, distance_km))
    arrival = forecast_arrival(work, assignment, drive, by_vehicle=by_vehicle)
    late = arrival > incident.target_at and not assignment.reinforced
    late = late and not _sooner(work, assignment, arrival)
    work.put(
        assignment.model_copy(
            update={
                "distance_km": distance_km, "forecast_at": arrival,
                "reinforced": late or assignment.reinforced,
            }
        )
    )
    if late:
        work.history(incident.key, "forecast_late", target=assignment.crew, forecast=arrival.isoformat(),
                     wanted=incident.target_at.isoformat())
        page_next(work, incident.key, crews_only=True)


def _sooner(work: Work, late: Assignment, arrival: datetime) -> bool:
    """Whether another crew that has it is there, or will be no later.

    The late crew's page has brought the next one already. If that one, farther away, brought a third
    and so on, a single report out of reach would take every crew from the city.
    """
    others = [a for a in work.assignments(late.incident) if a.key != late.key and not a.overdue]
    return any(
        a.on_scene_at is not None or (a.forecast_at is not None and a.forecast_at <= arrival)
        for a in others if a.state in COVERING
    )


def forecast_arrival(
    work: Work, assignment: Assignment, drive: timedelta, *, by_vehicle: bool = False
) -> datetime:
    """From where the vehicle is now; where that is not known, from the station when it set out."""
    rolling = assignment.state != AssignmentState.ACKNOWLEDGED
    turnout = timedelta(0) if rolling else timedelta(seconds=work.rules.policy.times.turnout)
    set_out = assignment.en_route_at if rolling and assignment.en_route_at else work.now
    return (work.now if by_vehicle else set_out) + turnout + drive


def _distance(work: Work, incident: Incident, crew_key: str) -> float | None:
    crew = work.rules.stations.crew(crew_key)
    return None if crew is None else crew_distance_km(work.rules, crew, place_of(incident))


def _cleared(work: Work, incident_id: str) -> None:
    """The last crew leaves: close what is safe, and send somebody again to what is not."""
    if any(a.state in COVERING for a in work.assignments(incident_id)):
        return
    incident = work.need(Incident, incident_id)
    if INCIDENT.next(incident.state, IncidentEvent.LAST_CREW_CLEARED) is not None:
        end_incident(work, incident_id, IncidentEvent.LAST_CREW_CLEARED, "", "made safe and cleared")
        return
    work.history(incident_id, "left_unsafe", why="cleared without having been made safe; paging begins again")
    state = INCIDENT.next(incident.state, IncidentEvent.LEFT_UNSAFE) or incident.state
    work.put(
        incident.model_copy(
            update={
                "state": state, "round": incident.round + 1, "step": 0, "targets_paged": (), "taken_by": "",
                "next_page_at": None, "waiting_for": "", "caller_message": "paging",
            }
        )
    )


def end_incident(work: Work, incident_id: str, event: IncidentEvent, person: str, reason: str) -> None:
    """Close or stand down, with everything that hangs on it."""
    incident = work.need(Incident, incident_id)
    state = INCIDENT.next(incident.state, event)
    if state is None:
        return
    cancel_pages(work, work.ringing(incident_id), reason)
    for held in work.assignments(incident_id):
        if held.state in HELD:
            work.put(held.model_copy(update={"state": AssignmentState.RELEASED, "released_at": work.now}))
    work.put(
        work.need(Incident, incident_id).model_copy(
            update={
                "state": state, "closed_at": work.now, "closed_by": person, "close_reason": reason,
                "next_page_at": None, "waiting_for": "", "news_due_at": None, "caller_message": "over",
            }
        )
    )
    work.history(incident_id, f"incident_{state}", author=person, reason=reason)
    ticket_event = TicketEvent.STAND_DOWN if event == IncidentEvent.STAND_DOWN else TicketEvent.CLOSE
    for ticket in work.tickets(incident):
        close_ticket(work, ticket, ticket_event, person, reason)


def close_ticket(work: Work, ticket: Ticket, event: TicketEvent, person: str, reason: str) -> None:
    state = TICKET.next(ticket.state, event)
    if state is not None:
        work.put(
            ticket.model_copy(
                update={"state": state, "closed_at": work.now, "updated_at": work.now, "close_reason": reason}
            )
        )
        work.history(ticket.number, f"ticket_{state}", author=person, reason=reason)
