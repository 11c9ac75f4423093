"""An incident's type follows from all its reports; new facts only ever make it worse."""

from __future__ import annotations

from datetime import timedelta

from dispatch import telling
from dispatch.commands import UpgradeIncident
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.incident_types import IncidentType
from dispatch.model import Incident
from dispatch.protocols import judge, match, needs, next_upgrade_hours, said, worst_hazard
from dispatch.work import Work


def judge_again(work: Work, incident_id: str) -> None:
    """Set the type by what is known now; whoever is to hear of it hears of it."""
    types, incident = work.rules.incident_types, work.need(Incident, incident_id)
    if not types.types or not incident.open:
        return
    tickets = work.tickets(incident)
    reports = [(t.hazard or incident.hazard, t.place or incident.place) for t in tickets]
    reports = reports or [(incident.hazard, incident.place)]
    found = judge(types, incident, reports, said(tickets), work.now)
    _show_worst(work, incident, worst_hazard(types, reports))
    if found.type is not None and found.type.key != incident.incident_type:
        _set(work, incident_id, found.type, by="", why=found.why)
    _crowd(work, incident_id)
    _look_again(work, incident_id)


def upgrade(work: Work, command: UpgradeIncident) -> None:
    """A person says that it is worse. Raises UnknownRecord, NotAllowed."""
    types, incident = work.rules.incident_types, work.get(Incident, command.incident)
    if incident is None:
        raise UnknownRecord(command.incident)
    wanted = types.get(command.incident_type)
    if wanted is None:
        keys = ", ".join(one.key for one in types.types)
        raise NotAllowed(f"there is no incident type {command.incident_type}; there are {keys}")
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("an incident is upgraded by a named person, with a reason")
    if not incident.open:
        raise NotAllowed(f"{incident.key} is over")
    before = types.get(incident.incident_type) or match(types, incident.hazard, incident.place)
    if before is not None and wanted.rank <= before.rank:
        raise NotAllowed(f"{wanted.key} is not worse than {before.key}; what is over is stood down")
    _set(work, incident.key, wanted, by=command.person, why=command.reason)
    _look_again(work, incident.key)


def time_has_made_it_worse(work: Work, incident_id: str) -> None:
    """It has lasted so long that another type may hold."""
    incident = work.need(Incident, incident_id)
    work.put(incident.model_copy(update={"worse_at": None}))
    judge_again(work, incident_id)


def _set(work: Work, incident_id: str, kind: IncidentType, *, by: str, why: str) -> None:
    incident = work.need(Incident, incident_id)
    before = work.rules.incident_types.get(incident.incident_type)
    incident = incident.model_copy(update={"incident_type": kind.key, "type_by": by or incident.type_by})
    wanted = max(incident.crews_wanted, needs(work.rules, incident).crews)
    work.put(incident.model_copy(update={"crews_wanted": wanted}))
    work.history(
        incident_id, "upgraded" if before and kind.rank > before.rank else "type_set", author=by,
        before=before.key if before else "", after=kind.key, title=kind.title, why=why, clause=kind.clause,
    )
    telling.plan(work, incident_id, kind, "declared")


def _show_worst(work: Work, incident: Incident, worst: tuple[str, str]) -> None:
    """Crews hear of the worst that any of the callers has told; words never make it better."""
    types = work.rules.incident_types
    now, before = match(types, *worst), match(types, incident.hazard, incident.place)
    if now is None or (before is not None and now.rank <= before.rank):
        return
    work.put(incident.model_copy(update={"hazard": worst[0], "place": worst[1]}))
    work.history(incident.key, "hazard_worse", before=incident.hazard, after=worst[0], place=worst[1])


def _crowd(work: Work, incident_id: str) -> None:
    """Many reports: more crews, and the leaders hear of it (B8)."""
    incident, types = work.need(Incident, incident_id), work.rules.incident_types
    wanted = needs(work.rules, incident).crews
    if wanted > incident.crews_wanted:
        work.put(incident.model_copy(update={"crews_wanted": wanted}))
        work.history(incident_id, "more_crews_wanted", crews=wanted, reports=len(incident.tickets))
    for step in types.crowd:
        if len(incident.tickets) >= step.reports:
            telling.crowd(work, incident_id, step)


def _look_again(work: Work, incident_id: str) -> None:
    incident = work.need(Incident, incident_id)
    hours = next_upgrade_hours(work.rules.incident_types, incident)
    at = incident.reported_at + timedelta(hours=hours) if hours is not None else None
    at = at if at is not None and at > work.now else None
    if at != incident.worse_at:
        work.put(incident.model_copy(update={"worse_at": at}))
