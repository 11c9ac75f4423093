"""Backups of a real SQLite and a real PostgreSQL, each restored into each."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dispatch import mirror
from dispatch.api import DumpUnreadable, SqlStore, check_dump, dump_database, restore_database
from dispatch.model import Unit
from dispatch.store.columns import Base
from dispatch.store.port import SearchQuery
from hotline.attachments import FOLDER, keep
from hotline.service import backup
from hotline.settings import Settings
from hotline.settings_file import load_settings
from tests.contract.test_store_contract import conversation, everything, ticket, unit
from tests.support.dispatch import CONFIG, NOON, Desk
from tests.support.postgres import Postgres

Make = Callable[[str, str], SqlStore]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def make(postgres: Postgres, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """An empty database of a kind."""
    made: list[SqlStore] = []

    def make(kind: str, name: str) -> SqlStore:
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path / name}.db"
        else:
            url = postgres.create_database(f"{name}_{abs(hash(request.node.name)) % 10**9}")
        made.append(SqlStore(url))
        return made[-1]

    yield make
    for store in made:
        store.close()


def filled(store: SqlStore) -> SqlStore:
    store.upgrade()
    store.save_units([unit("u1", *everything())])
    store.record_events("c1.jsonl", conversation(), 1234)
    return store


def contents(store: SqlStore) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    with store.reading() as connection:
        return {
            table.name: [
                dict(row._mapping)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in Base.metadata.sorted_tables if table.name != "search_backlog"
        }


@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_every_row_comes_back_in_either_database(
    make: Make, tmp_path: Path, source: str, target: str
) -> None:
    store, empty = filled(make(source, "source")), make(target, "target")
    rows = dump_database(store, tmp_path / "dump.gz")
    assert rows["tickets"] == 1 and rows["call_events"] == len(conversation())
    assert check_dump(tmp_path / "dump.gz") == rows
    assert restore_database(empty, tmp_path / "dump.gz") == rows
    assert contents(empty) == contents(store)
    assert [hit.call_id for hit in empty.search(SearchQuery("煤气"))] == ["c1"]
    empty.save_units([unit("u2", ticket("GS-20261123-0002"))])
    empty.record_events("c2.jsonl", [r | {"event_id": f"n{i}"} for i, r in enumerate(conversation())], 1)
    assert len(contents(empty)["call_events"]) == 2 * len(conversation())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_written_meanwhile_is_not_half_in_it(make: Make, tmp_path: Path, kind: str) -> None:
    store, empty = filled(make(kind, "source")), make(kind, "target")

    def write_on(table: str, done: int, total: int) -> None:
        number = f"GS-{table}-{done}"
        store.save_units([unit(f"late {number}", ticket(number))])

    rows = dump_database(store, tmp_path / "dump.gz", write_on)
    restore_database(empty, tmp_path / "dump.gz")
    assert rows["tickets"] == 1 and rows["applied_units"] == 1
    assert len(contents(store)["tickets"]) > 1


def test_a_database_that_holds_something_is_never_overwritten(make: Make, tmp_path: Path) -> None:
    store = filled(make("sqlite", "source"))
    dump_database(store, tmp_path / "dump.gz")
    before = contents(store)
    with pytest.raises(DumpUnreadable, match="not empty"):
        restore_database(store, tmp_path / "dump.gz")
    assert contents(store) == before


@pytest.mark.parametrize("fault", ["cut", "bytes", "row lost", "no dump", "other table"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_broken_backup_is_told_and_leaves_the_database_empty(
    make: Make, tmp_path: Path, fault: str, kind: str
) -> None:
    path = tmp_path / "dump.gz"
    dump_database(filled(make("sqlite", "source")), path)
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    if fault == "cut":
        path.write_bytes(gzip.compress(b"".join(lines[:-1])))
    elif fault == "bytes":
        path.write_bytes(path.read_bytes()[:-200])
    elif fault == "row lost":
        first = next(i for i, line in enumerate(lines) if line.startswith(b"["))
        path.write_bytes(gzip.compress(b"".join(lines[:first] + lines[first + 1:])))
    elif fault == "no dump":
        path.write_text("not even gzip")
    else:
        path.write_bytes(gzip.compress(b"".join(lines).replace(b'"table":"counters"', b'"table":"strange"')))
    empty = make(kind, "target")
    with pytest.raises(DumpUnreadable):
        restore_database(empty, path)
    empty.upgrade()
    assert all(not rows for rows in contents(empty).values())


# ---- the whole backup
@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    state = tmp_path / "state"
    (state / "journal").mkdir(parents=True)
    (state / "journal/c1.jsonl").write_text('{"event_id": "c1/1"}\n')
    found = load_settings(CONFIG / "hotline.yaml", (
        f"paths.state={state}", f"paths.recordings={tmp_path / 'recordings'}",
        f"backup.directory={tmp_path / 'backup'}", "backup.keep=2",
    ))  # fmt: skip
    return found


def test_a_backup_and_the_copies_made_at_once_give_everything_back(
    make: Make, settings: Settings, tmp_path: Path
) -> None:
    store = make("sqlite", "source")
    desk = Desk(tmp_path / "state", store, mirror_directory=settings.backup.directory)
    desk.emergency(call_id="c1")
    desk.dispatch.run()
    made = backup.make(settings, store, NOON)
    desk.located("c2")
    desk.accept("A", call_id="c2")
    desk.dispatch.run()
    desk.stop()
    assert store.ticket(desk.incident("c2").tickets[0]) is not None
    empty = make("postgresql", "target")
    rows, added = backup.restore(made, empty)
    assert rows["tickets"] == 1 and added >= 2
    for table in ("tickets", "incidents", "pages", "assignments"):
        assert contents(empty)[table] == contents(store)[table]


def test_what_was_not_copied_before_a_crash_is_copied_at_the_next_start(
    make: Make, tmp_path: Path
) -> None:
    folder, store = tmp_path / "mirror", make("sqlite", "source")
    desk = Desk(tmp_path / "state", store)  # as if it had died before it copied anything
    desk.emergency()
    again = desk.crash_and_start(mirror_directory=folder)
    again.stop()
    copied = {put.key for one in mirror.read(folder) for put in one.puts}
    assert desk.incident().key in copied


def test_a_torn_line_of_the_copies_costs_only_itself(tmp_path: Path) -> None:
    units = [Unit(unit_id=f"u{i}", at=NOON, puts=(ticket(f"GS-{i}"),)) for i in range(3)]
    mirror.write(tmp_path, units[:2])
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    mirror.write(tmp_path, units[2:])
    assert [one.unit_id for one in mirror.read(tmp_path)] == ["u0", "u2"]


def test_a_broken_directory_keeps_nobody_from_being_paged(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    desk = Desk(tmp_path / "state", make("sqlite", "s"), mirror_directory=tmp_path / "file" / "mirror")
    desk.located()
    assert desk.ringing("A")
    desk.stop()
    assert not desk.dispatch.health().mirror_works


def test_the_oldest_are_deleted_and_a_forged_file_is_found(make: Make, settings: Settings) -> None:
    store = filled(make("sqlite", "source"))
    for day in range(3):
        backup.make(settings, store, NOON + timedelta(days=day))
    kept = list(backup.backups(backup.directory_of(settings)))
    assert [one.taken_at for one in kept] == [NOON + timedelta(days=1), NOON + timedelta(days=2)]
    assert backup.verify(kept[0])["tickets"] == 1
    (kept[0].path / backup.FILES).write_bytes(b"something else")
    with pytest.raises(backup.BackupError, match="not what was written"):
        backup.verify(kept[0])
    with pytest.raises(backup.BackupError):
        backup.verify(replace(kept[1], rows=kept[1].rows | {"tickets": 2}))


def test_recordings_are_copied_once_each(settings: Settings) -> None:
    day = settings.paths.recordings / "2026/11/22"
    day.mkdir(parents=True)
    (day / "c1.wav").write_bytes(b"sound")
    assert [backup.copy_recordings(settings) for _ in range(2)] == [1, 0]
    assert (backup.directory_of(settings) / "recordings/2026/11/22/c1.wav").read_bytes() == b"sound"


def test_a_backup_that_fails_leaves_nothing_half(settings: Settings, tmp_path: Path) -> None:
    directory = backup.directory_of(settings)
    store = SqlStore(f"sqlite:///{tmp_path}/nowhere/at/all.db")
    with pytest.raises(Exception, match="Operational"):
        backup.make(settings, store, datetime.now(UTC))
    assert list(directory.iterdir()) == []


def test_the_customer_file_is_kept_when_it_changes(settings: Settings, tmp_path: Path) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text("one")
    changed = settings.model_copy(update={"customers": customers})
    backup.keep_customers(changed)
    backup.keep_customers(changed)
    customers.write_text("two")
    backup.keep_customers(changed)
    kept = [path.read_text() for path in backup.directory_of(settings).glob("customers-*.csv")]
    assert sorted(kept) == ["one", "two"]


def test_the_manifest_is_what_a_person_can_read(make: Make, settings: Settings) -> None:
    made = backup.make(settings, filled(make("sqlite", "source")), NOON)
    manifest = json.loads((made.path / backup.MANIFEST).read_text())
    assert manifest["rows"]["tickets"] == 1 and manifest["node"] == settings.node


def test_copied_recordings_are_nobody_elses_to_read_and_rests_of_a_killed_backup_go(
    make: Make, settings: Settings
) -> None:
    directory = backup.directory_of(settings)
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    directory.chmod(0o755)
    wav = settings.paths.recordings / "2026/11/23/c1.wav"
    wav.parent.mkdir(parents=True, exist_ok=True)
    wav.write_bytes(b"RIFF")
    before = os.umask(0o022)
    try:
        backup.copy_recordings(settings)
    finally:
        os.umask(before)
    assert (directory / "recordings").stat().st_mode & 0o077 == 0
    rest = directory / ".full-20261122T000000Z.99999.partial"
    rest.mkdir()
    (rest / "database.jsonl.gz").write_bytes(b"half")
    os.utime(rest, (0, 0))
    backup.make(settings, filled(make("sqlite", "source")), NOON)
    assert not rest.exists(), "killed in the middle of one, the disk does not fill"


def test_attachments_and_the_anchors_of_the_history_are_in_it(make: Make, settings: Settings) -> None:
    state = settings.paths.state
    kept = keep(state / FOLDER, b"\x89PNG\r\n\x1a\n" + bytes(32))
    (state / "history-anchors.jsonl").write_text('{"seq": 1}\n')
    made = backup.make(settings, filled(make("sqlite", "source")), NOON)
    with tarfile.open(made.path / backup.FILES) as tar:
        names = tar.getnames()
        [picture] = [name for name in names if name.endswith(kept.reference)]
        content = tar.extractfile(picture)
        assert content is not None and hashlib.sha256(content.read()).hexdigest() == kept.sha256
    assert "state/history-anchors.jsonl" in names and picture.startswith(f"state/{FOLDER}/")
