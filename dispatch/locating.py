"""Where an incident is, until when somebody must be there, and the first phone that rings for it."""

from __future__ import annotations

from datetime import timedelta

from dispatch import targets
from dispatch.commands import EmergencyReport
from dispatch.escalation import page_next
from dispatch.model import Incident, Ticket
from dispatch.recommend import nearest_station_km, place_of
from dispatch.work import Work


def new_incident(work: Work, ticket: Ticket, incident_id: str) -> Incident:
    """What dispatch does about a ticket; the promise is counted from the ticket's report."""
    target = targets.arrival(work.rules, ticket.opened_at, None)
    incident = Incident(
        incident_id=incident_id, hazard=ticket.hazard or "other", place=ticket.place or "unknown",
        address=ticket.address, address_confirmed=ticket.address_confirmed, latitude=ticket.latitude,
        longitude=ticket.longitude, located_by="caller" if ticket.latitude is not None else "",
        reported_at=ticket.opened_at, band_minutes=target.minutes, target_at=target.at,
        band_assumed=target.assumed, target_clause=target.clause, target_reckoning=target.reckoning,
        tickets=(ticket.number,), drill=ticket.drill,
    )
    return set_target(work, incident) if incident.located else incident


def located_by_file(work: Work, incident_id: str, command: EmergencyReport) -> None:
    """Until the caller says another place, the customer file's counts."""
    incident = work.need(Incident, incident_id).model_copy(
        update={
            "address": command.file_address, "latitude": command.file_latitude,
            "longitude": command.file_longitude, "located_by": "file",
        }
    )
    work.put(set_target(work, incident))
    work.history(incident_id, "located_by_file", why="the customer file knows the caller's number")


def set_target(work: Work, incident: Incident) -> Incident:
    """Distance and target from the nearest station on duty (S0 §10 row 5), with clause and reckoning."""
    place = place_of(incident)
    if place is None:
        return incident
    distance_km = nearest_station_km(work.rules, work.now, place)
    target = targets.arrival(work.rules, incident.reported_at, distance_km)
    work.history(incident.key, "target_set", distance_km=round(distance_km, 2), minutes=target.minutes,
                 until=target.at.isoformat(), clause=target.clause, reckoning=target.reckoning)
    if target.beyond and targets.warns(work.rules):
        work.history(incident.key, "beyond_last_band", distance_km=round(distance_km, 2))
    return incident.model_copy(
        update={
            "distance_km": distance_km, "band_minutes": target.minutes, "target_at": target.at,
            "band_assumed": False, "beyond_bands": target.beyond, "target_clause": target.clause,
            "target_reckoning": target.reckoning,
        }
    )


def first_page(work: Work, incident_id: str) -> None:
    """At once; only where the policy says so it waits for a place (safety rule 1)."""
    incident = work.need(Incident, incident_id)
    wait = timedelta(seconds=work.rules.policy.times.unlocated)
    if incident.located or not wait:
        page_next(work, incident_id)
        return
    work.put(incident.model_copy(update={"next_page_at": work.now + wait, "waiting_for": "location"}))
    work.history(incident_id, "waiting_for_location", seconds=wait.seconds)
