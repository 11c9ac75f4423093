"""What was said is found again: the same in memory, in SQLite and in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dispatch.api import Hit, MemoryStore, SearchQuery, SqlStore, Store
from tests.support.dispatch import NOON
from tests.support.postgres import Postgres

SAID = {
    "c1": [("caller", "我家厨房漏气了你们快来"), ("agent", "请您先到室外去")],
    "c2": [("caller", "家里没气了打不着火"), ("caller", "是 CNG 加气站 ＡＢＣ12栋")],
    "c3": [("caller", "漏"), ("agent", "厨房的漏水不归我们管")],
}
CALLER = {"c1": "+8613800000001", "c2": "+8613800000002", "c3": "+8613800000003"}


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
        made = SqlStore(server.create_database(f"s{abs(hash(request.node.name)) % 10**9}"))
    made.upgrade()
    fill(made)
    yield made
    made.close()


def event(call_id: str, number: int, kind: str, **fields: Any) -> dict[str, Any]:
    at = NOON + timedelta(minutes=int(call_id[1:]), seconds=number)
    return {"event_id": f"{call_id}/{number}", "call_id": call_id, "at": at, "kind": kind, **fields}


def heard(call_id: str, number: int, role: str, said: str) -> dict[str, Any]:
    return event(call_id, number, "heard", leg_id="leg-1", role=role, text=said, start_ms=100, end_ms=900,
                 confidence=0.9, words=[[said, 100, 900, 0.9]])  # fmt: skip


def fill(store: Store) -> None:
    for call_id, said in SAID.items():
        arrived = event(call_id, 1, "call_arrived", direction="inbound", purpose="inbound",
                        caller=CALLER[call_id], dialled="962677", trunk="", sip_call_id="")  # fmt: skip
        utterances = [heard(call_id, number, *one) for number, one in enumerate(said, 2)]
        store.record_events(f"{call_id}.jsonl", [arrived, *utterances], 10)


def found(store: Store, words: str, **more: Any) -> list[Hit]:
    return store.search(SearchQuery(words, **more))


def texts(store: Store, words: str, **more: Any) -> list[str]:
    return [hit.text for hit in found(store, words, **more)]


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        ("漏气", ["c1"]), ("厨房", ["c3", "c1"]), ("厨房漏气", ["c1"]), ("漏", ["c3", "c3", "c1"]),
        ("没气了打不着", ["c2"]), ("厨房 漏水", ["c3"]), ("气漏", []), ("厨房没气", []), ("cng加", ["c2"]),
        ("abc１２", ["c2"]), ("来", ["c1"]), ("快来", ["c1"]), ("，。", []), ("", []), ("' OR 1=1 --", []),
        ('"漏气" AND (', []), ("漏气*", ["c1"]), ("\x00漏气", ["c1"]),
    ],
)  # fmt: skip
def test_any_run_of_characters_is_found(store: Store, words: str, calls: list[str]) -> None:
    assert [hit.call_id for hit in found(store, words)] == calls


def test_a_hit_says_who_when_where_and_marks_it(store: Store) -> None:
    (hit,) = found(store, "漏气 快来")
    assert (hit.call_id, hit.role, hit.caller, hit.start_ms) == ("c1", "caller", CALLER["c1"], 100)
    assert hit.at == NOON + timedelta(minutes=1, seconds=2)
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["漏气", "快来"]


def test_what_is_asked_for_restricts(store: Store) -> None:
    assert texts(store, "厨房", role="agent") == ["厨房的漏水不归我们管"]
    assert texts(store, "厨房", caller=CALLER["c1"]) == ["我家厨房漏气了你们快来"]
    assert texts(store, "厨房", call_id="c3") == ["厨房的漏水不归我们管"]
    assert texts(store, "厨房", limit=1) == ["厨房的漏水不归我们管"]
    after = NOON + timedelta(minutes=2)
    assert texts(store, "厨房", since=after) == ["厨房的漏水不归我们管"]
    assert texts(store, "厨房", until=after) == ["我家厨房漏气了你们快来"]


def test_an_utterance_stored_twice_is_found_once(store: Store) -> None:
    fill(store)
    assert len(found(store, "漏气")) == 1


def test_what_was_corrected_is_found_by_both_readings(store: Store) -> None:
    record = heard("c1", 9, "caller", "厨房露气") | {"corrected": "厨房漏气"}
    store.record_events("c1.jsonl", [record], 11)
    for words, calls in (("露气", 1), ("厨房漏气", 2), ("气厨", 0)):
        hits = found(store, words, call_id="c1")
        assert len(hits) == calls
        assert all(hit.snippet[start:end] == words for hit in hits for start, end in hit.marks if hit.marks)
    assert found(store, "厨房漏气", call_id="c1")[0].snippet == "厨房漏气"


def test_a_long_utterance_is_shown_around_the_hit(store: Store) -> None:
    said = "喂" * 200 + "阀门，关不上" + "啊" * 200
    store.record_events("c1.jsonl", [heard("c1", 9, "caller", said)], 11)
    (hit,) = found(store, "阀门关不上")
    assert len(hit.snippet) < 80
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["阀门，关不上"]


def test_what_was_stored_before_the_index_is_found_and_indexed_later(store: Store) -> None:
    if not isinstance(store, SqlStore):
        return  # the fake in memory has no index
    clear = "DELETE FROM transcript_search"
    if store.engine.dialect.name == "sqlite":
        clear = "INSERT INTO transcript_search (transcript_search) VALUES ('delete-all')"
    with store.writing() as connection:
        connection.execute(text(clear))
        connection.execute(text("UPDATE search_backlog SET upto_id = (SELECT max(id) FROM call_events)"))
    assert [hit.call_id for hit in found(store, "厨房")] == ["c3", "c1"]
    left = [store.catch_up_search(4)]
    assert [hit.call_id for hit in found(store, "厨房")] == ["c3", "c1"]
    while left[-1]:
        left.append(store.catch_up_search(4))
    assert len(left) == 3
    assert [hit.call_id for hit in found(store, "厨房")] == ["c3", "c1"]
    fill(store)
    assert len(found(store, "厨房")) == 2
