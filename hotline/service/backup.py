"""Backups: a full one weekly, and when somebody asks for it (S0 §21(3)); restored and counted to prove it.

A full backup is a folder `full-<UTC time>` with the database (`dispatch.store.dump`), the journals
and what the operator wrote, and a manifest with the hash of each. It is made under another name and
appears when it is whole. Beside it stand the copies that dispatch makes at once (`dispatch.mirror`).
Secrets and the speech model are not in it; recordings are copied on request, once each.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dispatch.api import DumpUnreadable, SqlStore, check_dump, dump_database, read_mirror, restore_database
from hotline.errors import HotlineError
from hotline.service.checked import COPIED
from hotline.settings import Settings

PREFIX = "full-"
DATABASE, FILES, MANIFEST = "database.jsonl.gz", "files.tar.gz", "manifest.json"
RECORDINGS = "recordings"
NAME = "%Y%m%dT%H%M%SZ"
NOT_KEPT = (".db", ".db-wal", ".db-shm", ".sock", ".lock")
"""Of the state directory: the database has its own copy, sockets and locks mean nothing elsewhere."""
ABANDONED = timedelta(days=1)
REPLAY = 100
"""Units stored in one transaction when the copies made at once are put on top."""

Progress = Callable[[str, int, int], None]


class NoBackupDirectoryError(HotlineError):
    """Set `backup.directory` in the configuration, best to a folder on another disk or machine."""


class BackupError(HotlineError):
    """Nothing was changed. `hotline backup list` shows what there is and whether it is whole."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One full backup."""

    path: Path
    taken_at: datetime
    version: str
    rows: dict[str, int]
    """Of each table."""
    hashes: dict[str, str]
    """SHA-256 of each file."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def bytes(self) -> int:
        return sum(file.stat().st_size for file in self.path.iterdir())


def directory_of(settings: Settings) -> Path:
    """Raises NoBackupDirectoryError when none is configured."""
    if settings.backup.directory is None:
        raise NoBackupDirectoryError("nothing is backed up: the configuration names no backup.directory")
    return settings.backup.directory


def make(settings: Settings, store: SqlStore, now: datetime, progress: Progress | None = None) -> Backup:
    """Make a full backup while the service runs, and delete the oldest beyond `backup.keep`."""
    directory = directory_of(settings)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / f"{PREFIX}{now.astimezone(UTC):{NAME}}"
    if path.exists():
        raise BackupError(f"{path} is there already")
    fresh = directory / f".{path.name}.{os.getpid()}.partial"
    _tidy(directory, now)
    fresh.mkdir(mode=0o700)
    try:
        rows = dump_database(store, fresh / DATABASE, progress)
        _pack(settings, fresh / FILES)
        manifest = {
            "taken_at": now.isoformat(), "version": version("gas-hotline"), "node": settings.node,
            "rows": rows,
            "sha256": {name: _hash(fresh / name) for name in (DATABASE, FILES)},
        }
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        _to_disk(fresh)
        fresh.rename(path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    prune(directory, settings.backup.keep)
    return read(path)


def _tidy(directory: Path, now: datetime) -> None:
    """What backups that were killed left behind; a running one's is younger."""
    for rest in directory.glob(f".{PREFIX}*.partial"):
        if datetime.fromtimestamp(rest.stat().st_mtime, UTC) < now - ABANDONED:
            shutil.rmtree(rest, ignore_errors=True)


def _pack(settings: Settings, target: Path) -> None:
    """Journals and what the operator wrote; journals are only ever added to, so a running one will do."""
    state = settings.paths.state
    with tarfile.open(target, "w:gz", compresslevel=5) as tar:
        for path in sorted(state.rglob("*")):
            if path.is_file() and not path.name.endswith(NOT_KEPT):
                tar.add(path, arcname=str(Path("state") / path.relative_to(state)), recursive=False)
        for keys in COPIED:
            value: Any = settings
            for key in keys:
                value = getattr(value, key)
            if value is not None and value.exists():
                tar.add(value, arcname=str(Path("config") / keys[-1] / value.name))


