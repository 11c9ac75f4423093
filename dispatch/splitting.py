"""A report that was joined by mistake gets its own incident again, paged at once."""

from __future__ import annotations

from dispatch.clearing import clearance_of, wait_for
from dispatch.commands import SplitReport
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.escalation import ensure_paged
from dispatch.joined import Join
from dispatch.likeness import likeness, report_of
from dispatch.locating import first_page, new_incident
from dispatch.model import COVERING, Incident, Ticket
from dispatch.outbound import NotifyCrewEffect, UpdatePageEffect
from dispatch.work import Work

_OF_FIRST_TICKET = ("address", "address_confirmed", "latitude", "longitude")


def split_by_person(work: Work, command: SplitReport) -> None:
    """Raises UnknownRecord, NotAllowed: without a name and reason, alone in its incident, or over."""
    ticket = work.get(Ticket, command.ticket)
    incident = work.get(Incident, ticket.incident) if ticket and ticket.incident else None
    if ticket is None or incident is None:
        raise UnknownRecord(command.ticket)
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("a report is split off by a named person, with a reason")
    if not incident.open:
        raise NotAllowed(f"{incident.key} is over")
    if len(incident.tickets) < 2:
        raise NotAllowed(f"{ticket.number} is the only report of {incident.key}")
    split(work, ticket, command.person, command.reason)


def split(work: Work, ticket: Ticket, by: str, reason: str) -> str:
    """Its own incident, with the promise counted from its own report. Returns that incident."""
    before = work.need(Incident, ticket.incident)
    rest = tuple(number for number in before.tickets if number != ticket.number)
    own = new_incident(work, ticket, _free_name(work, ticket))
    own = work.put(own)
    work.put(ticket.model_copy(update={"incident": own.key, "updated_at": work.now}))
    _keep(work, before, ticket, rest)
    _end_join(work, ticket, before, by, reason)
    clearance = clearance_of(work, ticket.number)
    if clearance is not None:
        work.put(clearance.model_copy(update={"incident": own.key, "state": "waiting", "by": "", "at": None,
                                              "recheck": ""}))
    for subject in (ticket.number, before.key, own.key):
        work.history(subject, "report_split", author=by, ticket=ticket.number, was=before.key,
                     incident=own.key, reason=reason)
    first_page(work, own.key)
    ensure_paged(work, before.key)
    return own.key


def _keep(work: Work, before: Incident, gone: Ticket, rest: tuple[str, ...]) -> None:
    """The others stay; when the first report went, the place is that of the next, or not known any more."""
    changes: dict[str, object] = {"tickets": rest}
    first = work.need(Ticket, rest[0])
    its_place = (gone.latitude, gone.longitude) == (before.latitude, before.longitude)
    if before.tickets[0] != rest[0] and (first.latitude is not None or its_place):
        changes |= {name: getattr(first, name) for name in _OF_FIRST_TICKET}
        changes["located_by"] = "caller" if first.latitude is not None else ""
    kept = work.put(before.model_copy(update=changes))
    if len(rest) > 1:
        wait_for(work, kept)
    if kept.address != before.address:
        _tell_place(work, kept)


def _tell_place(work: Work, incident: Incident) -> None:
    """Who is on the way or is being rung must not go to the address of the report that went."""
    for assignment in work.assignments(incident.key):
        if assignment.state in COVERING:
            work.emit(NotifyCrewEffect(incident=incident.key, crew=assignment.crew, fields=("address",)))
    for page in work.ringing(incident.key):
        work.emit(UpdatePageEffect(page_id=page.page_id, fields=("address",)))


def _end_join(work: Work, ticket: Ticket, before: Incident, by: str, reason: str) -> None:
    """On record for the report and the incident it leaves, so that they are not joined again."""
    key = f"J-{ticket.number}-{before.key}"
    join = work.get(Join, key) or Join(
        join_id=key, ticket=ticket.number, incident=before.key, was=before.key, state="joined",
        drill=before.drill, at=work.now,
    )
    work.put(join.model_copy(update={"state": "split", "ended_at": work.now, "ended_by": by,
                                     "end_reason": reason}))


def _free_name(work: Work, ticket: Ticket) -> str:
    number = 1
    while work.get(Incident, f"I-{ticket.number}-S{number}") is not None:
        number += 1
    return f"I-{ticket.number}-S{number}"


def still_alike(work: Work, number: str) -> None:
    """Its address was corrected: farther from all the others than one leak can be, it is another."""
    ticket = work.need(Ticket, number)
    incident = work.need(Incident, ticket.incident)
    mine, policy = report_of(ticket), work.rules.joining
    others = [report_of(other) for other in work.tickets(incident) if other.number != number]
    apart = [likeness(policy, mine, other) for other in others]
    if apart and all(found.apart for found in apart):
        split(work, ticket, "", f"its address is another one: {apart[0].reasons[0]}")
