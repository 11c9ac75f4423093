"""What the commands that look things up share: the store, the journals, local time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dispatch.api import SqlStore, Store, StoreUnavailable
from hotline import journal
from hotline.errors import HotlineError, StoreUnavailableError
from hotline.segments import LATER, with_last_done
from hotline.settings import Settings
from hotline.settings_file import SQLITE, read_secret


class NoDatabaseYetError(StoreUnavailableError):
    """The first `hotline serve` makes it. Another installation's: --config FILE, or HOTLINE_CONFIG."""


class NothingThereError(HotlineError):
    """Nothing of that name is stored. `list` shows what there is."""


@contextlib.contextmanager
def store_of(settings: Settings) -> Iterator[Store]:
    """The database of the service, for reading. Raises StoreUnavailableError."""
    url = settings.database.url
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
        raise NoDatabaseYetError(f"no database yet at {url}: has the service ever run?")
    store = SqlStore(url, read_secret(settings.database.password_file, ""))
    try:
        yield store
    except StoreUnavailable as error:
        raise StoreUnavailableError(f"the database does not answer: {error}") from error
    finally:
        store.close()


def journal_of(settings: Settings, call_id: str) -> list[dict[str, Any]]:
    """The records of a call that are still in its journal file; empty when there is none."""
    if "/" in call_id or call_id.startswith("."):
        return []
    folder = settings.paths.state / "journal"
    names = (f"{call_id}.jsonl", f"{call_id}{LATER}.jsonl")
    paths = [place / name for name in names for place in (folder, folder / "done")]
    found = [entry.record.model_dump(mode="json") for path in paths for entry in journal.read(path)]
    if found:
        return found
    return [
        entry.record.model_dump(mode="json")
        for path in with_last_done(folder)
        for entry in journal.read(path) if entry.record.call_id == call_id
    ]
