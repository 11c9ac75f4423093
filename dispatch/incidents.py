"""An emergency is reported, located, corrected, stood down."""

from __future__ import annotations

from datetime import timedelta

from dispatch.assignments import end_incident, forecast
from dispatch.commands import EmergencyReport, FactReport, StandDown
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.escalation import awaited, covered, ensure_paged, page_next
from dispatch.facts import apply_fact, note_fact
from dispatch.model import COVERING, RINGING, CallNotes, Incident, Ticket
from dispatch.outbound import NotifyCrewEffect, UpdatePageEffect
from dispatch.policy import arrival_target
from dispatch.recommend import nearest_station_km, place_of, ranked
from dispatch.states import AssignmentState, IncidentEvent
from dispatch.tickets import open_ticket
from dispatch.work import Work

_SHARED = ("hazard", "place", "address", "address_confirmed", "latitude", "longitude")
"""Fields that a ticket and its incident have in common."""


def report_emergency(work: Work, command: EmergencyReport) -> None:
    """Ticket, incident and, with a known place, the nearest crew's phone: at once (safety rule 1)."""
    declared = [t for t in work.tickets_of_call(command.call_id) if t.incident and t.closed_at is None]
    if declared:
        _declared_again(work, command, declared[0])
        return
    ticket = open_ticket(
        work, call_id=command.call_id, business="emergency", label="leak_emergency", at=command.at,
        caller=command.caller, fields={}, drill=command.drill, owner=command.owner,
    )
    ticket = work.put(
        ticket.model_copy(
            update={
                "hazard": ticket.hazard or command.hazard, "place": ticket.place or command.place,
                "words": command.words,
            }
        )
    )
    incident = work.put(_incident(work, command, ticket))
    work.put(work.need(Ticket, ticket.number).model_copy(update={"incident": incident.key}))
    work.history(incident.key, "emergency_declared", call_id=command.call_id, author=command.by,
                 ticket=ticket.number, hazard=incident.hazard, place=incident.place)
    if not incident.located and command.file_latitude is not None and command.file_longitude is not None:
        _located_by_file(work, incident.key, command)
    _first_page(work, incident.key)


def _incident(work: Work, command: EmergencyReport, ticket: Ticket) -> Incident:
    target = arrival_target(work.rules.policy, command.at, None)
    incident = Incident(
        incident_id=f"I-{ticket.number}", hazard=ticket.hazard or "other", place=ticket.place or "unknown",
        address=ticket.address, address_confirmed=ticket.address_confirmed, latitude=ticket.latitude,
        longitude=ticket.longitude, located_by="caller" if ticket.latitude is not None else "",
        reported_at=command.at, band_minutes=target.minutes, target_at=target.at,
        tickets=(ticket.number,), drill=ticket.drill,
    )
    return set_target(work, incident) if incident.located else incident


def _declared_again(work: Work, command: EmergencyReport, ticket: Ticket) -> None:
    work.history(ticket.incident, "declared_again", call_id=command.call_id, author=command.by,
                 hazard=command.hazard, place=command.place)
    work.put(ticket.model_copy(update={"words": command.words or ticket.words}))
    if command.hazard not in ("", "other", ticket.hazard) and ticket.hazard in ("", "other", "smell"):
        worse = work.need(Ticket, ticket.number).model_copy(update={"hazard": command.hazard})
        _spread(work, worse, ("hazard",))
    ensure_paged(work, ticket.incident)


def _located_by_file(work: Work, incident_id: str, command: EmergencyReport) -> None:
    incident = work.need(Incident, incident_id).model_copy(
        update={
            "address": command.file_address, "latitude": command.file_latitude,
            "longitude": command.file_longitude, "located_by": "file",
        }
    )
    work.put(set_target(work, incident))
    work.history(incident_id, "located_by_file", why="the customer file knows the caller's number")


def set_target(work: Work, incident: Incident) -> Incident:
    """Distance and target from the nearest station on duty (S0 §10 row 5)."""
    place = place_of(incident)
    if place is None:
        return incident
    distance_km = nearest_station_km(work.rules, work.now, place)
    target = arrival_target(work.rules.policy, incident.reported_at, distance_km)
    work.history(incident.key, "target_set", distance_km=round(distance_km, 2), minutes=target.minutes,
                 until=target.at.isoformat())
    if target.beyond and work.rules.policy.beyond.warn:
        work.history(incident.key, "beyond_last_band", distance_km=round(distance_km, 2))
    return incident.model_copy(
        update={
            "distance_km": distance_km, "band_minutes": target.minutes, "target_at": target.at,
            "band_assumed": False, "beyond_bands": target.beyond,
        }
    )


