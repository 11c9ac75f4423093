"""A flood of alarms of one kind rings once: the first speaks for all that come while it is open."""

from __future__ import annotations

from datetime import datetime, timedelta

FORGOTTEN = timedelta(seconds=30)
"""Dispatch gives an open order again every few seconds; one not seen for so long is settled."""


class Gathering:
    """Which alarm rings, and which wait for it to be confirmed; by effect."""

    def __init__(self, reasons: tuple[str, ...] = ("no_number", "callback_failed")) -> None:
        """`reasons`: of these a flood may come; alarms of an emergency always ring by themselves."""
        self._reasons = reasons
        self._leader: dict[str, str] = {}
        self._seen: dict[str, datetime] = {}
        self._followers: dict[str, set[str]] = {}

    def rings(self, reason: str, incident: str, effect_id: str, now: datetime) -> int:
        """How many the alarm speaks for; 0: another one rings for it."""
        if incident or reason not in self._reasons:
            return 1
        leader = self._leader.get(reason, "")
        if leader != effect_id and (not leader or now - self._seen[leader] > FORGOTTEN):
            self._forget(leader)
            leader = self._leader[reason] = effect_id
        if leader == effect_id:
            self._seen[leader] = now
            return 1 + len(self._followers.get(leader, ()))
        self._followers.setdefault(leader, set()).add(effect_id)
        return 0

    def settled(self, effect_id: str) -> set[str]:
        """It was confirmed: all that it spoke for."""
        followers = self._followers.get(effect_id, set())
        for reason, leader in list(self._leader.items()):
            if leader == effect_id:
                del self._leader[reason]
        self._forget(effect_id)
        return followers

    def _forget(self, effect_id: str) -> None:
        self._seen.pop(effect_id, None)
        self._followers.pop(effect_id, None)
