"""Nobody guesses a crew's PIN: after a few wrong ones the crew's door stays shut for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.crews import Stations

WRONG_AT_MOST = 5
SHUT_FOR = timedelta(minutes=10)


class PinGuard:
    """Counts wrong PINs per crew, in memory."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations
        self._wrong: dict[str, list[datetime]] = {}

    def check(self, crew_key: str, pin: str, now: datetime) -> bool:
        """Whether it is the crew's PIN."""
        crew = self._stations.crew(crew_key)
        recent = [at for at in self._wrong.get(crew_key, ()) if abs(now - at) < SHUT_FOR]
        if crew is None or len(recent) >= WRONG_AT_MOST:
            return False
        if crew.pin_matches(pin):
            self._wrong.pop(crew_key, None)
            return True
        self._wrong[crew_key] = [*recent, now]
        return False
