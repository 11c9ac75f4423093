"""Work on a ticket: hand-overs, notes, files, relations, pauses, edits; each on record with its author."""

from __future__ import annotations

from collections.abc import Callable

from dispatch import clocks, incidents, phases
from dispatch.commands import EmergencyReport, FactReport
from dispatch.deadlines import EMERGENCY, check_pause
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.model import Incident, Ticket
from dispatch.outbound import NoticeEffect
from dispatch.states import TICKET, TicketEvent
from dispatch.ticket_commands import (
    Advanced,
    AttachmentAdded,
    CalendarChanged,
    ClockPaused,
    ClockResumed,
    HandOver,
    LeakSuspected,
    NoteAdded,
    TicketEdited,
    TicketRelated,
)
from dispatch.ticket_records import Attachment, Clock, Relation, Standing
from dispatch.ticket_states import CLOCK, ClockEvent, ClockState
from dispatch.work import Work

LONGEST_NOTE = 4000
PLAIN = ("callback_number", "description", "address_detail", "customer_flag", "label")
"""What may be edited on any ticket and changes nothing else."""
FACTS = ("address", "hazard", "place")
"""What crews must hear of when the ticket is an emergency's."""
PARTNERS = ("110", "119", "120", "12345")


def ticket_of(work: Work, number: str, *, still_open: bool = True) -> Ticket:
    """Raises UnknownRecord, NotAllowed for one that is closed."""
    ticket = work.get(Ticket, number)
    if ticket is None:
        raise UnknownRecord(f"there is no ticket {number} that is open or was closed of late")
    if still_open and ticket.closed_at is not None:
        raise NotAllowed(f"{number} is {ticket.state}: {ticket.close_reason}; open a new one and relate it")
    return ticket


def named(text: str, what: str) -> str:
    """Raises NotAllowed when nobody or nothing is named."""
    if not text.strip():
        raise NotAllowed(f"{what} must be given")
    return text.strip()


def hand_over(work: Work, command: HandOver) -> None:
    """From one person to another, with the reason; the ticket is never without an owner."""
    ticket = ticket_of(work, command.number)
    to, author = named(command.to, "to whom it goes"), named(command.author, "who hands it over")
    reason = named(command.reason, "the reason")
    if command.was and command.was != ticket.owner:
        raise NotAllowed(f"{ticket.number} is {ticket.owner or 'nobody'}'s, not {command.was}'s")
    assistants = ticket.assistants if command.assistants is None else command.assistants
    phases.check_owners(work, ticket, to, assistants)
    state = TICKET.next(ticket.state, TicketEvent.TAKE) or ticket.state
    work.put(ticket.model_copy(update={
        "state": state, "owner": to, "assistants": assistants, "updated_at": work.now,
    }))
    work.history(ticket.number, "owner_changed", author=author, before=ticket.owner, after=to, reason=reason,
                 together_with=", ".join(assistants))


def note(work: Work, command: NoteAdded) -> None:
    """A note stands in the history and nowhere else: it cannot be taken back."""
    ticket = ticket_of(work, command.number, still_open=False)
    text = named(command.text, "the note")
    if len(text) > LONGEST_NOTE:
        raise NotAllowed(f"a note has at most {LONGEST_NOTE} characters; attach a file")
    work.put(ticket.model_copy(update={"updated_at": work.now}))
    work.history(ticket.number, "note", author=named(command.author, "who writes it"), text=text)


