"""A shift begins while an emergency has nobody, or somebody who comes late: the new crew is rung at once.

It does not wait until the chain begins again. Nobody is released by it (safety rule 6).
"""

from __future__ import annotations

from datetime import datetime

from dispatch.board import Board
from dispatch.crews import Crew
from dispatch.escalation import covered, ring
from dispatch.model import COVERING, Incident
from dispatch.recommend import Choice, recommend
from dispatch.reinforce import offer
from dispatch.shift_starts import fresh_crews, next_start
from dispatch.states import IncidentState
from dispatch.units import DutyChange
from dispatch.work import Work

WAITS_FOR_CREWS = (IncidentState.REPORTED, IncidentState.TAKEN, IncidentState.EN_ROUTE)


def watch(work: Work) -> None:
    """After each step: every emergency that nobody has reached knows when the next shift begins."""
    changed = {incident.key: incident for incident in work.changed(Incident)}
    moved = bool(work.changed(DutyChange))
    if moved:
        changed |= {incident.key: incident for incident in work.live(Incident)}
    for incident in changed.values():
        known = incident.next_shift_at is not None and incident.next_shift_at > work.now
        if not _waits(incident) or (known and not moved):
            continue
        start = next_start(work.rules, work.rules.stations.crews, work.live(DutyChange), work.now)
        if start != incident.next_shift_at:
            work.put(incident.model_copy(update={"next_shift_at": start}))


def began(work: Work, incident_id: str) -> None:
    """Somebody has come on duty: nearest first where nobody has it, and as well where who has it is late."""
    incident = work.need(Incident, incident_id)
    since = incident.next_shift_at or work.now
    incident = work.put(incident.model_copy(update={"next_shift_at": None}))
    if not _waits(incident):
        return
    fresh = fresh_crews(work.rules, work.live(DutyChange), since, work.now)
    if incident.waiting_for == "crew":
        # The crews that were missing: all are asked again now (dispatch/aftermath.py).
        incident = work.put(incident.model_copy(update={"next_page_at": None, "waiting_for": ""}))
    if not covered(work, incident):
        _ring_one(work, incident, fresh, since)
    elif late(work, incident):
        _ring_as_well(work, incident, fresh)


def late(work: Work, incident: Incident) -> bool:
    """Whether nobody who has it will be there by the target, as far as is known."""
    going = [a for a in work.assignments(incident.key) if a.state in COVERING and not a.overdue]
    known = [a.forecast_at for a in going if a.forecast_at is not None]
    return incident.target_at < work.now or (bool(known) and min(known) > incident.target_at)


def _waits(incident: Incident) -> bool:
    if not incident.open:
        return False
    return incident.state in WAITS_FOR_CREWS or incident.waiting_for == "crew"


def _ring_as_well(work: Work, incident: Incident, fresh: list[Crew]) -> None:
    """The nearest of them that would be there earlier."""
    keys = {crew.key for crew in fresh}
    for one in recommend(Board(work.rules, work, work.now), incident, set()):
        if one.crew.key in keys:
            offer(work, one.crew.key)
            if any(page.target == one.crew.key for page in work.ringing(incident.key)):
                return


def _ring_one(work: Work, incident: Incident, fresh: list[Crew], since: datetime) -> None:
    """The chain goes on from it: whoever else is new is next, should it not take it."""
    board = Board(work.rules, work, work.now)
    keys = {crew.key for crew in fresh}
    first = next((n for n, step in enumerate(work.rules.policy.chain) if step.who == "free_crews"), None)
    if first is None:
        return
    on_call = work.rules.policy.chain[first].on_call
    nobody_left = incident.waiting_for == "repeat"  # then neighbours' crews too
    for one in recommend(board, incident, set()):
        contacts = tuple(member for member, level in board.on_duty(one.crew) if level <= on_call)
        meant = one.own or nobody_left
        if one.crew.key not in keys or not one.free or not meant or not contacts:
            continue
        mark = f"{first}:{one.crew.key}@{on_call}"
        work.history(incident.key, "shift_began", target=one.crew.key, since=since.isoformat(),
                     why=one.reason)
        ring(work, incident, Choice(first, "crew", one.crew.key, contacts, mark, one.distance_km, one.reason))
        return