def copy_recordings(settings: Settings, progress: Progress | None = None) -> int:
    """Copy the recordings that are not there yet, each whole or not at all; how many."""
    target, source = directory_of(settings) / RECORDINGS, settings.paths.recordings
    files = sorted(source.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/*"))
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.chmod(0o700)  # callers' voices, whatever the disk's folder allows
    copied = 0
    for number, file in enumerate(files, 1):
        there = target / file.relative_to(source)
        if not there.exists() or there.stat().st_size != file.stat().st_size:
            there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = there.with_name(f".{there.name}.partial")
            shutil.copyfile(file, fresh)
            fresh.replace(there)
            copied += 1
        if progress is not None:
            progress(RECORDINGS, number, len(files))
    return copied


def backups(directory: Path) -> Iterator[Backup]:
    """The whole ones, oldest first."""
    for path in sorted(directory.glob(f"{PREFIX}*")):
        if (path / MANIFEST).exists():
            yield read(path)


def read(path: Path) -> Backup:
    """What its manifest says. Raises BackupError."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        return Backup(
            path, datetime.fromisoformat(manifest["taken_at"]), manifest["version"], manifest["rows"],
            manifest["sha256"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path}: no readable manifest: {error}") from error


def prune(directory: Path, keep: int) -> None:
    """Delete the oldest full backups, and the copies made at once that the oldest kept one holds."""
    whole = list(backups(directory))
    for old in whole[:-keep]:
        shutil.rmtree(old.path)
    oldest = min((backup.taken_at for backup in whole[-keep:]), default=None)
    if oldest is None:
        return
    for path in directory.glob("important-*.jsonl"):
        if path.stem.removeprefix("important-") < f"{oldest.astimezone(UTC):%Y%m%d}":
            path.unlink()


def verify(backup: Backup) -> dict[str, int]:
    """Check hashes and read the database's copy to its end; rows by table. Raises BackupError."""
    for name, wanted in backup.hashes.items():
        if not (backup.path / name).exists() or _hash(backup.path / name) != wanted:
            raise BackupError(f"{backup.path / name} is missing or not what was written")
    try:
        rows: dict[str, int] = check_dump(backup.path / DATABASE)
    except DumpUnreadable as error:
        raise BackupError(str(error)) from error
    if rows != backup.rows:
        raise BackupError(f"{backup.name}: {rows} rows instead of {backup.rows}")
    return rows


def restore(backup: Backup, store: SqlStore, progress: Progress | None = None) -> tuple[dict[str, int], int]:
    """Fill an empty database, then put the copies made at once on top; rows by table, units added.

    Raises BackupError, and then the database is as empty as before.
    """
    verify(backup)
    try:
        rows = restore_database(store, backup.path / DATABASE, progress)
    except DumpUnreadable as error:
        raise BackupError(str(error)) from error
    return rows, replay(backup.path.parent, store)


def replay(directory: Path, store: SqlStore) -> int:
    """Store what was copied at once and is not there yet; how many units."""
    units, added = list(read_mirror(directory)), 0
    for start in range(0, len(units), REPLAY):
        some = units[start:start + REPLAY]
        added += len({unit.unit_id for unit in some} - store.stored_units([unit.unit_id for unit in some]))
        store.save_units(some)
    return added


def keep_customers(settings: Settings) -> None:
    """The customer file is copied whenever it is another one (S4 §15). Raises OSError."""
    directory, source = settings.backup.directory, settings.customers
    if directory is None or source is None:
        return
    target = directory / f"customers-{_hash(source)[:12]}.csv"
    if not target.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = target.with_suffix(".partial")
        shutil.copyfile(source, fresh)
        fresh.chmod(0o600)
        fresh.replace(target)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.close(file)
