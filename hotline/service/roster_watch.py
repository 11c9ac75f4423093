"""Keeps dispatch's roster current, and says weeks ahead when it ends or leaves hours without anybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from dispatch.api import Dispatch, build_roster, change_of, roster_notices
from dispatch.deadlines import WorkCalendar
from hotline.roster_file import load_rows
from hotline.settings import Settings

log = structlog.get_logger()
DAY_SECONDS = 24 * 3600


class RosterWatch:
    """Looked at when the service starts, when it reloads, and every day."""

    def __init__(
        self, reactor: Any, settings: Settings, dispatch: Dispatch, utcnow: Callable[[], datetime]
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._dispatch = dispatch
        self._utcnow = utcnow
        self._next: Any = None
        self.notices: tuple[str, ...] = ()
        """What somebody must do, for health and metrics."""

    def reload(self, calendar: WorkCalendar) -> None:
        """Take the file over as it is now. Raises ConfigurationError; then the old roster stays."""
        path = self._settings.dispatch.roster
        rows = load_rows(path, self._dispatch.rules.stations) if path is not None else ()
        self._dispatch.replace_roster(build_roster(calendar, rows))
        self.look()

    def look(self) -> None:
        """Reckon the next weeks through; again in a day."""
        rules = self._dispatch.rules
        local = self._utcnow().astimezone(ZoneInfo(self._settings.timezone)).replace(tzinfo=None)
        changes = [change_of(one, rules.timezone) for one in self._dispatch.duty_changes()]
        self.notices = tuple(roster_notices(rules.stations, rules.roster, local, more=changes))
        for notice in self.notices:
            log.warning("the roster needs somebody", why=notice, advice="see `hotline crews coverage`")
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = self._reactor.callLater(DAY_SECONDS, self.look)

    def stop(self) -> None:
        if self._next is not None and self._next.active():
            self._next.cancel()
