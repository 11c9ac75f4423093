"""Each address of a joined incident is cleared by itself (safety rule 7, B9)."""

from __future__ import annotations

from dispatch.commands import AddressCleared
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.joined import Clearance
from dispatch.model import COVERING, Incident, Ticket
from dispatch.outage_records import Outage
from dispatch.outbound import NotifyCrewEffect
from dispatch.states import IncidentState
from dispatch.work import Work

ADDRESSES_WAITING = "addresses_waiting"
"""Field of a notice: the crew wants to leave and these addresses have not been checked."""

GAS_STILL_OFF = "gas_still_off"
"""Field of a notice: the repair goes on until gas is back."""


def unfinished(work: Work, incident: Incident) -> list[Outage]:
    """Outages behind which the incident stands: its repair goes on until gas is back (§24(3))."""
    return [one for one in work.live(Outage) if one.incident == incident.key]


def clearance_of(work: Work, ticket: str) -> Clearance | None:
    return work.get(Clearance, f"C-{ticket}")


def wait_for(work: Work, incident: Incident) -> None:
    """From the second report on each address waits to be cleared by itself."""
    for number in incident.tickets:
        found = clearance_of(work, number)
        if found is None or found.incident != incident.key:
            work.put(Clearance(clearance_id=f"C-{number}", incident=incident.key, ticket=number))


def waiting(work: Work, incident: Incident) -> list[str]:
    """Tickets of a joined incident whose address nobody has cleared; a single report has none."""
    if len(incident.tickets) < 2:
        return []
    found = {number: clearance_of(work, number) for number in incident.tickets}
    return [number for number, one in found.items() if one is None or one.state == "waiting"]


def may_leave(work: Work, incident: Incident, crew: str) -> bool:
    """Whether the crew's `cleared` may count; False: it is told which addresses wait, and keeps them.

    Only of what is safe: a crew that leaves what is not safe is replaced by another at once.
    """
    if incident.state != IncidentState.MADE_SAFE:
        return True
    if any(a.state in COVERING and a.crew != crew for a in work.assignments(incident.key)):
        return True
    off = unfinished(work, incident)
    if off:
        work.history(incident.key, "crew_may_not_leave", target=crew, outages=", ".join(o.key for o in off),
                     why="repair goes on without a break until gas is back (S0/S1 §24(3))")
        work.emit(NotifyCrewEffect(incident=incident.key, crew=crew, fields=(GAS_STILL_OFF,)))
        return False
    left = waiting(work, incident)
    if not left:
        return True
    work.history(incident.key, "crew_may_not_leave", target=crew, addresses=", ".join(left),
                 why="each address of a joined incident is cleared by itself")
    work.emit(NotifyCrewEffect(incident=incident.key, crew=crew, fields=(ADDRESSES_WAITING,)))
    return False


def cleared(work: Work, command: AddressCleared) -> None:
    """Raises UnknownRecord, NotAllowed: by nobody, or without the crew and without a reason."""
    ticket = work.get(Ticket, command.ticket)
    incident = work.get(Incident, ticket.incident) if ticket and ticket.incident else None
    if ticket is None or incident is None:
        raise UnknownRecord(command.ticket)
    if not incident.open:
        raise NotAllowed(f"{incident.key} is over")
    crew = any(a.crew == command.by and a.state in COVERING for a in work.assignments(incident.key))
    reasoned = bool(command.note.strip())
    if not command.by.strip() or not (crew or reasoned):
        raise NotAllowed("an address is cleared by a crew that is there, or by a named person with a reason")
    if command.recheck == "not_done" and not reasoned:
        raise NotAllowed("an address that was not checked is let go only with a reason (note)")
    if command.recheck == "gas_found":
        _still_gas(work, incident, ticket, command)
        return
    for each in _same_address(work, incident, ticket):
        _clear(work, incident, each, command)


def excuse_all(work: Work, incident: Incident, person: str, reason: str) -> None:
    """A named person closes it: what nobody has checked is on record with the reason."""
    for number in waiting(work, incident):
        found = clearance_of(work, number) or Clearance(
            clearance_id=f"C-{number}", incident=incident.key, ticket=number
        )
        changes = {"state": "excused", "by": person, "at": work.now, "note": reason, "recheck": "not_done"}
        work.put(found.model_copy(update=changes))
        work.history(number, "address_not_checked", author=person, reason=reason, incident=incident.key)


def _clear(work: Work, incident: Incident, ticket: Ticket, command: AddressCleared) -> None:
    before = clearance_of(work, ticket.number) or Clearance(
        clearance_id=f"C-{ticket.number}", incident=incident.key, ticket=ticket.number
    )
    state = "excused" if command.recheck == "not_done" else "cleared"
    work.put(before.model_copy(update={
        "state": state, "by": command.by, "at": work.now, "recheck": command.recheck, "note": command.note,
    }))
    for subject in (ticket.number, incident.key):
        work.history(subject, f"address_{state}", author=command.by, ticket=ticket.number,
                     recheck=command.recheck, reason=command.note)


def _still_gas(work: Work, incident: Incident, ticket: Ticket, command: AddressCleared) -> None:
    """The check has found gas: not cleared, whatever was said before."""
    before = clearance_of(work, ticket.number) or Clearance(
        clearance_id=f"C-{ticket.number}", incident=incident.key, ticket=ticket.number
    )
    changes = {"state": "waiting", "by": command.by, "at": work.now, "recheck": "gas_found"}
    work.put(before.model_copy(update={**changes, "note": command.note}))
    for subject in (ticket.number, incident.key):
        work.history(subject, "recheck_found_gas", author=command.by, ticket=ticket.number,
                     reason=command.note)


def _same_address(work: Work, incident: Incident, ticket: Ticket) -> list[Ticket]:
    """The ticket, and others of the very same home: two people of it are one address."""
    home = ticket.address_fields if ticket.address_fields.get("room") else None
    others = [t for t in work.tickets(incident) if home and t.address_fields == home]
    return others or [ticket]
