"""Dispatch slips and the repair records that they come back as; what is unsolved stays on a list (S3)."""

from __future__ import annotations

import re
from collections.abc import Callable

from dispatch import phases
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.model import Ticket
from dispatch.ticket_commands import PointSettled, SlipIssued, SlipReported
from dispatch.ticket_records import Part, Point, Slip
from dispatch.ticket_work import named, ticket_of
from dispatch.work import Work

FOUND = "现场报告的遗留问题"
NOTHING_SAID = "未说明"
MONEY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def issue(work: Work, command: SlipIssued) -> None:
    """What is to be done and who is responsible."""
    ticket = ticket_of(work, command.number)
    in_charge = named(command.in_charge, "who is responsible")
    phases.check_owners(work, ticket, in_charge, ticket.assistants)
    count = len(work.of_ticket(Slip, ticket.number))
    slip = work.put(Slip(
        slip_id=f"{ticket.number}/W{count + 1}", ticket=ticket.number, drill=ticket.drill,
        content=named(command.content, "what is to be done"), in_charge=in_charge, issued_at=work.now,
        issued_by=named(command.author, "who issues it"),
    ))
    work.history(ticket.number, "slip_issued", author=slip.issued_by, slip=slip.key, in_charge=in_charge,
                 content=slip.content)


def report(work: Work, command: SlipReported) -> None:
    """What was done, with parts, fee, the customer's confirmation, and what is left unsolved."""
    ticket = ticket_of(work, command.number)
    waiting = [slip for slip in work.of_ticket(Slip, ticket.number) if slip.reported_at is None]
    slip = next((one for one in reversed(waiting) if command.slip in ("", one.key)), None)
    if slip is None:
        raise NotAllowed(f"{ticket.number} has no slip {command.slip or 'that is out'}; issue one first")
    fees = [("the fee", command.fee), *((f"the fee of {part[0]}", part[2]) for part in command.parts)]
    for what, fee in fees:
        if fee and not MONEY.fullmatch(fee):
            raise NotAllowed(f"{what}: yuan, as 35 or 35.50, not {fee[:20]!r}")
    parts = tuple(Part(name=named(name, "a part's name"), quantity=quantity or "1", fee=fee)
                  for name, quantity, fee in command.parts)
    slip = work.put(slip.model_copy(update={
        "reported_at": work.now, "reported_by": named(command.author, "who reports"),
        "done": named(command.done, "what was done"), "parts": parts, "fee": command.fee,
        "confirmed_by": command.confirmed_by,
        "points": tuple(Point(text=text.strip()) for text in command.points if text.strip()),
    }))
    work.history(ticket.number, "slip_reported", author=slip.reported_by, slip=slip.key, done=slip.done,
                 parts="; ".join(f"{p.name} ×{p.quantity} {p.fee}".strip() for p in parts), fee=slip.fee,
                 confirmed_by=slip.confirmed_by, unsolved="; ".join(point.text for point in slip.points))
    if not slip.points:
        phases.happened(work, ticket.number, "work_reported")


def crew_found(work: Work, ticket: Ticket, crew: str, text: str, author: str) -> None:
    """What a crew reports as left open stands on the same list until somebody solves it."""
    key = f"{ticket.number}/{crew}"
    found = work.get(Slip, key) or Slip(
        slip_id=key, ticket=ticket.number, drill=ticket.drill, content=FOUND, in_charge=crew,
        issued_at=work.now, issued_by=author, done=FOUND,
    )
    point = Point(text=text.strip() or NOTHING_SAID)
    work.put(found.model_copy(update={
        "reported_at": work.now, "reported_by": author, "points": (*found.points, point),
    }))


def settle_point(work: Work, command: PointSettled) -> None:
    """Something that was left unsolved is solved."""
    slip = work.get(Slip, command.slip)
    if slip is None or not 1 <= command.point <= len(slip.points):
        raise UnknownRecord(f"there is no unsolved point {command.point} of {command.slip}")
    point = slip.points[command.point - 1]
    if point.settled_at is not None:
        raise NotAllowed(f"it was solved by {point.settled_by}: {point.how}")
    author, how = named(command.author, "who solved it"), named(command.how, "how it was solved")
    solved = point.model_copy(update={"settled_at": work.now, "settled_by": author, "how": how})
    points = tuple(solved if one is point else one for one in slip.points)
    slip = work.put(slip.model_copy(update={"points": points}))
    work.history(slip.ticket, "point_settled", author=author, slip=slip.key, point=point.text, how=how)
    if not slip.open_points:
        phases.happened(work, slip.ticket, "work_reported")


HANDLERS: dict[type, Callable[..., None]] = {
    SlipIssued: issue, SlipReported: report, PointSettled: settle_point,
}
