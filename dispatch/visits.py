"""Appointments: kept, told in time when they cannot be, moved with the customer's consent (S0/S1 §14, §22).

Who is late is found out by the clock too, not only when he says so; then the customer is phoned
before he has to ask. A second appointment may not fail: a leader hears of it at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from dispatch import clocks, phases
from dispatch.due_words import window_in_words
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.model import Callback, Ticket
from dispatch.outbound import NoticeEffect
from dispatch.ticket_commands import CustomerAnswered, VisitBooked, VisitReport
from dispatch.ticket_records import Consent, Visit
from dispatch.ticket_states import VISIT, VisitEvent, VisitState
from dispatch.ticket_work import named, ticket_of
from dispatch.visit_calls import call_customer, stop_calling
from dispatch.work import Work

LONGEST_WINDOW = timedelta(hours=24)


def open_visit(work: Work, number: str) -> Visit | None:
    """The appointment that stands."""
    waiting = [visit for visit in work.of_ticket(Visit, number) if visit.ended_at is None]
    return max(waiting, key=lambda visit: visit.ordinal, default=None)


def book(work: Work, command: VisitBooked) -> None:
    """A first one, or another one in the place of the open one, which needs the customer's consent."""
    ticket = ticket_of(work, command.number)
    author = named(command.author, "who agrees it with the customer")
    if not command.begins_at < command.ends_at <= command.begins_at + LONGEST_WINDOW:
        raise NotAllowed("a window ends after its beginning, and at most a day later")
    if command.ends_at <= work.now:
        raise NotAllowed(f"the window is over already ({command.ends_at.isoformat()})")
    before = open_visit(work, ticket.number)
    if before is not None:
        if not command.consent:
            raise NotAllowed(f"{before.key} stands; the customer must agree to another time (--consent)")
        end(work, before, VisitEvent.MOVE, author, command.reason or "moved")
    _book(work, ticket, command, author)


def _book(work: Work, ticket: Ticket, command: VisitBooked, author: str) -> Visit:
    ordinal = len(work.of_ticket(Visit, ticket.number)) + 1
    visit = work.put(Visit(
        visit_id=f"{ticket.number}/V{ordinal}", ticket=ticket.number, ordinal=ordinal, drill=ticket.drill,
        begins_at=command.begins_at, ends_at=command.ends_at, technician=command.technician,
        technician_phone=command.technician_phone, author=author, made_at=work.now,
    ))
    work.put(visit.model_copy(update={"check_at": _check_at(work, visit)}))
    work.history(ticket.number, "visit_booked", author=author, visit=visit.key, technician=command.technician,
                 begins=visit.begins_at.isoformat(), ends=visit.ends_at.isoformat(), reason=command.reason)
    clocks.agree(work, ticket.number, visit.ends_at, author)
    phases.happened(work, ticket.number, "appointed")
    return visit


def report(work: Work, command: VisitReport) -> None:
    """What the technician, or the desk in his place, says of the open appointment."""
    ticket = ticket_of(work, command.number)
    author = named(command.author, "who says so")
    visit = open_visit(work, ticket.number)
    if visit is None:
        raise NotAllowed(f"{ticket.number} has no open appointment")
    if command.news == "en_route":
        depart(work, visit, author)
    elif command.news == "arrived":
        arrive(work, visit, author)
    elif command.news == "cancelled":
        end(work, visit, VisitEvent.CANCEL, author, named(command.reason, "the reason"))
    else:
        minutes = command.minutes if command.news == "late" else None
        run_late(work, visit, minutes, named(command.reason, "the reason"), author,
                 cannot_keep=command.news == "cannot_keep")


def depart(work: Work, visit: Visit, author: str) -> None:
    state = VISIT.next(visit.state, VisitEvent.DEPART)
    if state is None:
        return
    work.put(visit.model_copy(update={"state": state, "en_route_at": work.now, "check_at": visit.ends_at}))
    work.history(visit.ticket, "visit_en_route", author=author, visit=visit.key)
    phases.happened(work, visit.ticket, "technician_en_route")


def arrive(work: Work, visit: Visit, author: str) -> None:
    state = VISIT.next(visit.state, VisitEvent.ARRIVE)
    if state is None:
        return
    late = max(0, round((work.now - visit.ends_at).total_seconds()))
    work.put(visit.model_copy(update={
        "state": state, "arrived_at": work.now, "ended_at": work.now, "check_at": None,
    }))
    stop_calling(work, visit, "the technician has come")
    work.history(visit.ticket, "visit_arrived", author=author, visit=visit.key, late_seconds=late or "",
                 in_time="no" if late else "yes")
    phases.happened(work, visit.ticket, "technician_arrived")


