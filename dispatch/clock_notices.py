"""Who hears that the time of a stage is running out, or has: as the service standard says."""

from __future__ import annotations

from dispatch import clocks
from dispatch.due_words import span_in_words, written
from dispatch.model import Ticket
from dispatch.outbound import NoticeEffect
from dispatch.ticket_records import Clock
from dispatch.units import Job
from dispatch.work import Work

WARNING, OVERDUE = "ticket_warning", "ticket_overdue"
WITHOUT_OWNER = "service_centre"
"""Who hears in the place of an owner, a crew leader, where nobody has it yet."""
EMERGENCY_WITHOUT_OWNER = "duty_centre"


def due(work: Work, clock_id: str) -> None:
    """The moment of a warning has come, or the promise is broken."""
    clock = work.need(Clock, clock_id)
    ticket = work.get(Ticket, clock.ticket)
    if ticket is None or clock.due_at is None:
        work.put(clock.model_copy(update={"next_at": None}))
    elif work.now >= clock.due_at:
        _overdue(work, ticket, clock)
    else:
        _warn(work, ticket, clock)


def _warn(work: Work, ticket: Ticket, clock: Clock) -> None:
    """Once for all that have come since the last; the owner is not told three times after a stop."""
    come = [p for p, at in clocks.warning_moments(work, clock) if at <= work.now and p not in clock.warned]
    clock = clock.model_copy(update={"warned": (*clock.warned, *come)})
    work.put(clock.model_copy(update={"next_at": clocks.next_moment(work, clock)}))
    if not come:
        return
    to = _person(work, ticket, "owner")
    work.emit(NoticeEffect(to=to, topic=WARNING, ticket=ticket.number,
                           text=_text(work, "warning", ticket, clock)))
    work.history(ticket.number, "due_warning", stage=clock.stage, percent=max(come), to=to,
                 due=clock.due_at.isoformat() if clock.due_at else "")


def _overdue(work: Work, ticket: Ticket, clock: Clock) -> None:
    standard = work.rules.standard
    roles = [*standard.clock_of(clock.business).overdue_to] if standard is not None else []
    kind = work.rules.businesses.kind_of(ticket.business)
    people = [_person(work, ticket, role) for role in (*roles, *(kind.overdue_to if kind else ()))]
    told = tuple(dict.fromkeys(people)) or (WITHOUT_OWNER,)
    text = _text(work, "overdue", ticket, clock)
    for to in told:
        work.emit(NoticeEffect(to=to, topic=OVERDUE, ticket=ticket.number, text=text))
    warned = tuple(percent for percent, _ in clocks.warning_moments(work, clock))
    work.put(clock.model_copy(update={"overdue_told": told, "warned": warned, "next_at": None}))
    missed = len(set(warned) - set(clock.warned))
    work.history(ticket.number, "overdue", stage=clock.stage, to=", ".join(told), clause=clock.clause,
                 due=clock.due_at.isoformat() if clock.due_at else "",
                 why=f"{missed} warnings fell into the time of a stop" if missed else "")


def _person(work: Work, ticket: Ticket, role: str) -> str:
    """Whom a role means for this ticket: a person's or crew's name, or the contact of that name."""
    nobody = EMERGENCY_WITHOUT_OWNER if ticket.incident else WITHOUT_OWNER
    if role == "owner":
        return ticket.owner or nobody
    if role == "crew_leader":
        jobs = [job for job in work.of_ticket(Job, ticket.number) if job.open]
        return jobs[-1].crew if jobs else nobody
    return role


def _text(work: Work, name: str, ticket: Ticket, clock: Clock) -> str:
    kind = work.rules.businesses.kind_of(ticket.business)
    texts = work.rules.businesses.texts
    due_at = clock.due_at
    assert due_at is not None, "only what is due is told"
    template: str = getattr(texts, name)
    said = template.format(
        ticket=ticket.number, business=kind.title if kind else ticket.business, address=ticket.address,
        stage=kind.stage_title(clock.stage) if kind else clock.stage, owner=ticket.owner or "未定",
        due=written(due_at, work.rules.timezone), left=span_in_words(due_at - work.now),
        late=span_in_words(work.now - due_at),
    )
    return said + (texts.provisional if clock.provisional else "")
