"""The call to a customer whose technician is late: a call-back with words of its own."""

from __future__ import annotations

from dispatch import callbacks
from dispatch.model import Callback, Ticket
from dispatch.states import CALLBACK, CallbackEvent
from dispatch.ticket_records import Visit
from dispatch.work import Work


def call_customer(work: Work, visit: Visit) -> None:
    """Phone him now, and again until he picks up or a person takes it over."""
    ticket = work.need(Ticket, visit.ticket)
    running = 1 + sum(1 for callback in work.all(Callback) if callback.ticket == ticket.number)
    callback = work.put(Callback(
        callback_id=f"C-{ticket.number}-{running}", call_id=visit.key, number=ticket.phone,
        reason=callbacks.VISIT_LATE, ticket=ticket.number, requested_at=work.now, due_at=work.now,
        next_at=work.now, drill=ticket.drill,
    ))
    work.history(ticket.number, "customer_to_be_told", visit=visit.key, reason=visit.late_reason)
    if not ticket.phone:
        callbacks.for_a_person(work, callback, "no_number")
    else:
        callbacks.attempt(work, callback)


def stop_calling(work: Work, visit: Visit, why: str) -> None:
    """Nothing is left to be told."""
    for callback in work.live(Callback):
        state = CALLBACK.next(callback.state, CallbackEvent.REACHED)
        if callback.call_id == visit.key and callback.state in callbacks.OWED and state is not None:
            callbacks.receipt(work, callback)
            work.put(callback.model_copy(update={"state": state, "done_at": work.now, "next_at": None,
                                                 "why": why}))
