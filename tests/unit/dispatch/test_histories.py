"""Random histories: whatever comes in whatever order, somebody has every emergency or is being rung."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatch.api import (
    AnyCommand,
    CrewReport,
    EmergencyReport,
    FactReport,
    Incident,
    MemoryStore,
    PageEvent,
    PageReport,
    StandDown,
)
from dispatch.board import Board
from dispatch.commands import CrewStatus, TicketRequest
from dispatch.crew_commands import JobGiven
from dispatch.errors import NotAllowed
from dispatch.model import COVERING, RINGING, Assignment, Page
from dispatch.outbound import OutboxItem, PageEffect
from dispatch.states import AssignmentState
from dispatch.timers import timers
from dispatch.units import CrewUnit, Job
from tests.support.dispatch import NEAR_WEST, Desk, Notes

CALLS = ("c1", "c2", "c3")
CREWS = ("A", "B", "C", "D", "Z")
EVENTS = (PageEvent.STARTED, PageEvent.ANSWER, PageEvent.ACCEPT, PageEvent.DECLINE, PageEvent.FAIL)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = MemoryStore()
        self.told: list[AnyCommand] = []

    @initialize(broken=st.booleans())
    def begin(self, broken: bool) -> None:
        self.desk = Desk(Path(self.folder.name), self.store)
        self.desk.notes.desk = None if broken else self.desk

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.stop()
        self.folder.cleanup()

    def tell(self, command: AnyCommand) -> None:
        self.told.append(command)
        self.desk.dispatch.tell(command)

    @property
    def state(self) -> Any:
        return self.desk.dispatch.engine.state

    @rule(call=st.sampled_from(CALLS), drill=st.booleans())
    def declare(self, call: str, drill: bool) -> None:
        self.tell(
            EmergencyReport(event_id=self.desk.name(call), at=self.desk.now, call_id=call, hazard="leak",
                            place="indoor", drill=drill)
        )

    @rule(call=st.sampled_from(CALLS), latitude=st.floats(-90, 90), confirmed=st.booleans())
    def locate(self, call: str, latitude: float, confirmed: bool) -> None:
        self.tell(
            FactReport(event_id=self.desk.name(call), at=self.desk.now, call_id=call, field="address",
                       value=f"{latitude:.1f}", confirmed=confirmed, latitude=latitude,
                       longitude=NEAR_WEST[1])
        )

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Page))
    @rule(data=st.data(), event=st.sampled_from(EVENTS))
    def phone(self, data: st.DataObject, event: PageEvent) -> None:
        pages = sorted(page.key for page in self.state.all(Page))
        page = data.draw(st.sampled_from(pages[-6:]))
        self.tell(
            PageReport(event_id=self.desk.name(page), at=self.desk.now, page_id=page, event=event, why="r")
        )

    @rule(data=st.data(), crew=st.sampled_from(CREWS),
          status=st.sampled_from(get_args(CrewStatus)), latitude=st.none() | st.floats(32.3, 32.5))
    def report(self, data: st.DataObject, crew: str, status: Any, latitude: float | None) -> None:
        names = ["", *sorted(incident.key for incident in self.state.all(Incident))]
        self.tell(
            CrewReport(event_id=self.desk.name(crew), at=self.desk.now, crew=crew, status=status,
                       incident=data.draw(st.sampled_from(names)), note="r", latitude=latitude,
                       longitude=None if latitude is None else NEAR_WEST[1])
        )

    @rule(call=st.sampled_from(("r1", "r2", "r3")), crew=st.sampled_from(CREWS[:4]))
    def ordinary_work(self, call: str, crew: str) -> None:
        if not self.desk.dispatch.tickets_of_call(call):
            self.tell(TicketRequest(event_id=self.desk.name(call), at=self.desk.now, call_id=call,
                                    business="repair", caller="13911112222"))
        try:
            self.tell(JobGiven(event_id=self.desk.name(crew), at=self.desk.now, crew=crew, person="调度"))
        except NotAllowed:
            self.told.pop()

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Incident))
    @rule(data=st.data())
    def stand_down(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(incident.key for incident in self.state.all(Incident))))
        self.tell(
            StandDown(event_id=self.desk.name(), at=self.desk.now, incident=name, person="王", reason="误报")
        )

    @rule(seconds=st.sampled_from([1, 15, 61, 200, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.desk.wait(seconds, step=max(1, seconds / 20))

    @rule(hours=st.integers(-48, 48))
    def clock_jumps(self, hours: int) -> None:
        self.desk.now += timedelta(hours=hours)
        self.desk.dispatch.run()

    @rule(available=st.booleans())
    def database(self, available: bool) -> None:
        self.store.available = available

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def the_same_again(self, data: st.DataObject) -> None:
        before = dict.fromkeys((r.kind, r.key, repr(r)) for r in self.state.records())
        assert not self.desk.dispatch.tell(data.draw(st.sampled_from(self.told)))
        assert dict.fromkeys((r.kind, r.key, repr(r)) for r in self.state.records()) == before

    @rule()
    def crash(self) -> None:
        before = {(r.kind, r.key): r for r in self.state.records()}
        notes = Notes()
        again = self.desk.crash_and_start(self.store, notes=notes)
        again.notes.desk = None if self.desk.notes.desk is None else again
        self.desk = again
        after = {(r.kind, r.key): r for r in self.state.records()}
        assert {key: after.get(key) for key in before} == before, "memory is rebuilt as it was"

    @invariant()
    def nobody_is_left_alone(self) -> None:
        if not hasattr(self, "desk"):
            return
        for incident in self.state.open_incidents():
            pages = self.desk.dispatch.pages(incident.key)
            mine = self.desk.dispatch.assignments(incident.key)
            rings = any(page.state in RINGING and page.target_kind != "fire" for page in pages)
            taken = any(a.state in COVERING and not a.overdue for a in mine)
            assert rings or taken or incident.next_page_at is not None, incident

    @invariant()
    def the_agenda_forgets_no_timer(self) -> None:
        if not hasattr(self, "desk"):
            return
        engine, now = self.desk.dispatch.engine, self.desk.now
        late = now + timedelta(days=30)
        waiting = timers(self.state, engine.rules)
        every = sorted((timer.at, timer.record.key, timer.field) for timer in waiting)
        found = engine.agenda.due(engine.rules, late)
        assert sorted((timer.at, timer.record.key, timer.field) for timer in found) == every
        earliest = min((min(t.at, t.latest(now)) for t in timers(self.state, engine.rules)), default=None)
        assert engine.agenda.next_due(engine.rules, now) == earliest

    @invariant()
    def nobody_is_released_before_another_has_it(self) -> None:
        if not hasattr(self, "desk"):
            return
        for assignment in self.state.all(Assignment):
            if assignment.state == AssignmentState.RELEASED:
                incident = self.state.get(Incident, assignment.incident)
                assert incident is None or not incident.open or incident.accepted_at is not None

    @invariant()
    def a_crew_is_what_its_work_says(self) -> None:
        if not hasattr(self, "desk"):
            return
        board = Board(self.desk.dispatch.rules, self.state, self.desk.now)
        for crew in self.desk.dispatch.rules.stations.crews:
            unit = self.state.get(CrewUnit, crew.key)
            told = unit.state if unit is not None else "available"
            wanted = board.state(crew)
            # By the clock it is home, or its next shift has begun, before that is put down.
            assert told == wanted or told in ("returning", "off_duty"), (crew.key, told, wanted)

    @invariant()
    def ordinary_work_gives_way(self) -> None:
        if not hasattr(self, "desk"):
            return
        with_emergency = {a.crew for a in self.state.live(Assignment) if a.state in COVERING and not a.drill
                          and self.state.get(Incident, a.incident).open}
        jobs = [job for job in self.state.all(Job) if job.ended_at is None]
        assert not {job.crew for job in jobs} & with_emergency
        assert len({job.ticket for job in jobs}) == len(jobs), "a ticket is given to one crew at a time"

    @invariant()
    def no_page_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "desk"):
            return
        rung: dict[tuple[str, int, str, int], Page] = {}
        waiting = {i.effect.page_id for i in self.state.all(OutboxItem) if isinstance(i.effect, PageEffect)}
        ringing: set[tuple[str, str]] = set()
        for page in self.state.all(Page):
            key = (page.incident, page.round, page.phone, page.level)
            # Again in one step only when the first is over and was not taken: the crew has become free since.
            first = rung.get(key)
            assert first is None or (first.ended_at is not None and first.state != "accepted"), (
                "twice in one step of a round"
            )
            rung[key] = page
            if page.state == "ordered":
                assert page.key in waiting, "ordered and neither sent nor waiting to be sent"
            if page.state in RINGING:
                assert (page.incident, page.phone) not in ringing, "the same phone twice at once"
                ringing.add((page.incident, page.phone))


Histories.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestHistories = Histories.TestCase
