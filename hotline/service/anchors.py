"""Sets an anchor over the history every hour, and keeps its hash outside the database.

Who may do everything in the database can forge a whole chain with its anchors, but not the file in
the state directory, nor the log to which the hash goes too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from twisted.internet.threads import deferToThreadPool

from dispatch.api import Dispatch, StoreUnavailable

log = structlog.get_logger()
FILE = "history-anchors.jsonl"
FIRST_SECONDS, EVERY_SECONDS = 60.0, 3600.0


class Anchors:
    """One for each controller; whoever comes first sets the anchor."""

    def __init__(
        self, reactor: Any, dispatch: Dispatch, state: Path, utcnow: Callable[[], datetime]
    ) -> None:
        self._reactor, self._dispatch, self._state, self._utcnow = reactor, dispatch, state, utcnow

    def start(self) -> None:
        self._reactor.callLater(FIRST_SECONDS, self._turn)

    def _turn(self) -> None:
        self._reactor.callLater(EVERY_SECONDS, self._turn)
        done = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self.set_anchor)
        done.addErrback(lambda why: log.error("no anchor set", why=why.getErrorMessage()))

    def set_anchor(self) -> bool:
        """Cover what has been written since the last one. False: nothing has, or the database is away.

        A crash between database and file leaves an anchor that is not kept outside: one is missing
        there, and the check takes it as it is.
        """
        try:
            made = self._dispatch.store.set_anchor(self._utcnow())
        except StoreUnavailable:
            return False
        if made is None:
            return False
        line = json.dumps({"number": made.number, "at": made.at.isoformat(), "hash": made.hash})
        with os.fdopen(_open(self._state / FILE), "w") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        log.info("history anchored", number=made.number, hash=made.hash, chains=len(made.heads))
        return True


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def kept_anchors(place: Path) -> dict[int, str]:
    """Hashes by number, from the file or the state directory it lies in; what is no line is passed over."""
    path = place / FILE if place.is_dir() else place
    found: dict[int, str] = {}
    if not path.exists():
        return found
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            anchor = json.loads(line)
            found[int(anchor["number"])] = str(anchor["hash"])
        except (ValueError, KeyError, TypeError):
            log.warning("anchor line unreadable", path=str(path))
    return found
