"""One contract, three stores: the fake in memory, SQLite, and a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from dispatch.api import CallQuery, MemoryStore, SqlStore, Store, TicketQuery, UnitRefused
from dispatch.crew_states import JobState, UnitState
from dispatch.model import (
    Assignment,
    Callback,
    CallNotes,
    Counter,
    Fact,
    HistoryRow,
    Incident,
    Page,
    Put,
    Ticket,
    Unit,
)
from dispatch.outbound import OutboxItem, PageEffect
from dispatch.units import CrewUnit, DutyChange, Job
from tests.support.dispatch import NOON
from tests.support.postgres import Postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SqlStore(f"sqlite:///{tmp_path / 'dispatch.db'}")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        made = SqlStore(server.create_database(f"t{abs(hash(request.node.name)) % 10**9}"))
    made.upgrade()
    yield made
    made.close()


def ticket(number: str = "GS-20261123-0001", **fields: Any) -> Ticket:
    return Ticket.model_validate(
        {"number": number, "business": "repair", "priority": 3, "opened_at": NOON, "updated_at": NOON}
        | fields
    )


def incident(name: str = "I-1", **fields: Any) -> Incident:
    return Incident.model_validate(
        {
            "incident_id": name, "hazard": "smell", "place": "indoor", "reported_at": NOON,
            "band_minutes": 15, "target_at": NOON + timedelta(minutes=15), "tickets": ("GS-20261123-0001",),
        } | fields
    )


def unit(name: str, *puts: Put, history: tuple[HistoryRow, ...] = ()) -> Unit:
    return Unit(unit_id=name, at=NOON, puts=puts, history=history)


def everything() -> tuple[Put, ...]:
    effect = PageEffect(page_id="I-1-P001")
    return (
        Counter(day="20261123", value=1),
        CallNotes(call_id="c", caller="139", started_at=NOON,
                  facts=(Fact(field="name", value="李", confirmed=True, latitude=1.5),)),
        incident(targets_paged=("0:A@1",), news=("hazard",), latitude=32.4, longitude=105.8),
        ticket(call_ids=("c",), address_fields={"room": "1203"}, fields={"称呼": "李"}, related=("GS-1",)),
        Assignment(assignment_id="I-1-A", incident="I-1", crew="A", assigned_at=NOON),
        Page(page_id="I-1-P001", incident="I-1", target_kind="crew", target="A", person="王", phone="119",
             level=1, round=1, ordered_at=NOON, expires_at=NOON),
        Callback(callback_id="C-1", call_id="c", number="139", reason="asked", ticket="GS-20261123-0001",
                 requested_at=NOON, due_at=NOON, next_at=NOON),
        OutboxItem(effect_id="x.1", effect=effect, created_at=NOON),
    )


def test_everything_comes_back_as_it_was(store: Store) -> None:
    store.save_units([unit("u1", *everything())])
    records, seen = store.load_open(NOON - timedelta(hours=1))
    assert {(r.kind, r.key): r for r in records} == {(r.kind, r.key): r for r in everything()}
    assert seen == {"u1": NOON}
    assert [type(r) for r in store.of_incident("I-1")] == [Incident, Assignment, Page]


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    store.save_units([unit("u1", *everything())])
    store.upgrade()
    assert store.ticket("GS-20261123-0001") is not None


def test_a_unit_is_stored_once(store: Store) -> None:
    row = HistoryRow(event_id="u1#1", at=NOON, subject="I-1", what="page_ordered", detail={"page": "P"})
    store.save_units([unit("u1", ticket(words="first"), history=(row,))])
    store.save_units([unit("u1", ticket(words="again"), history=(row,)), unit("u2", ticket("GS-2"))])
    assert store.ticket("GS-20261123-0001").words == "first"  # type: ignore[union-attr]  # it is there
    assert store.history(["I-1"]) == [row]
    assert store.stored_units(["u1", "u2", "u3"]) == {"u1", "u2"}


def test_later_units_win(store: Store) -> None:
    store.save_units([unit("u1", ticket()), unit("u2", ticket(address="南街2号", closed_at=NOON))])
    found = store.ticket("GS-20261123-0001")
    assert found is not None and (found.address, found.closed_at) == ("南街2号", NOON)


def test_what_is_over_is_not_loaded(store: Store) -> None:
    old = NOON - timedelta(days=3)
    over = incident("I-2", state="closed", closed_at=old)
    done = Callback(callback_id="C-2", call_id="c", number="1", reason="asked", ticket="GS-2", state="done",
                    requested_at=old, due_at=old, done_at=old)
    sent = OutboxItem(effect_id="y.1", effect=PageEffect(page_id="p"), created_at=old, receipted_at=old)
    store.save_units([unit("u1", over, ticket("GS-2", closed_at=old), done, sent)])
    records, _ = store.load_open(NOON - timedelta(days=2))
    assert records == []


def test_moments_come_back_in_utc_whatever_zone_they_had(store: Store) -> None:
    there = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    store.save_units([unit("u1", ticket(opened_at=there))])
    found = store.ticket("GS-20261123-0001")
    assert found is not None and found.opened_at == there
    assert found.opened_at.utcoffset() == timedelta(0)


def test_hostile_text_is_stored_without_harm(store: Store) -> None:
    nasty = "'; DROP TABLE tickets; --\x00\ud800𠮷👩‍🚒%_\\"
    store.save_units([unit("u1", ticket(words=nasty, fields={"a\x00b": nasty}))])
    found = store.ticket("GS-20261123-0001")
    assert found is not None and "DROP TABLE" in found.words and "𠮷👩‍🚒" in found.words


def test_tickets_are_found_and_ordered(store: Store) -> None:
    later = NOON + timedelta(minutes=1)
    store.save_units([
        unit("u1", ticket("GS-1", caller="139", priority=5), ticket("GS-2", business="emergency", priority=0),
             ticket("GS-3", callback_number="139", drill=True, opened_at=later),
             ticket("GS-4", closed_at=NOON)),
    ])
    numbers = [found.number for found in store.tickets(TicketQuery())]
    assert numbers == ["GS-2", "GS-3", "GS-1", "GS-4"]
    assert [t.number for t in store.tickets(TicketQuery(open_only=True, phone="139"))] == ["GS-3", "GS-1"]
    assert [t.number for t in store.tickets(TicketQuery(business="emergency"))] == ["GS-2"]
    assert [t.number for t in store.tickets(TicketQuery(drill=True))] == ["GS-3"]
    assert len(store.tickets(TicketQuery(limit=2))) == 2
    assert store.ticket("GS-404") is None


def event(number: int, kind: str, call_id: str = "c1", **fields: Any) -> dict[str, Any]:
    at = (NOON + timedelta(seconds=number)).isoformat()
    return {"event_id": f"{call_id}/{number}", "call_id": call_id, "at": at, "kind": kind, **fields}


def conversation(call_id: str = "c1", said: str = "厨房有煤气味") -> list[dict[str, Any]]:
    leg = {"leg_id": "l1", "role": "caller"}
    return [
        event(1, "call_arrived", call_id, direction="inbound", purpose="inbound", caller="139",
              dialled="962677", trunk="carrier", sip_call_id="x@y", drill=False),
        event(2, "leg_started", call_id, **leg, remote="139"),
        event(3, "call_answered", call_id, flow="main", flow_version="abc"),
        event(4, "leg_answered", call_id, leg_id="l1"),
        event(5, "heard", call_id, **leg, text=said, start_ms=100, end_ms=900, confidence=0.9,
              words=[["厨房", 100, 400, 0.9]]),
        event(6, "emergency_declared", call_id, by="speech", hazard="smell", place="indoor", words=said),
        event(7, "recording_finished", call_id, path="a/b.wav", seconds=12.5),
        event(8, "leg_ended", call_id, **leg, sip_status=200, cause="remote"),
        event(9, "call_ended", call_id, by="caller", sip_status=200),
    ]


def test_a_call_is_stored_with_all_its_parts(store: Store) -> None:
    store.record_events("c1.jsonl", conversation(), 1234)
    call = store.call("c1")
    assert call is not None
    assert (call.caller, call.flow, call.emergency, call.ended_by) == ("139", "main", True, "caller")
    assert (call.arrived_at, call.ended_at) == (NOON + timedelta(seconds=1), NOON + timedelta(seconds=9))
    assert [row["kind"] for row in store.timeline("c1")] == [row["kind"] for row in conversation()]
    assert store.timeline("c1")[4] == conversation()[4]
    assert [(row.text, row.start_ms) for row in store.transcripts("c1")] == [("厨房有煤气味", 100)]
    assert [(row.path, row.seconds) for row in store.attachments("c1")] == [("a/b.wav", 12.5)]
    assert store.journal_offsets() == {"c1.jsonl": 1234}


def test_a_recording_that_was_deleted_is_no_attachment_but_on_record(store: Store) -> None:
    store.record_events("c1.jsonl", conversation(), 1234)
    gone = event(10, "recording_deleted", "c1", path="a/b.wav", keep_days=365)
    for _ in range(2):
        store.record_events("retention", [gone], 0)
    assert store.attachments("c1") == []
    assert [row["kind"] for row in store.timeline("c1")].count("recording_deleted") == 1


def test_records_that_come_twice_are_stored_once(store: Store) -> None:
    for _ in range(2):
        store.record_events("c1.jsonl", conversation(), 1234)
    assert len(store.timeline("c1")) == 9
    assert len(store.transcripts("c1")) == 1


def test_a_broken_record_stores_nothing_of_its_batch(store: Store) -> None:
    with pytest.raises(UnitRefused):
        store.record_events("c1.jsonl", [*conversation(), {"kind": "heard"}], 99)
    assert store.call("c1") is None
    assert store.journal_offsets() == {}


def test_calls_are_found_by_what_was_said(store: Store) -> None:
    store.record_events("c1.jsonl", conversation("c1", "有煤气味100%"), 1)
    store.record_events("c2.jsonl", conversation("c2", "打不着火"), 1)
    assert [call.call_id for call in store.calls(CallQuery(words="煤气"))] == ["c1"]
    assert [call.call_id for call in store.calls(CallQuery(words="0%"))] == ["c1"]
    assert store.calls(CallQuery(words="_")) == []
    inbound = store.calls(CallQuery(caller="139", direction="inbound"))
    assert {call.call_id for call in inbound} == {"c1", "c2"}
    assert store.calls(CallQuery(caller="138")) == []


def test_many_threads_may_write(store: Store) -> None:
    faults: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for index in range(5):
                name = f"{number}-{index}"
                store.save_units([unit(name, ticket(f"GS-{name}"), Counter(day="20261123", value=index))])
                store.record_events(f"{name}.jsonl", conversation(f"call-{name}"), index)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert len(store.tickets(TicketQuery(limit=100))) == 20
    assert len(store.calls(CallQuery(limit=100))) == 20


def test_a_unit_that_the_database_cannot_take_is_refused_as_a_whole(store: Store) -> None:
    page = Page(page_id="P", incident="I-404", target_kind="crew", target="A", person="", phone="1", level=1,
                round=1, ordered_at=NOON, expires_at=NOON)
    with pytest.raises(UnitRefused):
        store.save_units([unit("u0", ticket()), unit("u1", page)])
    assert store.ticket("GS-20261123-0001") is None
    assert store.stored_units(["u0", "u1"]) == set()

def test_crews_jobs_and_changes_of_the_roster_come_back(store: Store) -> None:
    crew = CrewUnit(crew="A", state=UnitState.OUT_OF_SERVICE, since=NOON, latitude=32.4, longitude=105.8,
                    position_at=NOON, position_from="reported", out_at=NOON, reason="爆胎", author="王强")
    job = Job(job_id="GS-20261123-0001-A-1", ticket="GS-20261123-0001", crew="A", assigned_at=NOON,
              why="最近", due_at=NOON, distance_km=1.5, unsolved=("阀门",))
    over = Job(job_id="GS-20261123-0001-B-1", ticket="GS-20261123-0001", crew="B", assigned_at=NOON,
               state=JobState.DONE, ended_at=NOON - timedelta(days=3))
    change = DutyChange(change_id="d1", change="swap", crew="A", member="甲", substitute="乙", start=NOON,
                        end=NOON + timedelta(hours=8), author="甲", approved_by="站长", at=NOON)
    past = change.model_copy(update={"change_id": "d0", "end": NOON - timedelta(days=3)})
    store.save_units([unit("u1", ticket(), crew, job, over, change, past)])
    loaded, _ = store.load_open(NOON - timedelta(days=1))
    kinds = {(record.kind, record.key): record for record in loaded}
    assert kinds["crew_unit", "A"] == crew
    assert kinds["job", job.key] == job
    assert kinds["duty_change", "d1"] == change
    assert ("job", over.key) not in kinds and ("duty_change", "d0") not in kinds
