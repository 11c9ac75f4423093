"""After each step of work: what it has changed about incidents brings on what their protocols say."""

from __future__ import annotations

from dispatch import telling
from dispatch.judging import judge_again
from dispatch.model import Incident, Ticket
from dispatch.supply import suspect
from dispatch.work import Work

_MOMENTS = {"covered": "accepted_at", "on_scene": "on_scene_at", "made_safe": "made_safe_at"}
_JUDGED_BY = ("hazard", "place", "fields", "incident")


def watch(work: Work) -> None:
    """Types are judged again and people are told; called once for every unit of work."""
    touched = {after.incident: None for before, after in work.changes(Ticket)
               if after.incident and _tells_more(before, after)}
    touched |= {after.key: None for before, after in work.changes(Incident)
                if before is None or before.tickets != after.tickets}
    for incident_id in touched:
        if work.get(Incident, incident_id) is not None:
            judge_again(work, incident_id)
    for was, ticket in work.changes(Ticket):
        if was is None or was.address != ticket.address:
            suspect(work, ticket.number)
    for before, after in work.changes(Incident):
        for when, name in _MOMENTS.items():
            if getattr(after, name) is not None and (before is None or getattr(before, name) is None):
                telling.moment(work, after.key, when)
        if not after.open and not after.joined_into and (before is None or before.open):
            telling.moment(work, after.key, "closed")


def _tells_more(before: Ticket | None, after: Ticket) -> bool:
    return before is None or any(getattr(before, name) != getattr(after, name) for name in _JUDGED_BY)
