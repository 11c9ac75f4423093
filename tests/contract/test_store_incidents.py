"""Joins, clearances, tellings and outages: one contract, three stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.api import MemoryStore, SqlStore, Store, UnitRefused
from dispatch.joined import Clearance, Join, Telling
from dispatch.model import Incident, Put, Unit
from dispatch.outage_records import Outage
from dispatch.states import IncidentState
from tests.support.dispatch import NOON, Desk
from tests.support.incidents import clear, protocol_rules, report, split
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
        made = SqlStore(server.create_database(f"i{abs(hash(request.node.name)) % 10**9}"))
    made.upgrade()
    yield made
    made.close()


def incident(name: str, **fields: object) -> Incident:
    return Incident.model_validate({
        "incident_id": name, "hazard": "smell", "place": "indoor", "reported_at": NOON, "band_minutes": 15,
        "target_at": NOON + timedelta(minutes=15), "tickets": ("GS-1", "GS-2"), "drill": False,
        "incident_type": "smell_indoor", "type_by": "王", "worse_at": NOON, "target_clause": "S0 §10 row 5",
        "target_reckoning": "0.1 km", "crews_wanted": 2,
    } | fields)


def outage(name: str = "O-1", **fields: object) -> Outage:
    return Outage.model_validate({
        "outage_id": name, "cause": "planned", "area": "滨江路一带", "places": ("滨江路",), "reason": "检修",
        "starts_at": NOON, "expected_at": NOON + timedelta(hours=3), "by": "王", "known_at": NOON,
        "report_at": NOON + timedelta(hours=24), "remarks": ("迟报：抢险",), "households": 3,
    } | fields)


PARTS: tuple[Put, ...] = (
    Join(join_id="J-GS-2-I-1", ticket="GS-2", incident="I-1", was="I-2", state="joined", score=0.85,
         reasons=("same_building 0.85",), at=NOON),
    Clearance(clearance_id="C-GS-2", incident="I-1", ticket="GS-2", state="cleared", by="A", at=NOON,
              recheck="no_gas", note="已复测"),
    Telling(telling_id="I-1-T01", incident="I-1", ticket="GS-1", to="leaders", title="领导", topic="t",
            text="险情", due_at=NOON, letter="关于…"),
)


def unit(name: str, *puts: Put) -> Unit:
    return Unit(unit_id=name, at=NOON, puts=puts)


def test_everything_comes_back_as_it_was(store: Store) -> None:
    joined = incident("I-2", state=IncidentState.JOINED, closed_at=NOON, joined_into="I-1")
    every = (incident("I-1"), joined, *PARTS, outage())
    store.save_units([unit("u1", *every)])
    records, _ = store.load_open(NOON - timedelta(hours=1))
    assert {(r.kind, r.key): r for r in records} == {(r.kind, r.key): r for r in every}
    kinds = [record.kind for record in store.of_incident("I-1")]
    assert kinds == ["incident", "join", "clearance", "telling"]


def test_what_is_over_is_not_read_at_the_start(store: Store) -> None:
    over = incident("I-1", state=IncidentState.CLOSED, closed_at=NOON)
    store.save_units([unit("u1", over, *PARTS, outage(restored_at=NOON))])
    records, _ = store.load_open(NOON + timedelta(hours=1))
    assert records == []
    assert len(store.of_incident("I-1")) == 4, "but it is there for who looks it up"


def test_lists_are_the_newest_first_and_may_leave_out_what_is_over(store: Store) -> None:
    store.save_units([unit(
        "u1", incident("I-1"), incident("I-2", reported_at=NOON + timedelta(hours=1)),
        incident("I-3", reported_at=NOON + timedelta(hours=2), state="closed", closed_at=NOON),
        outage(), outage("O-2", starts_at=NOON + timedelta(hours=1), restored_at=NOON),
    )])
    assert [one.key for one in store.incidents()] == ["I-3", "I-2", "I-1"]
    assert [one.key for one in store.incidents(open_only=True)] == ["I-2", "I-1"]
    assert [one.key for one in store.incidents(limit=1)] == ["I-3"]
    assert [one.key for one in store.outages()] == ["O-2", "O-1"]
    assert [one.key for one in store.outages(open_only=True)] == ["O-1"]


def test_a_part_without_its_incident_is_refused(store: Store) -> None:
    with pytest.raises(UnitRefused):
        store.save_units([unit("u1", PARTS[0])])


def test_joined_and_split_reports_are_rebuilt_from_the_database(store: Store, tmp_path: Path) -> None:
    desk = Desk(tmp_path, store, rules=protocol_rules())
    report(desk, "c1")
    report(desk, "c2", room="202")
    report(desk, "c3", room="303")
    split(desk, "c3")
    desk.accept("A", "c1")
    clear(desk, "c2", "A")
    before = {(r.kind, r.key): r for r in desk.dispatch.engine.state.records() if r.kind != "outbox"}
    desk.stop()
    (tmp_path / "dispatch.jsonl").unlink()
    again = Desk(tmp_path, store, rules=protocol_rules(), now=desk.now)
    after = {(r.kind, r.key): r for r in again.dispatch.engine.state.records() if r.kind != "outbox"}
    assert after == before
    assert again.incident("c2").key == again.incident("c1").key != again.incident("c3").key
    again.stop()
