"""The tables that the migrations make are the tables that the code uses, in both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from dispatch.api import SqlStore, StoreTooNew
from dispatch.store import tables
from dispatch.store.columns import Base
from tests.support.postgres import Postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'dispatch.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.create_database(f"m{abs(hash(request.node.name)) % 10**9}")
    made = SqlStore(url)
    yield made
    made.close()


def not_search(name: str | None, kind: str, _parents: object) -> bool:
    """The full-text index is each database's own; test_store_search.py covers it."""
    return not (kind == "table" and str(name).startswith("transcript_search"))


def test_migrations_and_code_agree(store: SqlStore) -> None:
    store.upgrade()
    assert tables.TicketRow.__tablename__ in Base.metadata.tables
    with store.engine.connect() as connection:
        opts = {"compare_type": False, "include_name": not_search}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []
        names = {constraint["name"] for constraint in inspect(connection).get_foreign_keys("pages")}
    assert names == {"fk_pages_incident_incidents"}


def test_a_database_of_a_newer_version_is_left_alone(store: SqlStore) -> None:
    store.upgrade()
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match="9999"):
        store.upgrade()
    with store.reading() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_two_nodes_may_start_at_once(store: SqlStore) -> None:
    faults: list[BaseException] = []

    def start() -> None:
        other = SqlStore(store.engine.url)
        try:
            other.upgrade()
        except BaseException as error:
            faults.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert store.journal_offsets() == {}


def test_sqlite_waits_and_checks(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'dispatch.db'}")
    store.upgrade()
    with store.reading() as connection:
        pragmas = {name: connection.scalar(text(f"PRAGMA {name}")) for name in
                   ("journal_mode", "foreign_keys", "busy_timeout")}
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}
    store.close()
