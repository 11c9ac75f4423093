"""The weekly backup: a process of its own, at the hour of the configuration, made up for when missed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from twisted.internet.utils import getProcessOutputAndValue

from hotline.service.backup import BackupError, backups
from hotline.settings import Backup as BackupSettings
from hotline.settings import Settings

log = structlog.get_logger()
LOOK_SECONDS = 300.0
WEEK = timedelta(days=7)
LATE = timedelta(days=1)
"""So long after its hour a missing backup is told."""


def last_hour(settings: BackupSettings, zone: ZoneInfo, now: datetime) -> datetime:
    """The latest moment at which a full backup was due."""
    local = now.astimezone(zone)
    at = time.fromisoformat(settings.time)
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    day = local.date() - timedelta(days=(local.weekday() - days.index(settings.weekday)) % 7)
    due = datetime.combine(day, at, zone)
    return due if due <= local else due - WEEK


def is_due(settings: BackupSettings, zone: ZoneInfo, last: datetime | None, now: datetime) -> bool:
    """Whether the week's backup is still to be made; the first one is due at once."""
    return last is None or last < last_hour(settings, zone, now)


class WeeklyBackup:
    """Looks every few minutes; one process at a time, at the lowest priority."""

    def __init__(
        self, reactor: Any, settings: Settings, config: Path, utcnow: Callable[[], datetime]
    ) -> None:
        """`config`: the file that the process is to read."""
        self._reactor, self._settings, self._config, self._utcnow = reactor, settings, config, utcnow
        self._zone = ZoneInfo(settings.timezone)
        self._running = False

    def start(self) -> None:
        if self._settings.backup.directory is not None:
            self._reactor.callLater(0, self._look)

    def last(self) -> datetime | None:
        """When the newest whole backup was taken."""
        if self._settings.backup.directory is None:
            return None
        try:
            return max((backup.taken_at for backup in backups(self._settings.backup.directory)), default=None)
        except (BackupError, OSError):
            return None

    def notices(self) -> tuple[str, ...]:
        """What `/ready` says when the week's backup is missing for a day."""
        if self._settings.backup.directory is None:
            return ("no backup.directory: nothing is backed up",)
        last, due = self.last(), last_hour(self._settings.backup, self._zone, self._utcnow())
        if last is not None and (last >= due or self._utcnow() < due + LATE):
            return ()
        return (f"no full backup since {last.isoformat() if last else 'ever'}: try `hotline backup now`",)

    def _look(self) -> None:
        self._reactor.callLater(LOOK_SECONDS, self._look)
        if self._running or not is_due(self._settings.backup, self._zone, self.last(), self._utcnow()):
            return
        self._running = True
        program = "from hotline.cli import main; main()"
        words = ["-n", "19", sys.executable, "-c", program, "backup", "now", "--config", str(self._config)]
        run: Any = getProcessOutputAndValue  # Twisted's own has no types
        done = run("nice", words, env=dict(os.environ), reactor=self._reactor)
        done.addCallbacks(self._ended, self._ended)

    def _ended(self, result: Any) -> None:
        self._running = False
        if isinstance(result, tuple) and result[2] == 0:
            log.info("full backup made")
            return
        log.error("full backup failed; tried again", why=_last_words(result),
                  advice="try `hotline backup now` by hand")


def _last_words(result: Any) -> str:
    if isinstance(result, tuple):
        return bytes(result[1] or result[0])[-400:].decode(errors="replace")
    return str(result)