def attach(work: Work, command: AttachmentAdded) -> None:
    """A file, named by what is in it; the same one twice is once."""
    tickets = (
        [ticket_of(work, command.number, still_open=False)] if command.number
        else work.tickets_of_call(command.call_id)
    )
    for ticket in tickets:
        known = work.of_ticket(Attachment, ticket.number)
        if any((one.sha256, one.what) == (command.sha256, command.what) for one in known):
            continue
        made = work.put(Attachment(
            attachment_id=f"{ticket.number}/F{len(known) + 1}", ticket=ticket.number, what=command.what,
            reference=command.reference, sha256=command.sha256, media_type=command.media_type,
            size_bytes=command.size_bytes, caption=command.caption, call_id=command.call_id,
            author=command.author, added_at=work.now,
        ))
        work.history(ticket.number, "attached", author=command.author, call_id=command.call_id,
                     attachment=made.key, file=made.reference, sha256=made.sha256, type=made.what)


def relate(work: Work, command: TicketRelated) -> None:
    """Both ways, with what they are to each other."""
    ticket = ticket_of(work, command.number, still_open=False)
    author, other = named(command.author, "who says so"), named(command.other, "the other number")
    if command.relation == "partner":
        if command.partner not in PARTNERS:
            raise NotAllowed(f"a partner is one of {', '.join(PARTNERS)}")
    elif other == ticket.number:
        raise NotAllowed("a ticket is not related to itself")
    else:
        _relate(work, ticket_of(work, other, still_open=False), ticket.number, command, author)
    _relate(work, work.need(Ticket, ticket.number), other, command, author)


def _relate(work: Work, ticket: Ticket, to: str, command: TicketRelated, author: str) -> None:
    if any((one.to, one.relation) == (to, command.relation) for one in ticket.relations):
        return
    relation = Relation(to=to, relation=command.relation, partner=command.partner, author=author, at=work.now)
    related = ticket.related if command.relation == "partner" else tuple(dict.fromkeys((*ticket.related, to)))
    work.put(ticket.model_copy(update={
        "relations": (*ticket.relations, relation), "related": related, "updated_at": work.now,
    }))
    work.history(ticket.number, "related", author=author, to=to, relation=command.relation,
                 partner=command.partner)


def pause(work: Work, command: ClockPaused) -> None:
    """Raises NotAllowed for a reason not listed, without an author, or when nothing runs."""
    ticket = ticket_of(work, command.number)
    standard = work.rules.standard
    running = [c for c in _meant(work, ticket, command.stage) if c.state == ClockState.RUNNING]
    if not running or standard is None:
        raise NotAllowed(f"no clock of {ticket.number} runs{_of(command.stage)}")
    for clock in running:
        check_pause(standard, clock.business, command.reason, command.author)
        if clock.due_at is not None and work.now >= clock.due_at:
            raise NotAllowed(f"{clock.stage} is overdue already; a pause changes nothing any more")
    for clock in running:
        state = CLOCK.next(clock.state, ClockEvent.PAUSE) or clock.state
        standing = Standing(reason=command.reason, author=command.author, begun=work.now)
        work.put(clock.model_copy(update={
            "state": state, "standings": (*clock.standings, standing), "next_at": None,
        }))
        work.history(ticket.number, "clock_paused", author=command.author, stage=clock.stage,
                     reason=command.reason, note=command.note,
                     due=clock.due_at.isoformat() if clock.due_at else "")


def resume(work: Work, command: ClockResumed) -> None:
    """The due time moves by as long as it stood still. Raises NotAllowed when nothing stands still."""
    ticket = ticket_of(work, command.number)
    author = named(command.author, "who lets it run again")
    standing = [c for c in _meant(work, ticket, command.stage) if c.state == ClockState.PAUSED]
    if not standing:
        raise NotAllowed(f"no clock of {ticket.number} stands still{_of(command.stage)}")
    for clock in standing:
        state = CLOCK.next(clock.state, ClockEvent.RESUME) or clock.state
        last = clock.standings[-1]
        stood = (*clock.standings[:-1], last.model_copy(update={"ended": work.now}))
        fresh = clock.model_copy(update={"state": state, "standings": stood})
        work.history(ticket.number, "clock_resumed", author=author, stage=clock.stage, note=command.note,
                     stood_minutes=round((work.now - last.begun).total_seconds() / 60, 1))
        fresh = fresh.model_copy(update={"due_at": clocks.due_with_pauses(fresh, work.now)})
        clocks.move(work, clock, fresh, f"stood still: {last.reason}", author)


