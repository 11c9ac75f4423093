"""Gas that is gone: an announced failure is an incident, and many neighbours without gas are one (B10)."""

from __future__ import annotations

from datetime import timedelta

from dispatch.commands import OutageAnnounced
from dispatch.likeness import likeness, report_of
from dispatch.locating import first_page, new_incident
from dispatch.model import Ticket
from dispatch.outbound import NoticeEffect
from dispatch.tickets import open_ticket
from dispatch.work import Work

BUSINESS, NO_GAS = "supply_failure", "no_gas"
HAZARD = {"off": "supply_failure", "low_pressure": "low_pressure"}
TOLD = "supply_suspected"
"""Field of the tickets that the duty centre has been told of."""


def open_failure(work: Work, command: OutageAnnounced) -> str:
    """An unplanned outage without an incident gets one: crews go out until gas is back (§24(3)).

    Returns the incident. What people in the area have reported stays with their own tickets, related.
    """
    ticket = open_ticket(
        work, call_id="", business=BUSINESS, label=NO_GAS, at=work.now, caller="", fields={},
        drill=command.drill, owner=command.person,
    )
    ticket = work.put(ticket.model_copy(update={
        "hazard": HAZARD[command.what], "place": "outdoor", "address": command.area,
        "description": command.reason, "priority": work.rules.policy.priority("emergency"),
    }))
    incident = work.put(new_incident(work, ticket, f"I-{ticket.number}"))
    concerned = [
        one for one in work.live(Ticket)
        if one.business == NO_GAS and one.drill == command.drill
        and any(place in one.address for place in command.places)
    ]
    work.put(ticket.model_copy(update={
        "incident": incident.key, "related": tuple(one.number for one in concerned),
    }))
    for one in concerned:
        work.put(one.model_copy(update={"related": (*one.related, ticket.number)}))
        work.history(one.number, "supply_failure_known", incident=incident.key, ticket=ticket.number)
    work.history(incident.key, "emergency_declared", author=command.person, ticket=ticket.number,
                 hazard=incident.hazard, place=incident.place)
    first_page(work, incident.key)
    return incident.key


def suspect(work: Work, number: str) -> None:
    """Enough neighbours without gas are one failure: the duty centre hears of it, once."""
    policy, ticket = work.rules.outages, work.get(Ticket, number)
    if policy is None or ticket is None or ticket.business != NO_GAS or ticket.fields.get(TOLD):
        return
    mine, since = report_of(ticket), work.now - timedelta(minutes=policy.suspect_minutes)
    alike = [
        one for one in work.live(Ticket)
        if one.business == NO_GAS and one.number != number and one.opened_at >= since
        and likeness(work.rules.joining, mine, report_of(one)).score >= policy.suspect_score
    ]
    if len(alike) + 1 < policy.suspect_reports or any(one.fields.get(TOLD) for one in alike):
        return
    for one in (ticket, *alike):
        work.put(one.model_copy(update={"fields": one.fields | {TOLD: "yes"}}))
        work.history(one.number, "supply_failure_suspected", reports=len(alike) + 1)
    mark = "【演习】" if ticket.drill else ""
    text = policy.suspect_text.format(reports=len(alike) + 1, address=ticket.address)
    work.emit(NoticeEffect(to="duty_centre", topic=TOLD, ticket=number, text=mark + text, urgent=True))
