"""Nobody changes the history unseen, whatever rights he has in the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dispatch.api import MemoryStore, SqlStore, Store
from dispatch.model import HistoryRow, Unit
from dispatch.verify import Verdict, verify
from tests.support.dispatch import NOON
from tests.support.postgres import Postgres

SUBJECTS = ("GS-20261123-0001", "GS-20261123-0002", "I-GS-20261123-0001")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


def made(request: pytest.FixtureRequest, tmp_path: Path, which: str) -> Store:
    if which == "memory":
        return MemoryStore()
    if which == "sqlite":
        return SqlStore(f"sqlite:///{tmp_path / 'dispatch.db'}")
    server: Postgres = request.getfixturevalue("postgres")
    return SqlStore(server.create_database(f"h{abs(hash(request.node.name)) % 10**9}"))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    one = made(request, tmp_path, request.param)
    one.upgrade()
    yield one
    one.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """A real one, with five rows for each subject and an anchor after the third."""
    one = made(request, tmp_path, request.param)
    assert isinstance(one, SqlStore)
    one.upgrade()
    for number in range(1, 6):
        write(one, number)
        if number == 3:
            assert one.set_anchor(NOON) is not None
    yield one
    one.close()


def write(store: Store, number: int, **fields: Any) -> None:
    rows = tuple(
        HistoryRow.model_validate({
            "event_id": f"u{number}#{place}", "at": NOON + timedelta(seconds=number, microseconds=7),
            "subject": subject, "what": f"step_{number}", "author": "王芳",
            "detail": {"b": "乙", "a": "x\x00y"},
        } | fields)
        for place, subject in enumerate(SUBJECTS)
    )
    store.save_units([Unit(unit_id=f"u{number}", at=NOON, history=rows)])


def tamper(store: SqlStore, *statements: str) -> None:
    """As somebody who may do everything in the database."""
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE history DISABLE TRIGGER USER"))
            connection.execute(text("ALTER TABLE history_anchors DISABLE TRIGGER USER"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in [row.name for row in names if row.name.startswith("history")]:
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("DROP INDEX uq_history_subject_seq"))
        for statement in statements:
            connection.execute(text(statement))


def said(store: Store, kept: dict[int, str] | None = None) -> list[tuple[str, int, str]]:
    return [(one.subject, one.seq, one.what) for one in verify(store, kept or {}).findings]


def test_an_honest_history_is_found_whole(store: Store) -> None:
    for number in range(1, 4):
        write(store, number)
    assert store.set_anchor(NOON) is not None
    assert store.set_anchor(NOON) is None, "nothing has grown"
    write(store, 4)
    write(store, 4)
    verdict = verify(store, {})
    assert verdict == Verdict(rows=12, chains=3, anchors=1, findings=())
    assert store.set_anchor(NOON + timedelta(hours=1)) is not None
    assert sorted(kept_of(store)) == [1, 2]
    assert verify(store, kept_of(store)).findings == ()


def kept_of(store: Store) -> dict[int, str]:
    with store.history_view() as view:
        return {one.number: one.hash for one in view.anchors()}


def test_what_is_written_during_the_check_is_no_sign_of_tampering(store: Store) -> None:
    write(store, 1)
    with store.history_view() as view:
        before = view.heads()
        if not isinstance(store, MemoryStore):
            write(store, 2)
        assert {name: links[-1].seq for name, links in view.chains()} == {n: h.seq for n, h in before.items()}


def test_the_database_refuses_to_change_what_was_written(database: SqlStore) -> None:
    statements = ["UPDATE history SET author = '别人'", "DELETE FROM history WHERE seq = 5",
                  "UPDATE history_anchors SET number = 2", "DELETE FROM history_anchors"]
    if database.engine.dialect.name == "postgresql":
        statements.append("TRUNCATE history")
    for statement in statements:
        with pytest.raises(DBAPIError, match="only added to"), database.engine.begin() as connection:
            connection.execute(text(statement))
    assert said(database) == []


A = SUBJECTS[0]
MOVED = "UPDATE history SET seq = {to} WHERE subject = '" + A + "' AND event_id = 'u{row}#0'"


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE history SET author = '别人' WHERE event_id = 'u4#0'"], [(A, 4, "changed")]),
        (["UPDATE history SET what = 'x' WHERE event_id = 'u5#0'"], [(A, 5, "changed")]),
        (["UPDATE history SET detail = '{}' WHERE event_id = 'u2#0'"], [(A, 2, "changed")]),
        (["DELETE FROM history WHERE event_id = 'u4#0'"], [(A, 4, "missing")]),
        (["DELETE FROM history WHERE event_id = 'u5#0'"], [(A, 5, "missing")]),
        (["DELETE FROM history WHERE event_id = 'u1#0'"], [(A, 1, "missing")]),
        ([MOVED.format(to=50, row=4), MOVED.format(to=4, row=5), MOVED.format(to=5, row=4)],
         [(A, 4, "inserted"), (A, 4, "moved"), (A, 5, "inserted"), (A, 5, "moved"), (A, 5, "head")]),
        (["UPDATE history_heads SET hash = 'x' WHERE subject = '" + A + "'"], [(A, 5, "head")]),
        (["DELETE FROM history_heads WHERE subject = '" + A + "'"], [(A, 0, "head")]),
        (["UPDATE history_anchors SET at = '2026-01-01 00:00:00+00:00'"], [("", 1, "anchor")]),
    ],
    ids=["changed", "last changed", "detail emptied", "deleted", "last deleted", "first deleted", "reordered",
         "head changed", "head deleted", "anchor changed"],
)
def test_tampering_is_named(database: SqlStore, statements: list[str], found: list[Any]) -> None:
    tamper(database, *statements)
    assert said(database) == found


def test_an_inserted_row_is_named(database: SqlStore) -> None:
    columns = "event_id, at, subject, call_id, what, author, detail, previous, hash"
    values = ("SELECT 'forged', at, subject, call_id, 'owner_changed', author, detail, previous, hash, {} "
              "FROM history")
    tamper(database, f"INSERT INTO history ({columns}, seq) {values.format(4)} WHERE event_id = 'u4#0'")
    assert (A, 4, "inserted") in said(database) and (A, 4, "changed") in said(database)
    tamper_again = f"INSERT INTO history ({columns}, seq) {values.format(6).replace('forged', 'forged2')}"
    with database.writing() as connection:
        connection.execute(text(f"{tamper_again} WHERE event_id = 'u5#0'"))
    assert (A, 6, "inserted") in said(database)


def test_who_forges_a_whole_chain_is_given_away_by_the_anchor(database: SqlStore) -> None:
    """He knows how the hashes are made, and makes all of them anew, the end as well."""
    forge(database, "UPDATE history SET author = '别人' WHERE event_id = 'u2#0'")
    assert {(subject, what) for subject, _, what in said(database)} == {(A, "anchor")}


def test_who_forges_the_anchors_too_is_given_away_by_what_is_kept_outside(database: SqlStore) -> None:
    kept = kept_of(database)
    forge(database, "UPDATE history SET author = '别人' WHERE event_id = 'u2#0'")
    with database.writing() as connection:
        connection.execute(text("DELETE FROM history_anchors"))
        connection.execute(text("UPDATE history_heads SET anchored_seq = 0"))
    assert database.set_anchor(NOON) is not None
    assert said(database) == []
    assert said(database, kept) == [("", 1, "anchor")]


def forge(store: SqlStore, statement: str) -> None:
    from dispatch.store.chains import chain_what_is_there

    tamper(store, statement)
    with store.writing() as connection:
        connection.execute(text("DELETE FROM history_heads"))
        chain_what_is_there(connection)
        connection.execute(text("UPDATE history_heads SET anchored_seq = seq"))


def test_a_deleted_subject_is_named_by_its_anchor(database: SqlStore) -> None:
    tamper(database, f"DELETE FROM history WHERE subject = '{A}'")
    assert (A, 1, "missing") in said(database)
    with database.writing() as connection:
        connection.execute(text(f"DELETE FROM history_heads WHERE subject = '{A}'"))
    assert said(database) == [(A, 3, "anchor")]
