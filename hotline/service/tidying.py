"""Python's collector of garbage looks through all that is open only while nothing is being decided.

By itself it does so in the middle of any decision, and with ten thousand open tickets that takes some
0.2 s: longer than twenty decisions. What was open at the last look is passed over by the next ones.
"""

from __future__ import annotations

import gc
from typing import Any

import structlog

log = structlog.get_logger()
YOUNG, MIDDLE, NEVER = 20_000, 20, 1_000_000
"""Young garbage goes as it comes; how often the old is looked through by itself: not any more."""
LOOK_SECONDS, ALL_SECONDS = 300.0, 24 * 3600.0
"""What is new since the last look; and all, once a day, so that nothing stays for ever."""


class Tidying:
    """Looks at the start, every few minutes, and through everything once a day."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._everything_at = 0.0

    def start(self) -> None:
        """When all that is open has been read."""
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        self._look()

    def _look(self) -> None:
        now = self._reactor.seconds()
        if now >= self._everything_at:
            gc.unfreeze()
            self._everything_at = now + ALL_SECONDS
        found = gc.collect()
        gc.freeze()
        log.debug("memory tidied", found=found, kept=gc.get_freeze_count())
        self._reactor.callLater(LOOK_SECONDS, self._look)
