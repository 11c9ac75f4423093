"""Which agents can be rung: registered with the edge and not in a call."""

from __future__ import annotations

from collections.abc import Sequence


class Presence:
    """Agents' phones as edge and calls tell of them."""

    def __init__(self, members: Sequence[str]) -> None:
        """`members`: softphone users in the configured order."""
        self._members = tuple(members)
        self._reachable: set[str] = set()
        self._busy: dict[str, set[str]] = {}
        self._last_used: dict[str, int] = {}
        self._turn = 0

    def registered(self, user: str, reachable: bool) -> None:
        if reachable:
            self._reachable.add(user)
        else:
            self._reachable.discard(user)

    def forget_all(self) -> None:
        """The edge is gone; it tells all registrations again when it is back."""
        self._reachable.clear()

    def leg_started(self, user: str, leg: str) -> None:
        self._busy.setdefault(user, set()).add(leg)
        self._turn += 1
        self._last_used[user] = self._turn

    def leg_ended(self, leg: str) -> None:
        for user, legs in list(self._busy.items()):
            legs.discard(leg)
            if not legs:
                del self._busy[user]

    def call_over(self, call_id: str) -> None:
        """Whatever legs a dead worker left behind are over with its call (legs are `<call_id>/<leg_id>`)."""
        for leg in [leg for legs in self._busy.values() for leg in legs if leg.startswith(f"{call_id}/")]:
            self.leg_ended(leg)

    def free(self) -> list[str]:
        """Whom to ring, longest unused first."""
        able = [user for user in self._members if user in self._reachable and user not in self._busy]
        return sorted(able, key=lambda user: self._last_used.get(user, 0))

    def reachable(self) -> list[str]:
        return [user for user in self._members if user in self._reachable]
