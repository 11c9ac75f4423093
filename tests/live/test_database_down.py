"""PostgreSQL is stopped and started under a running dispatch: emergencies go on, all is stored once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.api import SqlStore, StoreUnavailable, TicketQuery
from dispatch.model import Page
from tests.contract.test_store_contract import conversation
from tests.support.dispatch import Desk
from tests.support.postgres import Postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def store(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    made = SqlStore(postgres.create_database(f"d{abs(hash(request.node.name)) % 10**9}"))
    yield made
    made.close()


def test_an_emergency_while_the_database_is_stopped(
    postgres: Postgres, store: SqlStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, store)
    desk.located("before")
    postgres.stop()
    desk.located("during")
    assert len([line for line in desk.notes.lines if line.startswith("ring")]) == 2
    desk.wait(2)
    health = desk.dispatch.health()
    assert not health.store_available and health.units_waiting > 0
    with pytest.raises(StoreUnavailable):
        desk.dispatch.record_events("c1.jsonl", conversation(), 10)
    with pytest.raises(StoreUnavailable):
        desk.dispatch.journal_offsets()
    postgres.start()
    desk.wait(1)
    assert desk.dispatch.health().units_waiting == 0
    assert {t.call_ids for t in store.tickets(TicketQuery())} == {("during",), ("before",)}
    incident = desk.incident("during").key
    assert sum(isinstance(record, Page) for record in store.of_incident(incident)) == 1
    rows = store.history([incident])
    assert [row.what for row in rows].count("page_ordered") == 1
    desk.dispatch.record_events("c1.jsonl", conversation(), 10)
    assert desk.dispatch.journal_offsets() == {"c1.jsonl": 10}
    desk.stop()


def test_a_crash_and_a_start_while_the_database_is_stopped(
    postgres: Postgres, store: SqlStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, store)
    desk.located()
    postgres.stop()
    desk.learn("callback_number", "13700007777")
    again = desk.crash_and_start()
    assert not again.dispatch.health().store_available
    assert again.dispatch.health().open_incidents == 1
    again.wait(61, step=20)
    assert again.notes.lines[-1] == "ring B/B1"
    postgres.start()
    again.wait(2)
    health = again.dispatch.health()
    assert health.store_available and health.units_waiting == 0
    found = store.ticket(again.incident().tickets[0])
    assert found is not None and found.callback_number == "13700007777"
    again.stop()


def test_the_very_first_start_without_a_database(postgres: Postgres, store: SqlStore, tmp_path: Path) -> None:
    postgres.stop()
    desk = Desk(tmp_path, store)
    desk.located()
    assert desk.notes.lines == ["ring A/A1"]
    postgres.start()
    desk.wait(2)
    assert len(store.tickets(TicketQuery())) == 1, "the tables were made when it came up"
    desk.stop()


def test_a_locked_sqlite_file_is_an_absent_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.store.sql.BUSY_MS", 50)
    store = SqlStore(f"sqlite:///{tmp_path / 'dispatch.db'}")
    desk = Desk(tmp_path, store)
    locker = sqlite3.connect(tmp_path / "dispatch.db", isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    desk.located()
    assert desk.notes.lines == ["ring A/A1"]
    assert not desk.dispatch.health().store_available
    locker.execute("ROLLBACK")
    locker.close()
    desk.wait(1)
    assert desk.dispatch.health().units_waiting == 0
    assert len(store.tickets(TicketQuery())) == 1
    desk.stop()
    store.close()
