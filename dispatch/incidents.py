"""An emergency is reported, located, corrected, stood down."""

from __future__ import annotations

from datetime import timedelta

from dispatch.assignments import end_incident, forecast
from dispatch.clearing import excuse_all
from dispatch.commands import EmergencyReport, FactReport, StandDown
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.escalation import awaited, covered, ensure_paged, page_next
from dispatch.facts import apply_fact, note_fact
from dispatch.joining import consider
from dispatch.locating import first_page, located_by_file, new_incident, set_target
from dispatch.model import COVERING, RINGING, CallNotes, Incident, Ticket
from dispatch.outbound import NotifyCrewEffect, UpdatePageEffect
from dispatch.protocols import better, meanings
from dispatch.recommend import place_of, ranked
from dispatch.splitting import still_alike
from dispatch.states import AssignmentState, IncidentEvent
from dispatch.tickets import open_ticket
from dispatch.work import Work

_PLACE = {"address", "address_confirmed", "address_fields", "latitude", "longitude", "fields"}
"""Fields of a ticket by which it may be found to be somebody else's leak."""
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
        customer_flag=command.customer_flag,
    )
    ticket = work.put(
        ticket.model_copy(
            update={
                "hazard": ticket.hazard or command.hazard, "place": ticket.place or command.place,
                "words": command.words,
            }
        )
    )
    incident = work.put(new_incident(work, ticket, f"I-{ticket.number}"))
    work.put(work.need(Ticket, ticket.number).model_copy(update={"incident": incident.key}))
    work.history(incident.key, "emergency_declared", call_id=command.call_id, author=command.by,
                 ticket=ticket.number, hazard=incident.hazard, place=incident.place)
    if not incident.located and command.file_latitude is not None and command.file_longitude is not None:
        work.besides(lambda: located_by_file(work, incident.key, command), None)
    if work.besides(lambda: consider(work, incident.key), incident.key) == incident.key:
        first_page(work, incident.key)


def _declared_again(work: Work, command: EmergencyReport, ticket: Ticket) -> None:
    work.history(ticket.incident, "declared_again", call_id=command.call_id, author=command.by,
                 hazard=command.hazard, place=command.place)
    work.put(ticket.model_copy(update={"words": command.words or ticket.words}))
    if command.hazard not in ("", "other", ticket.hazard) and ticket.hazard in ("", "other", "smell"):
        worse = work.need(Ticket, ticket.number).model_copy(update={"hazard": command.hazard})
        _spread(work, worse, ("hazard",))
    ensure_paged(work, work.need(Ticket, ticket.number).incident)


def learn(work: Work, command: FactReport) -> None:
    """What a caller tells later reaches the ticket, the incident and the crews already paged."""
    tickets = [ticket for ticket in work.tickets_of_call(command.call_id) if ticket.closed_at is None]
    note_fact(work, command)
    for ticket in tickets:
        changed, fields = apply_fact(ticket, command)
        if fields:
            heard = _matters(work, command.field, ticket, changed)
            _spread(work, changed.model_copy(update={"updated_at": work.now}), fields, crews_hear=heard)
            work.history(ticket.number, "fact_learned", call_id=command.call_id, field=command.field,
                         confirmed=command.confirmed)


def _matters(work: Work, field: str, before: Ticket, after: Ticket) -> bool:
    """Whether crews are phoned for it: not for an answer that changes nothing for them."""
    types = work.rules.incident_types
    if not any(question.key == field for kind in types.types for question in kind.ask):
        return True
    return meanings(types, before.fields) != meanings(types, after.fields)


def _spread(work: Work, ticket: Ticket, fields: tuple[str, ...], *, crews_hear: bool = True) -> None:
    work.put(ticket)
    incident = work.get(Incident, ticket.incident) if ticket.incident else None
    if incident is None or not incident.open:
        return
    moved = incident.tickets[0] == ticket.number and _show(work, incident, ticket, fields)
    incident_id = incident.key
    if _PLACE & set(fields):
        incident_id = work.besides(lambda: _incident_of_place(work, ticket.number), incident_id)
    if moved and incident_id == incident.key:
        _first_location(work, incident_id)
    if crews_hear:
        _tell_crews(work, incident_id, fields)


def _incident_of_place(work: Work, number: str) -> str:
    """With its place known: split off when it is another leak, joined when it is somebody else's."""
    still_alike(work, number)
    return consider(work, work.need(Ticket, number).incident)


def _show(work: Work, incident: Incident, ticket: Ticket, fields: tuple[str, ...]) -> bool:
    """The incident's place is that of its first report. Returns whether a place has become known."""
    changes = {name: getattr(ticket, name) for name in _SHARED if name in fields}
    if "hazard" in changes and better(work.rules.incident_types, incident, ticket.hazard):
        del changes["hazard"]  # words never make it better
    after = incident.model_copy(update=changes)
    moved = (after.latitude, after.longitude) != (incident.latitude, incident.longitude) and after.located
    if moved:
        after = set_target(work, after.model_copy(update={"located_by": "caller"}))
    work.put(after)
    return moved


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
    if incident.joined_into:
        raise NotAllowed(f"{incident.key} was joined into {incident.joined_into}: split the report off first")
    if incident.open:
        excuse_all(work, incident, command.person, command.reason)
    for assignment in work.assignments(incident.key):
        if incident.open and assignment.state in COVERING:
            work.emit(NotifyCrewEffect(incident=incident.key, crew=assignment.crew, fields=("stood_down",)))
    end_incident(work, incident.key, IncidentEvent.STAND_DOWN, command.person, command.reason)


def call_over(work: Work, call_id: str) -> None:
    notes = work.get(CallNotes, call_id)
    if notes is not None and notes.ended_at is None:
        work.put(notes.model_copy(update={"ended_at": work.now}))