def _first_page(work: Work, incident_id: str) -> None:
    incident = work.need(Incident, incident_id)
    wait = timedelta(seconds=work.rules.policy.times.unlocated)
    if incident.located or not wait:
        page_next(work, incident_id)
        return
    work.put(incident.model_copy(update={"next_page_at": work.now + wait, "waiting_for": "location"}))
    work.history(incident_id, "waiting_for_location", seconds=wait.seconds)


def learn(work: Work, command: FactReport) -> None:
    """What a caller tells later reaches the ticket, the incident and the crews already paged."""
    tickets = [ticket for ticket in work.tickets_of_call(command.call_id) if ticket.closed_at is None]
    note_fact(work, command)
    for ticket in tickets:
        changed, fields = apply_fact(ticket, command)
        if fields:
            _spread(work, changed.model_copy(update={"updated_at": work.now}), fields)
            work.history(ticket.number, "fact_learned", call_id=command.call_id, field=command.field,
                         confirmed=command.confirmed)


def _spread(work: Work, ticket: Ticket, fields: tuple[str, ...]) -> None:
    work.put(ticket)
    incident = work.get(Incident, ticket.incident) if ticket.incident else None
    if incident is None or not incident.open or incident.tickets[0] != ticket.number:
        return
    before = incident
    incident = incident.model_copy(
        update={name: getattr(ticket, name) for name in _SHARED if name in fields}
    )
    moved = (incident.latitude, incident.longitude) != (before.latitude, before.longitude)
    if moved and incident.located:
        incident = set_target(work, incident.model_copy(update={"located_by": "caller"}))
    work.put(incident)
    if moved and incident.located:
        _first_location(work, incident.key)
    _tell_crews(work, incident.key, fields)


def _first_location(work: Work, incident_id: str) -> None:
    """The place is known (or another one): the nearest crew rings now, and forecasts are made anew."""
    incident = work.need(Incident, incident_id)
    if not covered(work, incident) and (incident.waiting_for == "location" or awaited(work, incident)):
        _ring_nearest(work, incident)
    for assignment in work.assignments(incident_id):
        if assignment.state in (AssignmentState.ACKNOWLEDGED, AssignmentState.EN_ROUTE):
            forecast(work, assignment.key)


def _ring_nearest(work: Work, incident: Incident) -> None:
    """Unless the chain is already past the crews, or the nearest one rings anyway."""
    crews = ranked(work.rules, work.now, place_of(incident))
    ringing = work.ringing(incident.key)
    if crews and any(page.target == crews[0][0].key for page in ringing):
        return
    if incident.step == 0 or not awaited(work, incident):
        work.put(incident.model_copy(update={"next_page_at": None, "waiting_for": ""}))
        page_next(work, incident.key)


def _tell_crews(work: Work, incident_id: str, fields: tuple[str, ...]) -> None:
    for page in work.pages(incident_id):
        if page.state in RINGING and not work.is_new(page):
            work.emit(UpdatePageEffect(page_id=page.page_id, fields=fields))
    incident = work.need(Incident, incident_id)
    if any(a.state in COVERING for a in work.assignments(incident_id)):
        news = tuple(dict.fromkeys((*incident.news, *fields)))
        due = incident.news_due_at or work.now + timedelta(seconds=work.rules.policy.times.news)
        work.put(incident.model_copy(update={"news": news, "news_due_at": due}))


def send_news(work: Work, incident_id: str) -> None:
    """Phone the crews that have it and tell what is new."""
    incident = work.need(Incident, incident_id)
    for assignment in work.assignments(incident_id):
        if assignment.state in COVERING:
            work.emit(NotifyCrewEffect(incident=incident_id, crew=assignment.crew, fields=incident.news))
            work.history(incident_id, "crew_told_news", target=assignment.crew,
                         fields=", ".join(incident.news))
    work.put(incident.model_copy(update={"news": (), "news_due_at": None}))


def stand_down(work: Work, command: StandDown) -> None:
    """Only a named person may, with a reason (safety rule 2). Raises NotAllowed, UnknownRecord."""
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("an emergency is stood down only by a named person, with a reason")
    incident = work.get(Incident, command.incident)
    if incident is None:
        raise UnknownRecord(command.incident)
    for assignment in work.assignments(incident.key):
        if incident.open and assignment.state in COVERING:
            work.emit(NotifyCrewEffect(incident=incident.key, crew=assignment.crew, fields=("stood_down",)))
    end_incident(work, incident.key, IncidentEvent.STAND_DOWN, command.person, command.reason)


def call_over(work: Work, call_id: str) -> None:
    notes = work.get(CallNotes, call_id)
    if notes is not None and notes.ended_at is None:
        work.put(notes.model_copy(update={"ended_at": work.now}))
