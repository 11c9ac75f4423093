"""`hotline backup`: make, list, prove and restore backups."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dispatch.api import SqlStore, StoreUnavailable
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json, print_rows
from hotline.errors import StoreUnavailableError
from hotline.service import backup
from hotline.service.dispatching import build_store
from hotline.settings_file import load_settings, read_secret

app = typer.Typer(no_args_is_help=True)
COLUMNS = {"name": "backup", "taken": "taken at", "version": "version", "rows": "rows", "megabytes": "MB"}
NameArgument = Annotated[str, typer.Argument(help="As `list` names it; nothing: the newest.")]


@app.command()
def now(
    config: ConfigOption = DEFAULT_CONFIG,
    recordings: Annotated[
        bool, typer.Option("--recordings", help="Copy the recordings as well, each once.")
    ] = False,
) -> None:
    """Make a full backup while the service runs."""
    settings = load_settings(config)
    store = build_store(settings)
    with _progress() as progress, _database():
        made = backup.make(settings, store, datetime.now(UTC), progress)
        copied = backup.copy_recordings(settings, progress) if recordings or settings.backup.recordings else 0
    store.close()
    print(f"{made.path}: {sum(made.rows.values())} rows, {made.bytes / 1e6:.1f} MB, {copied} recordings")


@app.command("list")
def list_backups(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List the full backups, the oldest first."""
    directory = backup.directory_of(load_settings(config))
    rows = [
        {
            "name": found.name, "taken": found.taken_at.isoformat(), "version": found.version,
            "rows": sum(found.rows.values()), "megabytes": round(found.bytes / 1e6, 1),
        }
        for found in backup.backups(directory)
    ]
    print_rows(rows, COLUMNS, as_json=as_json, empty="no backup yet")


@app.command()
def verify(
    name: NameArgument = "", config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """Prove a backup: its hashes, and a real restore into a throwaway database, counted."""
    settings = load_settings(config)
    chosen = _chosen(backup.directory_of(settings), name)
    with tempfile.TemporaryDirectory() as folder, _progress() as progress:
        store = SqlStore(f"sqlite:///{folder}/restored.db")
        rows, added = backup.restore(chosen, store, progress)
        store.close()
    if as_json:
        print_json({"name": chosen.name, "rows": rows, "added": added})
        return
    print(f"{chosen.name}: whole; {sum(rows.values())} rows restored, {added} units of later copies on top")


@app.command()
def restore(
    name: NameArgument = "",
    into: Annotated[str, typer.Option(help="SQLAlchemy URL of an empty database.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="The database user's password.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Fill an empty database from a backup and the copies made at once after it."""
    if not into:
        advice = "name an empty database, as in sqlite:////srv/restored.db"
        raise typer.BadParameter(advice, param_hint="--into")
    chosen = _chosen(backup.directory_of(load_settings(config)), name)
    store = SqlStore(into, read_secret(password_file, "") if password_file else "")
    with _progress() as progress, _database():
        rows, added = backup.restore(chosen, store, progress)
    store.close()
    print(f"{sum(rows.values())} rows restored, {added} units of later copies on top")
    print(f"now set database.url to it and start the service; journals and files stand in "
          f"{chosen.path / backup.FILES}")


def _chosen(directory: Path, name: str) -> backup.Backup:
    found = list(backup.backups(directory))
    if not found:
        raise backup.BackupError(f"no backup in {directory}")
    for one in found:
        if one.name == name:
            return one
    if name:
        raise backup.BackupError(f"no backup {name!r} in {directory}")
    return found[-1]


@contextlib.contextmanager
def _database() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise StoreUnavailableError(f"the database does not answer: {error}") from error


@contextlib.contextmanager
def _progress() -> Iterator[backup.Progress]:
    """A bar for each table on standard error; nothing when that is no terminal."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), disable=not Console(stderr=True).is_terminal, transient=True,
    )  # fmt: skip
    tasks: dict[str, object] = {}
    with bar:

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]  # what add_task gave

        yield show
