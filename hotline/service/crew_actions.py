"""What a crew on the phone asks: its tasks, and its next ordinary one."""

from __future__ import annotations

from datetime import datetime

from dispatch.api import Dispatch, DispatchError, Job, JobGiven

Answer = tuple[str, dict[str, str]]
SPOKEN = 3
"""So many tasks are read out to choose from."""


def open_work(dispatch: Dispatch, crew: str) -> Answer:
    """Open incidents of the crew; without one the ordinary work that it has in hand, `incident` empty."""
    mine = [
        incident for incident in dispatch.open_incidents()
        if any(
            assignment.crew == crew and assignment.cleared_at is None and assignment.released_at is None
            for assignment in dispatch.assignments(incident.key)
        )
    ]
    if not mine:
        return _ordinary(dispatch, crew)
    first = mine[0]
    values = {
        "count": str(len(mine)), "incident": first.key, "address": first.address, "hazard": first.hazard,
    }
    for number, incident in enumerate(mine[:SPOKEN], 1):
        values |= {f"incident_{number}": incident.key, f"address_{number}": incident.address}
    return ("one" if len(mine) == 1 else "several"), values


def next_job(dispatch: Dispatch, call_id: str, crew: str, now: datetime) -> Answer:
    """Gives the crew its next ordinary ticket, unless it has one."""
    job = _job(dispatch, crew)
    if job is None:
        name = f"{call_id}/next-job/{now.isoformat()}"
        try:
            dispatch.tell(JobGiven(event_id=name, at=now, crew=crew, reason="asked for by phone"))
        except DispatchError:
            return "refused", {}
        job = _job(dispatch, crew)
    if job is None:
        return "none", {}
    ticket = dispatch.ticket(job.ticket)
    address, business = (ticket.address, ticket.business) if ticket is not None else ("", "")
    return "given", {"address": address, "business": business}


def _ordinary(dispatch: Dispatch, crew: str) -> Answer:
    job = _job(dispatch, crew)
    if job is None:
        return "none", {"count": "0"}
    ticket = dispatch.ticket(job.ticket)
    return "one", {"count": "1", "incident": "", "address": ticket.address if ticket else "", "hazard": ""}


def _job(dispatch: Dispatch, crew: str) -> Job | None:
    return next(iter(dispatch.board().jobs(crew)), None)