def _meant(work: Work, ticket: Ticket, stage: str) -> list[Clock]:
    return [clock for clock in clocks.running(work, ticket.number) if stage in ("", clock.stage)]


def _of(stage: str) -> str:
    return f" for {stage}" if stage else ""


def advance(work: Work, command: Advanced) -> None:
    ticket = ticket_of(work, command.number)
    phases.advance(work, ticket, command.step, command.author, command.fields, command.note)


def edit(work: Work, command: TicketEdited) -> None:
    """Values before and after, author and reason. Raises NotAllowed for what may not be edited so."""
    ticket = ticket_of(work, command.number)
    author, reason = named(command.author, "who edits it"), named(command.reason, "the reason")
    if not command.changes:
        raise NotAllowed("nothing to change was given")
    for field, value in command.changes.items():
        _edit(work, ticket.number, field, value.strip(), author, reason, command)


def _edit(work: Work, number: str, field: str, value: str, author: str, reason: str,
          command: TicketEdited) -> None:
    ticket = work.need(Ticket, number)
    kind = phases.kind_of(work, ticket)
    before: str = str(getattr(ticket, field, ticket.fields.get(field, "")))
    if field in PLAIN:
        work.put(ticket.model_copy(update={field: value, "updated_at": work.now}))
    elif field in FACTS:
        _edit_fact(work, ticket, field, value, command)
    elif field == "priority":
        _edit_priority(work, ticket, value)
    elif field == "business":
        _edit_business(work, ticket, value, reason, author)
    elif kind is not None and field in kind.fields:
        phases.fill(work, ticket, kind, {field: value}, author)
        if field == kind.chosen_by:
            _promise_anew(work, number, f"{field} is {value}", author)
    else:
        own = ", ".join(kind.fields) if kind is not None else ""
        raise NotAllowed(f"{field} cannot be edited; {', '.join((*PLAIN, *FACTS, 'priority', 'business'))}"
                         f"{', ' + own if own else ''} can")
    if before != value:
        work.history(number, "edited", author=author, field=field, before=before, after=value, reason=reason)


def _edit_fact(work: Work, ticket: Ticket, field: str, value: str, command: TicketEdited) -> None:
    """What the crews of an emergency must hear of goes the way of what a caller says."""
    if ticket.incident and ticket.call_ids:
        incidents.learn(work, FactReport(
            event_id=command.event_id, at=command.at, call_id=ticket.call_ids[0], field=field, value=value,
            confirmed=True,
        ))
        return
    update: dict[str, object] = {field: value, "updated_at": work.now}
    if field == "address":
        update |= {"address_confirmed": True, "latitude": None, "longitude": None}
    work.put(ticket.model_copy(update=update))


def _edit_priority(work: Work, ticket: Ticket, value: str) -> None:
    if not (value.isdecimal() and 0 <= int(value) <= 9):
        raise NotAllowed(f"priority: 0 (most urgent) to 9, not {value!r}")
    if ticket.incident and value != "0":
        raise NotAllowed("an emergency goes before everything; only its stand-down ends that")
    work.put(ticket.model_copy(update={"priority": int(value), "updated_at": work.now}))


def _edit_business(work: Work, ticket: Ticket, value: str, reason: str, author: str) -> None:
    if value == EMERGENCY or ticket.business == EMERGENCY:
        raise NotAllowed("an emergency begins with `tickets leak` and ends with its stand-down")
    kind = work.rules.businesses.kind_of(value)
    if kind is None:
        known = ", ".join(work.rules.businesses.kinds)
        raise NotAllowed(f"there is no kind of business {value}; there are {known}")
    work.put(ticket.model_copy(update={"business": value, "phase": kind.first, "updated_at": work.now}))
    _promise_anew(work, ticket.number, f"another kind of business: {reason}", author)