def run_late(work: Work, visit: Visit, minutes: float | None, reason: str, author: str, *,
             cannot_keep: bool = False) -> None:
    """The customer is phoned now; a second appointment is a leader's matter at once."""
    state = VISIT.next(visit.state, VisitEvent.RUN_LATE)
    if state is None:
        return
    rules = work.rules.businesses.appointments
    later = timedelta(minutes=rules.late_minutes if minutes is None else minutes)
    expected = None if cannot_keep else max(work.now, visit.ends_at) + later
    visit = work.put(visit.model_copy(update={
        "state": state, "late_reason": reason, "expected_at": expected,
        "check_at": (expected or max(visit.ends_at, work.now)) + timedelta(minutes=rules.late_minutes),
    }))
    work.history(visit.ticket, "visit_late", author=author, visit=visit.key, reason=reason,
                 expected=expected.isoformat() if expected else "cannot be kept")
    if visit.ordinal > 1:
        tell(work, visit, rules.leader, "visit_second_late")
    call_customer(work, visit)


def look(work: Work, visit_id: str) -> None:
    """By the clock: not on the way in time, not come in time."""
    visit = work.need(Visit, visit_id)
    if visit.state in (VisitState.BOOKED, VisitState.EN_ROUTE):
        why = "not on the way in time" if visit.state == VisitState.BOOKED else "not there in time"
        run_late(work, visit, None, why, "")
        return
    state = VISIT.next(visit.state, VisitEvent.MISS)
    work.put(visit.model_copy(update={"state": state or visit.state, "check_at": None}))
    if state is None:
        return
    rules = work.rules.businesses.appointments
    second = visit.ordinal > 1
    work.history(visit.ticket, "visit_missed", visit=visit.key, ordinal=visit.ordinal,
                 why="nobody came in the agreed time, and no other was agreed")
    tell(work, visit, rules.leader if second else rules.clerk,
         "visit_second_missed" if second else "visit_missed")


def answered(work: Work, command: CustomerAnswered) -> None:
    """The customer's word to a delay; each answer is his consent to something, or calls for a person."""
    visit = work.get(Visit, command.visit)
    callback = work.get(Callback, command.call_id.rpartition("-")[0]) if not command.visit else None
    if visit is None and callback is not None:
        visit = work.get(Visit, callback.call_id)
    if visit is None:
        raise UnknownRecord(f"there is no appointment {command.visit or command.call_id}")
    if visit.ended_at is not None:
        work.history(visit.ticket, "customer_answer_late", visit=visit.key, answer=command.answer)
        return
    if command.answer == "not_reached":
        return
    in_time = visit.begins_at - work.now >= _tell_before(work)
    consent = Consent(at=work.now, answer=command.answer, by=command.by, call_id=command.call_id,
                      author=command.author)
    visit = work.put(visit.model_copy(update={
        "consents": (*visit.consents, consent), "told_at": visit.told_at or work.now,
        "told_in_time": in_time if visit.told_in_time is None else visit.told_in_time,
    }))
    work.history(visit.ticket, "customer_answered", author=command.author, visit=visit.key, by=command.by,
                 answer=command.answer, call_id=command.call_id, told_in_time="yes" if in_time else "no")
    stop_calling(work, visit, "the customer has answered")
    _ANSWERS[command.answer](work, visit, command.author or "customer")


def _wait(work: Work, visit: Visit, author: str) -> None:
    """He agrees to the later time: that is the appointment now."""
    state = VISIT.next(visit.state, VisitEvent.AGREE)
    if state is None or visit.expected_at is None:
        clerk = work.rules.businesses.appointments.clerk
        tell(work, visit, clerk, "visit_agree_time")
        return
    agreed = visit.model_copy(update={"state": state, "ends_at": visit.expected_at, "expected_at": None})
    work.put(agreed.model_copy(update={"check_at": _check_at(work, agreed)}))
    work.history(visit.ticket, "visit_moved", author=author, visit=visit.key, why="the customer agreed",
                 before=visit.ends_at.isoformat(), after=agreed.ends_at.isoformat())


def _new_time(work: Work, visit: Visit, author: str) -> None:
    """The next day at the same time, as he was offered it."""
    ticket = ticket_of(work, visit.ticket)
    begins = next_day(work, visit)
    end(work, visit, VisitEvent.MOVE, author, "the customer took the next day")
    _book(work, ticket, VisitBooked(
        event_id="", at=work.now, number=ticket.number, begins_at=begins,
        ends_at=begins + (visit.ends_at - visit.begins_at), author=author, technician=visit.technician,
        technician_phone=visit.technician_phone, reason=visit.late_reason,
    ), author)


