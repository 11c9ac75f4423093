"""A clock that jumps from one event to the next."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

Action = Callable[[], None]


class World:
    """What will happen, in order of time; times are seconds from the beginning."""

    def __init__(self, begin: datetime) -> None:
        self.begin = begin
        self.seconds = 0.0
        self._plan: list[tuple[float, int, Action]] = []
        self._numbers = count()

    @property
    def now(self) -> datetime:
        return self.begin + timedelta(seconds=self.seconds)

    def since_begin(self, moment: datetime) -> float:
        return (moment - self.begin).total_seconds()

    def after(self, seconds: float, action: Action) -> None:
        self.at(self.seconds + max(0.0, seconds), action)

    def at(self, seconds: float, action: Action) -> None:
        heapq.heappush(self._plan, (seconds, next(self._numbers), action))

    def next_at(self) -> float | None:
        return self._plan[0][0] if self._plan else None

    def step(self) -> None:
        """Let the next thing happen."""
        seconds, _, action = heapq.heappop(self._plan)
        self.seconds = max(self.seconds, seconds)
        action()
