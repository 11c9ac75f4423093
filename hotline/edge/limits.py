"""How often strangers and softphones may knock; trunks are never limited (a whole city shares one)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MAX_ADDRESSES = 10_000
"""Remembered at once; the least recent is forgotten, so a flood of addresses costs no memory."""


class TokenBuckets:
    """One bucket for each address: `per_second` on average, `burst_seconds` of them at once."""

    def __init__(self, per_second: float, burst_seconds: float, seconds: Callable[[], float]) -> None:
        self._rate, self._most, self._seconds = per_second, max(1.0, per_second * burst_seconds), seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, tokens: float = 1.0) -> bool:
        """False when the bucket is empty. A debt (`tokens` above what is there) is paid back in time."""
        now = self._seconds()
        left, since = self._buckets.get(address, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        allowed = left >= 1.0
        self._buckets[address] = (max(left - tokens, -self._most) if allowed else left, now)
        self._buckets.move_to_end(address)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return allowed

    def charge(self, address: str, tokens: float) -> None:
        """Take more for something that was worse than a knock, whether it is there or not."""
        self.take(address, 0.0)
        left, since = self._buckets[address]
        self._buckets[address] = (max(left - tokens, -self._most), since)
