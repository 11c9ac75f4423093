"""Random lives of tickets: no due time moves without a reason, nothing is lost, the history stays whole."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatch.api import AnyCommand, DispatchError, MemoryStore, Ticket, TicketClosed, TicketTaken, verify
from dispatch.ticket_commands import (
    Advanced,
    ClockPaused,
    ClockResumed,
    CustomerAnswered,
    HandOver,
    LeakSuspected,
    NoteAdded,
    TicketEdited,
    VisitBooked,
    VisitReport,
)
from dispatch.ticket_records import Clock, Visit
from dispatch.ticket_states import ClockState
from tests.support.dispatch import NEAR_WEST
from tests.support.ticket_desk import SHIPPED, TicketDesk

BUSINESSES = (
    "repair", "outdoor_repair", "complaint", "new_install", "transfer_ownership", "visit", "callback",
)
ANSWERS = ("wait", "new_time", "other_technician", "person", "cancel")
PEOPLE = ("王芳", "张伟", "李四")
STEPS = sorted({step.step for kind in SHIPPED.kinds.values() for step in kind.steps})
FIELDS = {
    "cause": "电池", "contract": "W-1", "validity_criterion": "supply", "grade_criterion": "press",
    "result": "已处理", "signed_by": "主任",
    "satisfaction": "fair", "new_owner": "赵六", "papers": "yes", "answer": "已答复",
    "connection": "connection_small_indoor",
}
MOVES = ("due_moved", "stage_done")


class TicketHistories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = MemoryStore()
        self.told: list[AnyCommand] = []
        self.dues: dict[str, datetime | None] = {}
        self.owners: dict[str, str] = {}
        self.refused = 0

    @initialize(standard=st.sampled_from(["guangyuan-2021", "guangyuan-2022", "aode", "kunlun"]))
    def begin(self, standard: str) -> None:
        self.desk = TicketDesk(Path(self.folder.name), self.store, standard=standard)

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.dispatch.run()
            assert verify(self.store, {}).findings == ()
            self.desk.stop()
        self.folder.cleanup()

    @property
    def state(self) -> Any:
        return self.desk.dispatch.engine.state

    def tell(self, kind: type, **fields: Any) -> None:
        command = kind(event_id=self.desk.name("p"), at=self.desk.now, **fields)
        before = {(r.kind, r.key): r for r in self.state.records()}
        try:
            self.desk.dispatch.tell(command)
        except DispatchError:
            assert {(r.kind, r.key): r for r in self.state.records()} == before, "refused: nothing changed"
            self.refused += 1
        else:
            self.told.append(command)

    def one(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(ticket.number for ticket in self.state.all(Ticket))[-3:]))

    @rule(business=st.sampled_from(BUSINESSES), call=st.sampled_from(["c1", "c2", "c3", "c4"]))
    def open(self, business: str, call: str) -> None:
        self.desk.open(business, call)

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), person=st.sampled_from(PEOPLE), to=st.sampled_from(PEOPLE))
    def hand_over(self, data: st.DataObject, person: str, to: str) -> None:
        self.tell(TicketTaken, number=self.one(data), person=person)
        self.tell(HandOver, number=self.one(data), to=to, author=person, reason="换班")

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), reason=st.sampled_from(["customers_wish", "customers_wish", "roads_not_clear"]))
    def pause(self, data: st.DataObject, reason: str) -> None:
        self.tell(ClockPaused, number=self.one(data), reason=reason, author="王芳")

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        self.tell(ClockResumed, number=self.one(data), author="王芳")

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), hours=st.integers(0, 30))
    def stand_still(self, data: st.DataObject, hours: int) -> None:
        number = self.one(data)
        self.tell(ClockPaused, number=number, reason="customers_wish", author="王芳")
        self.desk.now += timedelta(hours=hours)
        self.desk.dispatch.run()
        self.tell(ClockResumed, number=number, author="王芳")

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), filled=st.booleans())
    def advance(self, data: st.DataObject, filled: bool) -> None:
        number = self.one(data)
        ticket = self.state.get(Ticket, number)
        kind = SHIPPED.kind_of(ticket.business)
        likely = [step.step for step in kind.open_steps(ticket.phase)] if kind else []
        step = data.draw(st.sampled_from([*likely, *likely, data.draw(st.sampled_from(STEPS))]))
        known = {name: value for name, value in FIELDS.items() if kind and name in kind.fields}
        self.tell(Advanced, number=number, step=step, author="王芳", fields=known if filled else {})

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), change=st.sampled_from([
        {"business": "outdoor_repair"}, {"connection": "connection_road_over_200m"}, {"address": "南街2号"},
        {"priority": "1"}, {"about": "李四"}, {"description": "不通气", "priority": "x"},
    ]))
    def edit(self, data: st.DataObject, change: dict[str, str]) -> None:
        self.tell(TicketEdited, number=self.one(data), changes=change, author="王芳", reason="更正")
        self.tell(NoteAdded, number=self.one(data), author="王芳", text="注")

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), how=st.sampled_from(["done", "withdrawn", "leak", "leak"]))
    def end(self, data: st.DataObject, how: Any) -> None:
        if how == "leak":
            self.tell(LeakSuspected, number=self.one(data), author="王芳")
        else:
            self.tell(TicketClosed, number=self.one(data), person="王芳", reason="完", outcome=how)

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), news=st.sampled_from(["en_route", "arrived", "late", "cannot_keep"]),
          hours=st.integers(-1, 5))
    def visit(self, data: st.DataObject, news: Any, hours: int) -> None:
        number, begins = self.one(data), self.desk.now + timedelta(hours=hours)
        self.tell(VisitBooked, number=number, begins_at=begins, ends_at=begins + timedelta(hours=2),
                  author="王芳", consent=True)
        self.tell(VisitReport, number=number, news=news, author="王强", reason="堵车")

    @precondition(lambda self: hasattr(self, "desk") and self.state.live(Visit))
    @rule(data=st.data(), answer=st.sampled_from(ANSWERS))
    def customer(self, data: st.DataObject, answer: Any) -> None:
        visits = sorted(visit.key for visit in self.state.live(Visit))
        self.tell(CustomerAnswered, visit=data.draw(st.sampled_from(visits)), answer=answer)

    @rule(call=st.sampled_from(["c1", "c2"]))
    def emergency(self, call: str) -> None:
        self.desk.emergency(call)

    @rule(call=st.sampled_from(["c1", "c2"]), longitude=st.sampled_from([105.7, 105.84, 105.5]))
    def place(self, call: str, longitude: float) -> None:
        self.desk.learn("address", f"{longitude}", at=(NEAR_WEST[0], longitude), call_id=call)

    @rule(hours=st.sampled_from([0.1, 3, 20, 60]))
    def time_passes(self, hours: float) -> None:
        self.desk.now += timedelta(hours=hours)
        self.desk.dispatch.run()
        self.desk.dispatch.run()

    @rule(hours=st.integers(-20, -1))
    def the_clock_jumps_back(self, hours: int) -> None:
        self.desk.now += timedelta(hours=hours)
        self.desk.dispatch.run()

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def the_same_again(self, data: st.DataObject) -> None:
        before = {(r.kind, r.key): r for r in self.state.records()}
        assert not self.desk.dispatch.tell(data.draw(st.sampled_from(self.told)))
        assert {(r.kind, r.key): r for r in self.state.records()} == before

    @rule()
    def crash(self) -> None:
        self.desk.dispatch.run()
        before = {(r.kind, r.key): r for r in self.state.records()}
        self.desk.crash()
        after = {(r.kind, r.key): r for r in self.state.records()}
        assert {key: after.get(key) for key in before} == before, "memory is rebuilt as it was"

    @invariant()
    def no_due_time_moves_without_a_reason(self) -> None:
        if not hasattr(self, "desk"):
            return
        self.desk.dispatch.run()
        for clock in self.state.all(Clock):
            was, self.dues[clock.key] = self.dues.get(clock.key), clock.due_at
            if was is None or was == clock.due_at:
                continue
            rows = [row for row in self.store.history([clock.ticket]) if row.what in MOVES]
            mine = [row for row in rows if row.detail["stage"] == clock.stage and row.detail.get("why")]
            assert clock.due_at is not None
            assert any(clock.due_at.isoformat() in row.detail.values() for row in mine), (was, clock)

    @invariant()
    def every_owner_is_on_record(self) -> None:
        if not hasattr(self, "desk"):
            return
        for ticket in self.state.all(Ticket):
            was = self.owners.get(ticket.number, "")
            self.owners[ticket.number] = ticket.owner
            if ticket.owner != was:
                rows = [row for row in self.store.history([ticket.number])
                        if row.what in ("owner_changed", "ticket_opened")]
                assert any(ticket.owner in (row.detail.get("after"), row.author) for row in rows)

    @invariant()
    def clocks_are_as_they_must_be(self) -> None:
        if not hasattr(self, "desk"):
            return
        for ticket in self.state.all(Ticket):
            clocks = [self.state.get(Clock, key) for key in self.state.of_ticket(Clock, ticket.number)]
            names = [(clock.business, clock.stage) for clock in clocks if clock.open]
            assert len(names) == len(set(names)), "one for each stage"
            assert ticket.closed_at is None or not names, "nothing runs for a closed ticket"
            for clock in clocks:
                if clock.state == ClockState.RUNNING:
                    assert clock.due_at is not None or clock.urgency, "a promise has a time or says why not"
                    told = clock.due_at is None or clock.overdue_told or clock.next_at is not None
                    assert told, "somebody will hear of it"
                assert clock.open == (clock.state not in ("met", "dropped", "turned"))


TicketHistories.TestCase.settings = settings(
    max_examples=50, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestTicketHistories = TicketHistories.TestCase
