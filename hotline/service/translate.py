"""A call's records in the words of dispatch: pure, one record in, some commands out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import TypeAdapter, ValidationError

from dispatch.api import (
    AddressCleared,
    AnyCommand,
    CallbackRequest,
    CallbackResult,
    CallCameThrough,
    CallOver,
    CallStarted,
    CrewReport,
    CustomerAnswer,
    CustomerAnswered,
    EmergencyReport,
    FactReport,
    PageEvent,
    PageReport,
    Ticket,
    TicketRequest,
    TicketTaken,
)
from hotline.events import (
    CallAnswered,
    CallArrived,
    CallbackRequested,
    CallEnded,
    CrewReported,
    EmergencyDeclared,
    FactLearned,
    LegAnswered,
    LegEnded,
    PageAccepted,
    PageAnswered,
    PageDeclined,
    PageFailed,
    Record,
    TicketRequested,
)
from hotline.service.book import CallNote
from hotline.service.customers import Customer

VISIT_ANSWER = "visit_answer"
"""Fact of a call to a customer about a delay: what he chose."""
AGENT_HUNG_UP = "agent_hung_up"
"""Fact on a ticket: an agent ended the call before its caller did (S0/S1 §15(5))."""


def translate(
    record: Record, note: CallNote, customer: Callable[[str], Customer | None]
) -> Sequence[AnyCommand]:
    """What dispatch must be told. `note` is the call as it was before the record."""
    if isinstance(record, CallArrived):
        if record.direction == "outbound" and record.purpose != "callback":
            return ()
        return (
            CallStarted(
                event_id=record.event_id,
                at=record.at,
                call_id=record.call_id,
                caller=record.caller,
                drill=record.drill,
            ),
        )
    if isinstance(record, CallAnswered):
        if note.purpose != "inbound":
            return ()
        return (CallCameThrough(event_id=record.event_id, at=record.at, call_id=record.call_id),)
    if isinstance(record, EmergencyDeclared):
        return (_emergency(record, note, customer(note.caller)),)
    if isinstance(record, FactLearned) and record.field == VISIT_ANSWER:
        return _visit_answer(record)
    if isinstance(record, FactLearned):
        return (
            FactReport(
                event_id=record.event_id,
                at=record.at,
                call_id=record.call_id,
                field=record.field,
                value=record.value,
                confirmed=record.confirmed,
                latitude=record.latitude,
                longitude=record.longitude,
                parts=dict(record.parts),
            ),
        )
    if isinstance(record, TicketRequested):
        return (
            TicketRequest(
                event_id=record.event_id,
                at=record.at,
                call_id=record.call_id,
                business=record.business,
                label=record.label or "",
                caller=note.caller,
                fields=dict(record.fields),
                drill=note.drill,
                customer_flag=known.flag if (known := customer(note.caller)) is not None else "",
            ),
        )
    if isinstance(record, CallbackRequested):
        return (
            CallbackRequest(
                event_id=record.event_id,
                at=record.at,
                call_id=record.call_id,
                number=record.number or note.caller,
                reason=record.reason,
                within_seconds=record.within_seconds,
                drill=note.drill,
            ),
        )
    if isinstance(record, LegEnded):
        return _leg(record, note)
    if isinstance(record, CrewReported) and record.status == "address_checked":
        return (_address_checked(record),)
    if isinstance(record, CrewReported):
        assert record.status != "address_checked", "said before"
        return (
            CrewReport(
                event_id=record.event_id,
                at=record.at,
                crew=record.crew,
                status=record.status,
                incident=record.incident,
                note=record.note,
            ),
        )
    if isinstance(record, CallEnded):
        return _over(record, note)
    return _page(record) if note.purpose == "page" else ()


def _address_checked(record: CrewReported) -> AddressCleared:
    """Each address of a joined incident is cleared by itself (safety rule 7)."""
    gas = record.note == "gas_found"
    return AddressCleared(
        event_id=record.event_id, at=record.at, ticket=record.incident, by=record.crew,
        recheck="gas_found" if gas else "no_gas",
    )


def own_ticket(record: LegAnswered, note: CallNote, tickets: Sequence[Ticket]) -> Sequence[TicketTaken]:
    """The agent who takes a caller owns his tickets from the first answer on (首问责任制, S0/S1 §4)."""
    person = note.agents.get(record.leg_id, "")
    return [
        TicketTaken(
            event_id=f"{record.event_id}/{ticket.number}", at=record.at, number=ticket.number, person=person,
            first_answer=True,
        )
        for ticket in tickets
        if person and not ticket.owner
    ]


def _emergency(record: EmergencyDeclared, note: CallNote, customer: Customer | None) -> EmergencyReport:
    return EmergencyReport(
        event_id=record.event_id,
        at=record.at,
        call_id=record.call_id,
        hazard=record.hazard,
        place=record.place,
        by=record.by,
        caller=note.caller,
        words=record.words,
        drill=note.drill,
        file_address=customer.address if customer else "",
        file_latitude=customer.latitude if customer else None,
        file_longitude=customer.longitude if customer else None,
        customer_flag=customer.flag if customer else "",
    )


def _visit_answer(record: FactLearned) -> Sequence[AnyCommand]:
    """What a customer chose when we told him that the technician is late; other words are no choice."""
    try:
        answer = TypeAdapter(CustomerAnswer).validate_python(record.value)
    except ValidationError:
        return ()
    return (
        CustomerAnswered(
            event_id=record.event_id, at=record.at, visit="", call_id=record.call_id, answer=answer, by="key"
        ),
    )


def _page(record: Record) -> Sequence[AnyCommand]:
    if isinstance(record, PageAnswered):
        event, why = PageEvent.ANSWER, ""
    elif isinstance(record, PageAccepted):
        event, why = PageEvent.ACCEPT, ""
    elif isinstance(record, PageDeclined):
        event, why = PageEvent.DECLINE, record.reason
    elif isinstance(record, PageFailed):
        event, why = PageEvent.FAIL, record.why
    else:
        return ()
    return (
        PageReport(event_id=record.event_id, at=record.at, page_id=record.page_id, event=event, why=why),
    )


def _leg(record: LegEnded, note: CallNote) -> Sequence[AnyCommand]:
    """An agent who hangs up on a caller is put on record."""
    if record.cause != "remote" or record.leg_id not in note.talking or note.caller_gone:
        return ()
    return (
        FactReport(
            event_id=record.event_id,
            at=record.at,
            call_id=record.call_id,
            field=AGENT_HUNG_UP,
            value=note.agents[record.leg_id],
            confirmed=True,
        ),
    )


def _over(record: CallEnded, note: CallNote) -> Sequence[AnyCommand]:
    over = CallOver(event_id=record.event_id, at=record.at, call_id=record.call_id)
    if note.purpose != "callback":
        return (over,)
    callback_id, _, _attempt = record.call_id.rpartition("-")
    result = CallbackResult(
        event_id=f"{record.event_id}/result",
        at=record.at,
        callback_id=callback_id,
        reached=note.answered_at is not None,
        why=f"{record.by} {record.sip_status}",
    )
    return over, result
