"""How often a channel may be used: kept by us, so that the other side never has to shut us out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """At most so many messages in any so many seconds."""

    count: int
    seconds: float


class Limiter:
    """Sliding windows over wall-clock seconds. Ordinary messages leave a share for emergencies."""

    def __init__(self, windows: Sequence[Window], reserved: float = 0.25, past: Sequence[float] = ()) -> None:
        """`past`: when messages went out before our start."""
        self._windows = tuple(windows)
        self._reserved = reserved
        self._longest = max((window.seconds for window in windows), default=0.0)
        self._sent: deque[float] = deque(past)
        self._blocked_until = 0.0

    def wait(self, now: float, *, urgent: bool) -> float:
        """Seconds until the next message may go out; 0: at once."""
        self._forget(now)
        waits = [self._blocked_until - now]
        for window in self._windows:
            allowed = window.count if urgent else max(1, int(window.count * (1 - self._reserved)))
            inside = [at for at in self._sent if at > now - window.seconds]
            if len(inside) >= allowed:
                waits.append(inside[len(inside) - allowed] + window.seconds - now)
        return max(0.0, *waits)

    def sent(self, now: float) -> None:
        self._sent.append(now)

    def block(self, until: float) -> None:
        """The other side said that it wants nothing before then."""
        self._blocked_until = max(self._blocked_until, until)

    def past(self) -> list[float]:
        return list(self._sent)

    @property
    def blocked_until(self) -> float:
        return self._blocked_until

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - self._longest:
            self._sent.popleft()
        if self._sent and self._sent[-1] > now + 1:  # the clock jumped back: count them as just sent
            self._sent = deque(min(at, now) for at in self._sent)
        if self._blocked_until > now + 3600:
            self._blocked_until = now + 3600