def _promise_anew(work: Work, number: str, why: str, author: str) -> None:
    """Another promise holds, counted from the same report."""
    ticket = work.need(Ticket, number)
    done = {c.stage for c in clocks.clocks_of(work, number) if c.state == ClockState.MET}
    key = clocks.key_of(work, ticket)
    if any(c.open and c.business == key for c in clocks.clocks_of(work, number)):
        return
    clocks.drop(work, number, ClockEvent.DROP, why, author=author)
    clocks.open_clocks(work, ticket)
    clocks.end_stages(work, number, done, author=author, why="was done already")


def suspect_leak(work: Work, command: LeakSuspected) -> None:
    """An emergency of its own, with all that is known; the ticket's clocks become the emergency's."""
    ticket = ticket_of(work, command.number)
    author = named(command.author, "who suspects it")
    if ticket.incident:
        raise NotAllowed(f"{ticket.number} is an emergency already: {ticket.incident}")
    call_id = f"leak-{ticket.number}"
    for field, value in (("callback_number", ticket.phone), ("address_detail", ticket.address_detail),
                         ("description", ticket.description)):
        if value:
            incidents.learn(work, FactReport(event_id=command.event_id, at=command.at, call_id=call_id,
                                             field=field, value=value, confirmed=True))
    if ticket.address:
        incidents.learn(work, FactReport(
            event_id=command.event_id, at=command.at, call_id=call_id, field="address", value=ticket.address,
            confirmed=ticket.address_confirmed, latitude=ticket.latitude, longitude=ticket.longitude,
        ))
    incidents.report_emergency(work, EmergencyReport(
        event_id=command.event_id, at=command.at, call_id=call_id, hazard=command.hazard,
        place=command.place, by="agent", caller=ticket.caller, words=command.words, drill=ticket.drill,
        owner=ticket.owner or author,
    ))
    emergency = next(one for one in work.tickets_of_call(call_id) if one.incident)
    clocks.turn(work, ticket, emergency)
    for one, other in ((ticket, emergency.number), (emergency, ticket.number)):
        one = work.need(Ticket, one.number)
        relation = Relation(to=other, relation="leak", author=author, at=work.now)
        work.put(one.model_copy(update={
            "relations": (*one.relations, relation), "priority": 0, "updated_at": work.now,
            "related": tuple(dict.fromkeys((*one.related, other))),
        }))
    work.history(ticket.number, "leak_suspected", author=author, emergency=emergency.number,
                 words=command.words, priority_before=ticket.priority)
    _tell_owner(work, ticket, emergency)


def _tell_owner(work: Work, ticket: Ticket, emergency: Ticket) -> None:
    kind = phases.kind_of(work, ticket)
    text = work.rules.businesses.texts.leak.format(
        ticket=ticket.number, business=kind.title if kind else ticket.business, stage="", due="", left="",
        late="", address=ticket.address, owner=ticket.owner or "未定",
    )
    incident = work.get(Incident, emergency.incident)
    work.emit(NoticeEffect(to=ticket.owner or "duty_centre", topic="leak_suspected", ticket=ticket.number,
                           incident=incident.key if incident else "", text=text, urgent=True))


def calendar_changed(work: Work, command: CalendarChanged) -> None:
    """What was counted by weekends is counted by the calendar that is there now."""
    for clock in work.live(Clock):
        if clock.provisional:
            clocks.reckon_again(work, clock, "the calendar of that year is known now")


HANDLERS: dict[type, Callable[..., None]] = {
    HandOver: hand_over, NoteAdded: note, AttachmentAdded: attach, TicketRelated: relate, ClockPaused: pause,
    ClockResumed: resume, Advanced: advance, TicketEdited: edit, LeakSuspected: suspect_leak,
    CalendarChanged: calendar_changed,
}
