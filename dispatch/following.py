"""Which incident has the reports of one that was joined."""

from __future__ import annotations

from dispatch.model import Incident
from dispatch.state import State
from dispatch.work import Work


def now_of(work: Work | State, incident_id: str) -> str:
    """The incident itself, or the one that it was joined into, also over several joins."""
    seen = {incident_id}
    while (incident := work.get(Incident, incident_id)) is not None and incident.joined_into:
        incident_id = incident.joined_into
        if incident_id in seen:
            break
        seen.add(incident_id)
    return incident_id
