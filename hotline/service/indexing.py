"""Indexes, bit by bit, what was stored before there was a search index: `python -m … --config FILE`.

The transcriber starts it once, at its own low priority; search finds everything meanwhile, only slower.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from dispatch.api import DispatchError, SqlStore
from hotline.errors import HotlineError
from hotline.logs import configure
from hotline.settings_file import load_settings, read_secret

log = structlog.get_logger()
EVENTS_AT_ONCE = 2000
"""Some 0.1 s of the database's time, and then another may write."""
DONE, LATER, CANNOT = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """`LATER` when the database is away, or not up to date yet."""
    parser = argparse.ArgumentParser(prog="hotline-indexing", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        settings = load_settings(given.config)
    except HotlineError as error:
        print(error, file=sys.stderr)
        return CANNOT
    configure(settings.logging, "indexing")
    store = SqlStore(settings.database.url, read_secret(settings.database.password_file, ""))
    try:
        while left := store.catch_up_search(EVENTS_AT_ONCE):
            log.info("indexing what was said", events_left=left)
    except DispatchError as error:
        log.info("the search index waits for the database", why=str(error))
        return LATER
    finally:
        store.close()
    return DONE


if __name__ == "__main__":
    sys.exit(main())
