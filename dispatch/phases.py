"""How far a ticket is in its own kind of business: steps by hand, and steps that happen by themselves."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch import clocks
from dispatch.assignments import close_ticket
from dispatch.business import Kind, Step
from dispatch.errors import NotAllowed
from dispatch.model import Ticket
from dispatch.states import TicketEvent
from dispatch.work import Work


def kind_of(work: Work, ticket: Ticket) -> Kind | None:
    return work.rules.businesses.kind_of(ticket.business)


def phase_of(kind: Kind, ticket: Ticket) -> str:
    """Where it is; a ticket of before there were kinds stands at the beginning."""
    return ticket.phase if kind.stand(ticket.phase) is not None else kind.first


def advance(work: Work, ticket: Ticket, name: str, author: str, fields: Mapping[str, str], note: str) -> None:
    """Take a step. Raises NotAllowed with what may be done instead."""
    kind = kind_of(work, ticket)
    if kind is None:
        raise NotAllowed(f"{ticket.number}: {ticket.business} has no steps; take, note or close it")
    if not author.strip():
        raise NotAllowed("a step is taken by somebody; say who")
    phase = phase_of(kind, ticket)
    possible = ", ".join(f"{step.step} ({step.title})" for step in kind.open_steps(phase)) or "none"
    step = kind.step(name)
    if step is None or phase not in step.origin:
        raise NotAllowed(f"{ticket.number} is {phase}; from there: {possible}")
    ticket = fill(work, ticket, kind, fields, author)
    missing = kind.missing(step.to, ticket.fields)
    if missing:
        raise NotAllowed(f"{name} needs {', '.join(missing)}; give them as --field NAME=VALUE")
    check_impartial(work, ticket, author)
    take_step(work, ticket, kind, step, author, note)


def fill(work: Work, ticket: Ticket, kind: Kind | None, fields: Mapping[str, str], author: str) -> Ticket:
    """The ticket with these fields of its business. Raises NotAllowed for a value that cannot be."""
    for name, value in fields.items():
        rule = kind.fields.get(name) if kind is not None else None
        if rule is None:
            known = ", ".join(kind.fields) if kind is not None else ""
            raise NotAllowed(f"{ticket.business} has no field {name}; it has {known or 'none'}")
        fault = rule.fault(value)
        if fault:
            raise NotAllowed(f"{name} ({rule.title}): {fault} (given: {value[:40]!r})")
        before = ticket.fields.get(name, "")
        if before != value:
            work.history(ticket.number, "field_filled", author=author, field=name, before=before, after=value)
            ticket = ticket.model_copy(update={"fields": ticket.fields | {name: value}})
            for also, implied in rule.implies.get(value, {}).items():
                work.history(ticket.number, "field_filled", author=author, field=also, after=implied,
                             before=ticket.fields.get(also, ""), why=rule.choices[value])
                ticket = ticket.model_copy(update={"fields": ticket.fields | {also: implied}})
    if fields:
        work.put(ticket)
    return ticket


def take_step(work: Work, ticket: Ticket, kind: Kind, step: Step, author: str, note: str) -> None:
    """It is taken: the clocks of its stages end and begin; the last one closes the ticket."""
    work.put(ticket.model_copy(update={"phase": step.to, "updated_at": work.now}))
    work.history(ticket.number, "step_taken", author=author, step=step.step, before=phase_of(kind, ticket),
                 after=step.to, note=note)
    number = ticket.number
    clocks.end_stages(work, number, step.ends, author=author, why=step.title)
    clocks.start_stages(work, number, step.starts, step.title)
    clocks.reopen_stages(work, number, step.reopens, author=author, why=note or step.title)
    stand = kind.stand(step.to)
    if stand is not None and stand.final:
        close_ticket(work, work.need(Ticket, number), TicketEvent.CLOSE, author, note or step.title)


def happened(work: Work, number: str, trigger: str) -> None:
    """Something that takes a step by itself, if one waits for it here."""
    ticket = work.get(Ticket, number)
    kind = kind_of(work, ticket) if ticket is not None else None
    if ticket is None or kind is None or ticket.closed_at is not None:
        return
    step = kind.step_when(phase_of(kind, ticket), trigger)
    if step is None:
        return
    missing = kind.missing(step.to, ticket.fields)
    if missing:
        work.history(number, "step_waits", step=step.step, why=f"{', '.join(missing)} not filled in yet")
        return
    take_step(work, ticket, kind, step, "", trigger)


def check_impartial(work: Work, ticket: Ticket, author: str) -> None:
    """Neither whom it is about nor who is tied to him works on it alone (S1 annex 3). Raises NotAllowed."""
    concerned = concerned_in(work, ticket)
    company = {ticket.owner, author, *ticket.assistants} - {""}
    if author in concerned and company <= concerned:
        raise NotAllowed(_partial(ticket, author))


def concerned_in(work: Work, ticket: Ticket) -> frozenset[str]:
    """The person whom the ticket is about and who is tied to him, as declared."""
    kind = kind_of(work, ticket)
    about = ticket.fields.get(kind.impartial, "") if kind is not None and kind.impartial else ""
    return work.rules.businesses.tied(about) if about else frozenset()


def check_owners(work: Work, ticket: Ticket, owner: str, assistants: tuple[str, ...]) -> None:
    """Raises NotAllowed when all who would have it are concerned in it."""
    people = {owner, *assistants} - {""}
    if people and people <= concerned_in(work, ticket):
        raise NotAllowed(_partial(ticket, ", ".join(sorted(people))))


def _partial(ticket: Ticket, who: str) -> str:
    return (f"{who} is concerned in {ticket.number} or tied to the person it is about and may not have it "
            "alone (S1 annex 3); name somebody else, or somebody with him")
