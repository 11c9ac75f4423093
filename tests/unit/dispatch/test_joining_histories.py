"""Random histories of joins and splits: no report is lost, no address closed unseen, nobody left alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatch.api import DispatchError, MemoryStore
from dispatch.commands import (
    AddressCleared,
    CrewReport,
    EmergencyReport,
    FactReport,
    JoinIncidents,
    PageReport,
    SplitReport,
    StandDown,
)
from dispatch.joined import Clearance, Join
from dispatch.model import COVERING, RINGING, Incident, Page, Ticket
from dispatch.states import IncidentState, PageEvent
from tests.support.dispatch import NEAR_WEST, Desk, Notes
from tests.support.incidents import protocol_rules

CALLS = tuple(f"c{n}" for n in range(6))
CREWS = ("A", "B", "C", "D")
PLACES = (
    ({"community": "滨江花园", "building": "3", "room": "101"}, NEAR_WEST),
    ({"community": "滨江花园", "building": "3", "room": "202"}, NEAR_WEST),
    ({"community": "滨江花园", "building": "5"}, NEAR_WEST),
    ({"community": "滨江花园"}, None),
    ({"street": "利州东路", "number": "10"}, (NEAR_WEST[0] + 0.0002, NEAR_WEST[1])),
    ({"community": "北苑", "building": "9"}, (NEAR_WEST[0] + 0.02, NEAR_WEST[1])),
    ({}, None),
)


class Joins(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = MemoryStore()
        self.refused = 0

    @initialize(places=st.lists(st.sampled_from(PLACES), min_size=3, max_size=4))
    def begin(self, places: list[Any]) -> None:
        self.desk = Desk(Path(self.folder.name), self.store, rules=protocol_rules())
        for call, place in zip(CALLS, places, strict=False):
            self.report(call=call, drill=False, place=place)

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.stop()
        self.folder.cleanup()

    @property
    def state(self) -> Any:
        return self.desk.dispatch.engine.state

    def tell(self, kind: Any, **fields: Any) -> None:
        """A refusal changes nothing; anything else that is raised is a fault."""
        before = {(r.kind, r.key): r for r in self.state.records()}
        command = kind(event_id=self.desk.name(), at=self.desk.now, **fields)
        try:
            self.desk.dispatch.tell(command)
        except DispatchError:
            self.refused += 1
            assert {(r.kind, r.key): r for r in self.state.records()} == before

    @rule(call=st.sampled_from(CALLS), drill=st.sampled_from([False, False, False, True]),
          hazard=st.sampled_from(["smell", "leak", "fire_explosion"]))
    def declare(self, call: str, drill: bool, hazard: str) -> None:
        self.tell(EmergencyReport, call_id=call, hazard=hazard, place="indoor", drill=drill)

    @rule(call=st.sampled_from(CALLS), drill=st.sampled_from([False, False, True]),
          place=st.sampled_from(PLACES[:5]))
    def report(self, call: str, drill: bool, place: Any) -> None:
        """A whole report, as most of them come."""
        self.tell(EmergencyReport, call_id=call, hazard="smell", place="indoor", drill=drill)
        parts, at = place
        self.tell(FactReport, call_id=call, field="address", value="".join(parts.values()) or "那边",
                  confirmed=True, parts=parts, latitude=at[0] if at else None,
                  longitude=at[1] if at else None)

    @rule(call=st.sampled_from(CALLS), place=st.sampled_from(PLACES), confirmed=st.booleans())
    def locate(self, call: str, place: Any, confirmed: bool) -> None:
        parts, at = place
        self.tell(FactReport, call_id=call, field="address", value="".join(parts.values()) or "那边",
                  confirmed=confirmed, parts=parts, latitude=at[0] if at else None,
                  longitude=at[1] if at else None)

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Page))
    @rule(data=st.data(), event=st.sampled_from([PageEvent.ACCEPT, PageEvent.DECLINE, PageEvent.FAIL]))
    def phone(self, data: st.DataObject, event: PageEvent) -> None:
        page = data.draw(st.sampled_from(sorted(page.key for page in self.state.all(Page))))
        self.tell(PageReport, page_id=page, event=event, why="r")

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Incident))
    @rule(data=st.data(), crew=st.sampled_from(CREWS),
          status=st.sampled_from(["acknowledged", "en_route", "on_scene", "made_safe", "cleared"]))
    def crew(self, data: st.DataObject, crew: str, status: Any) -> None:
        self.tell(CrewReport, crew=crew, status=status, incident=self._incident(data))

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Incident))
    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        self.tell(JoinIncidents, incident=self._incident(data), into=self._incident(data), person="王",
                  reason="同一处")

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(sorted(t.key for t in self.state.all(Ticket))))
        before = self.state.get(Ticket, ticket)
        alone = len(self.state.get(Incident, before.incident).tickets) < 2
        refused = self.refused
        self.tell(SplitReport, ticket=ticket, person="王", reason="不是一处")
        if self.refused == refused:
            own = self.state.get(Incident, self.state.get(Ticket, ticket).incident)
            assert not alone and own.tickets == (ticket,) and own.open

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Ticket))
    @rule(data=st.data(), by=st.sampled_from((*CREWS, "王", "")),
          recheck=st.sampled_from(["no_gas", "gas_found", "not_done"]), note=st.sampled_from(["", "锁门"]))
    def clear(self, data: st.DataObject, by: str, recheck: Any, note: str) -> None:
        ticket = data.draw(st.sampled_from(sorted(t.key for t in self.state.all(Ticket))))
        self.tell(AddressCleared, ticket=ticket, by=by, recheck=recheck, note=note)

    @precondition(lambda self: hasattr(self, "desk") and self.state.all(Incident))
    @rule(data=st.data())
    def stand_down(self, data: st.DataObject) -> None:
        self.tell(StandDown, incident=self._incident(data), person="王", reason="误报")

    @rule(seconds=st.sampled_from([1, 61, 200, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.desk.wait(seconds, step=max(1, seconds / 20))

    @rule()
    def crash(self) -> None:
        before = {(r.kind, r.key): r for r in self.state.records()}
        again = self.desk.crash_and_start(self.store, notes=Notes(), rules=protocol_rules())
        self.desk = again
        after = {(r.kind, r.key): r for r in self.state.records()}
        assert {key: after.get(key) for key in before} == before

    def _incident(self, data: st.DataObject) -> str:
        found: str = data.draw(st.sampled_from(sorted(i.key for i in self.state.all(Incident))))
        return found

    @invariant()
    def every_report_belongs_to_exactly_one_incident(self) -> None:
        if not hasattr(self, "desk"):
            return
        holders: dict[str, list[str]] = {}
        for incident in self.state.all(Incident):
            if incident.state != IncidentState.JOINED:
                for number in incident.tickets:
                    holders.setdefault(number, []).append(incident.key)
        for ticket in self.state.all(Ticket):
            assert holders.get(ticket.number) == [ticket.incident], ticket.number
            if self.state.get(Incident, ticket.incident).open:
                assert ticket.closed_at is None

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
    def a_joined_incident_is_over_and_leads_to_another(self) -> None:
        if not hasattr(self, "desk"):
            return
        for incident in self.state.all(Incident):
            if incident.joined_into:
                into = self.state.get(Incident, incident.joined_into)
                assert not incident.open and into is not None and into.drill == incident.drill
                assert not [p for p in self.desk.dispatch.pages(incident.key) if p.state in RINGING]
                assert not [a for a in self.desk.dispatch.assignments(incident.key) if a.state in COVERING]

    @invariant()
    def no_address_is_closed_unseen(self) -> None:
        if not hasattr(self, "desk"):
            return
        for incident in self.state.all(Incident):
            over = incident.state in (IncidentState.CLOSED, IncidentState.STOOD_DOWN)
            if over and len(incident.tickets) > 1:
                for number in incident.tickets:
                    found = self.state.get(Clearance, f"C-{number}")
                    assert found is not None and found.state != "waiting", number

    @invariant()
    def drills_and_the_real_thing_stay_apart(self) -> None:
        if not hasattr(self, "desk"):
            return
        for incident in self.state.all(Incident):
            for number in incident.tickets:
                assert self.state.get(Ticket, number).drill == incident.drill
        for join in self.state.all(Join):
            assert join.reasons or join.reason or join.end_reason, "every join says why"


Joins.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestJoins = Joins.TestCase
