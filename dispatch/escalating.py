"""A matter that is reported again while it is open, or taken outside, is escalated (S1 annex 3 §8, §12)."""

from __future__ import annotations

from dispatch import phases
from dispatch.business import Escalation, Kind
from dispatch.model import Ticket
from dispatch.outbound import NoticeEffect
from dispatch.ticket_records import Relation
from dispatch.work import Work


def opened(work: Work, number: str) -> None:
    """Who must know of it at once hears of it; one that comes again is tied to the first and escalated."""
    ticket = work.need(Ticket, number)
    kind = phases.kind_of(work, ticket)
    if kind is None:
        return
    for to in kind.tell_when_opened:
        _tell(work, ticket, kind, to, "ticket_opened", "opened")
    if kind.escalation is None or not ticket.phone:
        return
    earlier = [
        one for one in work.open_tickets_of(ticket.phone)
        if one.number != number and phases.kind_of(work, one) == kind and one.drill == ticket.drill
    ]
    if earlier:
        _escalate(work, earlier[0], ticket, kind, kind.escalation)


def _escalate(work: Work, first: Ticket, again: Ticket, kind: Kind, rule: Escalation) -> None:
    outside = [
        name for name, values in rule.outside.items()
        if again.fields.get(name, "") in values and first.fields.get(name, "") not in values
    ]
    why = "taken outside the company" if outside else "reported again while it is open"
    for one, other in ((first, again), (again, first)):
        one = phases.fill(work, work.need(Ticket, one.number), kind, rule.again, "")
        relation = Relation(to=other.number, relation="follow_up", at=work.now)
        work.put(one.model_copy(update={
            "relations": (*one.relations, relation), "updated_at": work.now,
            "related": tuple(dict.fromkeys((*one.related, other.number))),
        }))
        work.history(one.number, "escalated", why=why, other=other.number)
    for to in rule.tell:
        _tell(work, work.need(Ticket, first.number), kind, to, "ticket_escalated", "escalated")


def _tell(work: Work, ticket: Ticket, kind: Kind, to: str, topic: str, text: str) -> None:
    template: str = getattr(work.rules.businesses.texts, text)
    said = template.format(
        ticket=ticket.number, business=kind.title, address=ticket.address or "地址待补充", stage="", due="",
        left="", late="", owner=ticket.owner or "未定",
    )
    work.emit(NoticeEffect(to=to, topic=topic, ticket=ticket.number, text=said))
    work.history(ticket.number, "told", to=to, topic=topic)
