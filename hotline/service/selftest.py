"""A call of ours over the trunk to our own number, every minute: it says that the line lives (design rule 9).

A dead carrier is noticed before a caller notices it, and told by every way that needs no carrier.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from dispatch.api import AnyCommand, RaiseNotice
from hotline.ipc import Job
from hotline.paging.settings import SelfTest as SelfTestSettings

log = structlog.get_logger()
NAME = "selftest-"
"""With this the names of its calls begin."""
PATIENCE_SECONDS = 45.0
"""From the order until the call must be over."""


class SelfTest:
    def __init__(
        self, clock: Any, settings: SelfTestSettings, flow: str, originate: Callable[[Job], bool],
        tell: Callable[[AnyCommand], object], utcnow: Callable[[], datetime], line_ok: Callable[[bool], None],
    ) -> None:
        """`line_ok` takes the newest result, for the metrics."""
        self._clock, self._settings, self._flow = clock, settings, flow
        self._originate, self._tell, self._utcnow, self._line_ok = originate, tell, utcnow, line_ok
        self._waiting = ""
        self._failures = 0
        self._told = False

    def start(self) -> None:
        """Nothing happens without a number."""
        if self._settings.number:
            self._clock.callLater(self._settings.every_seconds, self._go)

    def _go(self) -> None:
        self._clock.callLater(self._settings.every_seconds, self._go)
        if self._waiting:
            return
        call_id = f"{NAME}{self._utcnow():%Y%m%dT%H%M%S}"
        job = Job(call_id=call_id, purpose="selftest", entry=self._flow, drill=True,
                  dial=self._settings.number, facts={"drill": "yes", "ring_seconds": "20"})
        if not self._originate(job):
            return  # the edge is away: known otherwise, and says nothing of the line
        self._waiting = call_id
        self._clock.callLater(PATIENCE_SECONDS, self._late, call_id)

    def ended(self, call_id: str, *, answered: bool) -> None:
        """One of its calls is over."""
        if call_id == self._waiting:
            self._waiting = ""
            self._result(ok=answered)

    def not_begun(self, call_id: str) -> None:
        """No worker could be had: it says nothing of the line."""
        if call_id == self._waiting:
            self._waiting = ""

    def _late(self, call_id: str) -> None:
        self.ended(call_id, answered=False)

    def _result(self, *, ok: bool) -> None:
        self._line_ok(ok)
        self._failures = 0 if ok else self._failures + 1
        if not ok:
            log.error("the self-test call was not answered", failures=self._failures,
                      advice="look after the trunk; callers may not reach us")
        if self._failures >= self._settings.failures_to_alarm and not self._told:
            self._told = True
            self._say("line_dead", "线路自检连续失败，客户可能打不进热线，请立即检查线路并启用应急转接。")
        elif ok and self._told:
            self._told = False
            self._say("line_back", "线路自检已经恢复正常。")

    def _say(self, topic: str, text: str) -> None:
        now = self._utcnow()
        for to in ("duty_centre", "alarm_places"):
            self._tell(RaiseNotice(event_id=f"{topic}:{to}:{now.isoformat()}", at=now, to=to, topic=topic,
                                   text=text, urgent=True))
