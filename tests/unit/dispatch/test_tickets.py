"""Ordinary tickets: numbers, owners, the queue, what may be told about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.api import NotAllowed, Ticket, TicketClosed, TicketRequest, TicketTaken, UnknownRecord
from tests.support.dispatch import Desk


def request(desk: Desk, business: str, call_id: str = "c", **fields: str) -> Ticket:
    desk.dispatch.tell(
        TicketRequest(
            event_id=desk.name(call_id), at=desk.now, call_id=call_id, business=business, fields=fields,
            caller="13900001111", owner="王芳",
        )
    )
    return desk.dispatch.tickets_of_call(call_id)[-1]


def close(desk: Desk, number: str, person: str = "王芳", reason: str = "已修好") -> None:
    desk.dispatch.tell(
        TicketClosed(event_id=desk.name(), at=desk.now, number=number, person=person, reason=reason)
    )


def test_numbers_run_by_the_local_day(desk: Desk) -> None:
    assert request(desk, "repair").number == "GS-20261123-0001"
    assert request(desk, "repair").number == "GS-20261123-0002"
    desk.now += timedelta(hours=12)
    assert request(desk, "repair").number == "GS-20261124-0001", "midnight in China, not in UTC"


def test_what_was_told_is_on_the_ticket(desk: Desk) -> None:
    desk.learn("name", "李明")
    ticket = request(desk, "repair", description="打不着火", room="1203", callback_number="13700007777")
    assert ticket.fields == {"name": "李明"}
    assert (ticket.description, ticket.address_fields) == ("打不着火", {"room": "1203"})
    assert (ticket.phone, ticket.caller, ticket.owner) == ("13700007777", "13900001111", "王芳")


def test_a_later_fact_reaches_every_open_ticket_of_the_call(desk: Desk) -> None:
    request(desk, "repair")
    request(desk, "complaint")
    desk.learn("address", "南街2号")
    first, second = desk.dispatch.tickets_of_call("c")
    assert (first.address, second.address) == ("南街2号", "南街2号")
    assert second.related == (first.number,) and first.related == (second.number,)


def test_the_queue_is_by_urgency_then_age(desk: Desk) -> None:
    for call, business in (("a", "complaint"), ("b", "repair"), ("c", "no_gas"), ("d", "repair")):
        request(desk, business, call)
        desk.now += timedelta(seconds=1)
    assert [t.call_ids[0] for t in desk.dispatch.queue()] == ["c", "b", "d", "a"]


def test_owner_and_hand_over_are_on_record(desk: Desk) -> None:
    number = request(desk, "repair").number
    desk.dispatch.tell(TicketTaken(event_id=desk.name(), at=desk.now, number=number, person="张伟"))
    assert desk.dispatch.ticket(number).owner == "张伟"  # type: ignore[union-attr]  # it is there
    rows = [row for row in desk.store.history([number]) if row.what == "owner_changed"]
    assert rows[0].detail == {"before": "王芳", "after": "张伟"}


def test_closing_needs_a_person_a_reason_and_a_ticket(desk: Desk) -> None:
    number = request(desk, "repair").number
    with pytest.raises(NotAllowed):
        close(desk, number, person="")
    with pytest.raises(UnknownRecord):
        close(desk, "GS-1")
    close(desk, number)
    assert desk.dispatch.ticket(number).state == "closed"  # type: ignore[union-attr]  # it is there
    assert desk.dispatch.open_tickets_of("13900001111") == []


def test_the_ticket_of_an_open_emergency_cannot_be_closed(desk: Desk) -> None:
    incident = desk.located()
    with pytest.raises(NotAllowed):
        close(desk, incident.tickets[0])


def test_a_caller_hears_the_truth_about_the_ticket(desk: Desk) -> None:
    incident = desk.located(caller="13900001111")
    number = incident.tickets[0]
    assert desk.dispatch.open_tickets_of("+8613900001111")[0].number == number
    waiting = desk.dispatch.progress(number)
    assert waiting is not None and "还没有人接单" in waiting.text
    desk.accept("A")
    taken = desk.dispatch.progress(number)
    assert taken is not None and "12点15分" in taken.text and taken.emergency
    desk.crew("A", "on_scene")
    there = desk.dispatch.progress(number)
    assert there is not None and "到达现场" in there.text
    assert desk.dispatch.progress("GS-404") is None
    ordinary = desk.dispatch.progress(request(desk, "repair", "z").number)
    assert ordinary is not None and (ordinary.text, ordinary.emergency) == ("", False)


def test_crews_with_what_they_do(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    views = {view.key: (view.state, bool(view.incident)) for view in desk.dispatch.crews()}
    assert views == {
        "A": ("acknowledged", True), "B": ("available", False), "C": ("available", False),
        "D": ("available", False),
    }
    assert desk.dispatch.crew_of_phone("sip:a1@10.0.0.1").key == "A"  # type: ignore[union-attr]  # it is there
    assert desk.dispatch.crew_of_phone("") is None
    assert desk.dispatch.pin_is_right("A", "2580")
    assert not desk.dispatch.pin_is_right("A", "0000")
    health = desk.dispatch.health()
    assert (health.open_incidents, health.untaken_incidents, health.store_available) == (1, 0, True)


def test_a_pin_cannot_be_guessed(desk: Desk) -> None:
    for _ in range(5):
        assert not desk.dispatch.pin_is_right("A", "1111")
    assert not desk.dispatch.pin_is_right("A", "2580"), "shut"
    assert desk.dispatch.pin_is_right("B", "2580"), "only that crew's door"
    desk.now += timedelta(minutes=11)
    assert desk.dispatch.pin_is_right("A", "2580")
