"""Recordings are callers' data and are deleted after `recording.keep_days`; that it was done is on record.

Those of a call whose ticket or incident is still open stay, however old. The database is told first:
killed in between, the next sweep finds the file again and does the same once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from twisted.internet.threads import deferToThreadPool

from dispatch.api import Dispatch, DispatchError
from hotline.events import RecordingDeleted
from hotline.settings import Settings

log = structlog.get_logger()
JOURNAL = "retention"
"""Under this name the database counts what is told without a journal file."""
FIRST_SWEEP_SECONDS, SWEEP_SECONDS = 600.0, 24 * 3600.0


class Retention:
    """Sweeps a while after each start, and daily."""

    def __init__(
        self, reactor: Any, settings: Settings, dispatch: Dispatch, utcnow: Callable[[], datetime]
    ) -> None:
        self._reactor, self._settings, self._dispatch, self._utcnow = reactor, settings, dispatch, utcnow
        self._zone = ZoneInfo(settings.timezone)

    def start(self) -> None:
        self._reactor.callLater(FIRST_SWEEP_SECONDS, self._turn)

    def _turn(self) -> None:
        """Who must stay is known in memory; files and database are slow and have a thread."""
        self._reactor.callLater(SWEEP_SECONDS, self._turn)
        due = [file for file in self.due() if not self._needed(file.stem)]
        swept = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self.delete, due)
        swept.addErrback(lambda why: log.error("recordings not swept", why=why.getErrorMessage()))

    def due(self) -> list[Path]:
        """Recordings from days before the last that is kept, the oldest first."""
        today = self._utcnow().astimezone(self._zone).date()
        oldest_kept = today - timedelta(days=self._settings.recording.keep_days)
        return sorted(
            file for day, folder in _days(self._settings.paths.recordings) if day < oldest_kept
            for file in folder.glob("*.wav")
        )  # fmt: skip

    def _needed(self, call_id: str) -> bool:
        tickets, page = self._dispatch.tickets_of_call(call_id), self._dispatch.page(call_id)
        named = [ticket.incident for ticket in tickets] + ([page.incident] if page else [])
        incidents = [self._dispatch.incident(name) for name in named if name]
        still_open = any(ticket.closed_at is None for ticket in tickets)
        return still_open or any(incident is not None and incident.open for incident in incidents)

    def delete(self, files: list[Path]) -> int:
        """Tell the database, then delete; how many. What the database cannot be told of stays."""
        deleted = 0
        for file in files:
            try:
                self._tell(file)
                file.unlink(missing_ok=True)
            except (DispatchError, OSError) as error:
                log.error("recording not deleted; tried again tomorrow", path=file.name, why=str(error))
                break
            deleted += 1
            for folder in list(file.parents)[:3]:
                with contextlib.suppress(OSError):
                    folder.rmdir()  # only an empty one goes
        if deleted:
            log.info("old recordings deleted", count=deleted)
        return deleted

    def _tell(self, file: Path) -> None:
        record = RecordingDeleted(
            event_id=f"{file.stem}/retention", call_id=file.stem, at=self._utcnow(),
            path=str(file.relative_to(self._settings.paths.recordings)),
            keep_days=self._settings.recording.keep_days,
        )  # fmt: skip
        self._dispatch.record_events(JOURNAL, [record.model_dump(mode="json")], 0)


def _days(recordings: Path) -> Iterator[tuple[date, Path]]:
    """The folders `YYYY/MM/DD`; prompts and whatever else lies there are not ours to delete."""
    for folder in recordings.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"):
        with contextlib.suppress(ValueError):
            yield date.fromisoformat("-".join(folder.parts[-3:])), folder