def next_day(work: Work, visit: Visit) -> datetime:
    """The same local time of the next day that is still to come."""
    local = visit.begins_at.astimezone(work.rules.timezone) + timedelta(days=1)
    while local <= work.now:
        local += timedelta(days=1)
    return local


def _other(work: Work, visit: Visit, author: str) -> None:
    """Somebody else shall come; the desk finds him, and the late one is released."""
    work.put(visit.model_copy(update={"technician": "", "technician_phone": ""}))
    work.history(visit.ticket, "other_technician_wanted", author=author, visit=visit.key,
                 instead_of=visit.technician)
    clerk = work.rules.businesses.appointments.clerk
    tell(work, visit, clerk, "visit_other_technician")


def _person(work: Work, visit: Visit, author: str) -> None:
    clerk = work.rules.businesses.appointments.clerk
    tell(work, visit, clerk, "visit_wants_person")


def _cancel(work: Work, visit: Visit, author: str) -> None:
    end(work, visit, VisitEvent.CANCEL, author, "the customer does not want it any more")


_ANSWERS: dict[str, Callable[[Work, Visit, str], None]] = {
    "wait": _wait, "new_time": _new_time, "other_technician": _other, "person": _person, "cancel": _cancel,
}


def end(work: Work, visit: Visit, event: VisitEvent, author: str, reason: str) -> None:
    """It does not take place as it was agreed; whether that was said in time stands on it."""
    state = VISIT.next(visit.state, event)
    if state is None:
        raise NotAllowed(f"{visit.key} is {visit.state}: {VISIT.ignored[visit.state, event]}")
    in_time = visit.begins_at - work.now >= _tell_before(work)
    told = in_time if visit.told_in_time is None else visit.told_in_time
    work.put(visit.model_copy(update={
        "state": state, "ended_at": work.now, "end_reason": reason, "check_at": None, "told_in_time": told,
        "told_at": visit.told_at or work.now,
    }))
    stop_calling(work, visit, reason)
    work.history(visit.ticket, f"visit_{state}", author=author, visit=visit.key, reason=reason,
                 told_in_time="yes" if told else "no")


def tell(work: Work, visit: Visit, to: str, topic: str) -> None:
    """Somebody of ours must do something about an appointment."""
    window = window_in_words(visit.begins_at, visit.ends_at, work.now, work.rules.timezone)
    template: str = getattr(work.rules.businesses.texts, topic)
    text = template.format(ticket=visit.ticket, window=window)
    work.emit(NoticeEffect(to=to, topic=topic, ticket=visit.ticket, text=text, urgent=True))
    work.history(visit.ticket, "told", to=to, topic=topic, visit=visit.key)


def picked_up(work: Work, callback: Callback) -> None:
    """The customer picked up and chose nothing: a person goes on."""
    visit = work.get(Visit, callback.call_id)
    if visit is not None and visit.ended_at is None and visit.state == VisitState.LATE and not visit.consents:
        tell(work, visit, work.rules.businesses.appointments.clerk, "visit_no_answer")


def follow(work: Work, ticket: Ticket, happened: str) -> None:
    """A step of the ticket holds for its appointment: no customer hears of a delay when the work is done."""
    visit = open_visit(work, ticket.number)
    if visit is None:
        return
    if happened == "technician_en_route":
        depart(work, visit, "")
    elif happened == "technician_arrived" or (happened == "work_reported" and work.now >= visit.begins_at):
        arrive(work, visit, "")
    elif happened == "work_reported":
        end(work, visit, VisitEvent.CANCEL, "", "the work was done before")


def over(work: Work, ticket: Ticket) -> None:
    """The ticket is closed: nobody comes any more."""
    visit = open_visit(work, ticket.number)
    if visit is not None:
        end(work, visit, VisitEvent.CANCEL, "", "the ticket is closed")


def _check_at(work: Work, visit: Visit) -> datetime:
    early = timedelta(minutes=work.rules.businesses.appointments.en_route_before_minutes)
    return max(visit.ends_at - early, work.now)


def _tell_before(work: Work) -> timedelta:
    return timedelta(minutes=work.rules.businesses.appointments.tell_before_minutes)


HANDLERS: dict[type, Callable[..., None]] = {
    VisitBooked: book, VisitReport: report, CustomerAnswered: answered,
}
