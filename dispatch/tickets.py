"""Ordinary tickets: opened, taken, handed over, closed."""

from __future__ import annotations

from datetime import datetime

from dispatch import clocks, phases
from dispatch.assignments import close_ticket
from dispatch.commands import TicketClosed, TicketRequest, TicketTaken
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.facts import apply_fact
from dispatch.model import CallNotes, Fact, Incident, Ticket
from dispatch.states import TICKET, TicketEvent
from dispatch.ticket_states import ClockEvent
from dispatch.work import Work


def open_ticket(
    work: Work, *, call_id: str, business: str, label: str, at: datetime, caller: str,
    fields: dict[str, str], drill: bool, owner: str, customer_flag: str = "",
) -> Ticket:
    """A new ticket with everything that the call has told already."""
    notes = work.get(CallNotes, call_id)
    earlier = work.tickets_of_call(call_id)
    ticket = Ticket(
        number=work.next_number(), business=business, label=label,
        priority=work.rules.policy.priority(business), call_ids=(call_id,) if call_id else (),
        opened_at=at, updated_at=work.now, caller=caller or (notes.caller if notes else ""),
        owner=owner, drill=drill or bool(notes and notes.drill),
        related=tuple(other.number for other in earlier), customer_flag=customer_flag,
    )
    told = [Fact(field=name, value=value, confirmed=False) for name, value in fields.items()]
    for fact in (*(notes.facts if notes else ()), *told):
        ticket, _ = apply_fact(ticket, fact)
    for other in earlier:
        work.put(other.model_copy(update={"related": (*other.related, ticket.number)}))
    work.history(ticket.number, "ticket_opened", call_id=call_id, author=owner, business=business,
                 label=label)
    return work.put(ticket)


def request_ticket(work: Work, command: TicketRequest) -> None:
    """The flow asked for an ordinary ticket."""
    open_ticket(
        work, call_id=command.call_id, business=command.business, label=command.label, at=command.at,
        caller=command.caller, fields=command.fields, drill=command.drill, owner=command.owner,
        customer_flag=command.customer_flag,
    )


def take(work: Work, command: TicketTaken) -> None:
    """First-asked responsibility: the owner, and every hand-over, is on the record (S0 §4)."""
    ticket = _ticket(work, command.number)
    if not command.first_answer:
        phases.check_owners(work, ticket, command.person, ticket.assistants)
    state = TICKET.next(ticket.state, TicketEvent.TAKE) or ticket.state
    work.put(ticket.model_copy(update={"state": state, "owner": command.person, "updated_at": work.now}))
    if ticket.owner != command.person:
        work.history(ticket.number, "owner_changed", author=command.person, before=ticket.owner,
                     after=command.person)


def close(work: Work, command: TicketClosed) -> None:
    """Raises NotAllowed for the ticket of an open emergency: its crews close it, or a stand-down."""
    ticket = _ticket(work, command.number)
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("a ticket is closed by a named person, with a reason")
    incident = work.get(Incident, ticket.incident) if ticket.incident else None
    if incident is not None and incident.open:
        raise NotAllowed(f"{ticket.number} belongs to the open incident {incident.key}")
    if command.outcome == "done":
        _complete(work, ticket)
    else:
        clocks.drop(work, ticket.number, ClockEvent.DROP, f"{command.outcome}: {command.reason}",
                    author=command.person)
    close_ticket(work, work.need(Ticket, ticket.number), TicketEvent.CLOSE, command.person, command.reason)


def _complete(work: Work, ticket: Ticket) -> None:
    """What the business wants to know before its end stands on the ticket. Raises NotAllowed."""
    kind = phases.kind_of(work, ticket)
    if kind is None:
        return
    final = next(stand.state for stand in kind.states if stand.final)
    missing = kind.missing(final, ticket.fields)
    if missing:
        raise NotAllowed(f"to be closed as done, {ticket.number} needs {', '.join(missing)}")


def _ticket(work: Work, number: str) -> Ticket:
    ticket = work.get(Ticket, number)
    if ticket is None:
        raise UnknownRecord(number)
    return ticket
