"""Distances and times by road from an OSRM server, asked for beforehand: no decision ever waits for it.

What is not known yet is taken by the straight line (dispatch.distance.SafeRoads). When an answer
comes, dispatch is told, and reckons its forecasts anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import structlog
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from dispatch.api import Dispatch, Position, RouteNotKnownError, RoutesKnown
from hotline.paging.http import HttpClient
from hotline.settings import Settings

log = structlog.get_logger()
Pair = tuple[Position, Position]
Journey = tuple[str, Position, Sequence[Position]]
"""Incident, its place, and from where somebody may come."""
PLACES = 4
"""Decimals of a position: 11 m; a vehicle that stands still is asked for once."""
KNOWN = 50_000
"""So many pairs are kept, those used last."""
SOURCES = 100
"""OSRM refuses larger tables by default (`--max-table-size`)."""
HTTP_OK = 200
RETRY_SECONDS = 30.0
"""What could not be had is asked for again after this."""


class OsrmRoads:
    """Meets `dispatch.distance.RoadDistance` and `RoadTime` from memory; `want` fills it."""

    def __init__(
        self, reactor: Any, url: str, *, profile: str = "driving", timeout_seconds: float = 2.0,
        known: Callable[[], None] | None = None,
    ) -> None:
        """`url`: the server's root, as http://127.0.0.1:5000. `known` is called when something has come."""
        self._reactor = reactor
        self._root = f"{url.rstrip('/')}/table/v1/{profile}"
        self._known = known
        self._http = HttpClient(reactor, timeout_seconds=timeout_seconds)
        self._routes: OrderedDict[Pair, tuple[float, float] | None] = OrderedDict()
        self._asked: dict[Pair, float] = {}

    # ---- dispatch asks, and has its answer at once
    def km(self, start: Position, end: Position) -> float:
        """Kilometres by road. Raises RouteNotKnownError."""
        return self._route(start, end)[0] / 1000

    def seconds(self, start: Position, end: Position) -> float:
        """Driving time. Raises RouteNotKnownError."""
        return self._route(start, end)[1]

    def _route(self, start: Position, end: Position) -> tuple[float, float]:
        pair = (_rounded(start), _rounded(end))
        found = self._routes.get(pair)
        if found is None:
            raise RouteNotKnownError
        self._routes.move_to_end(pair)
        return found

    # ---- beforehand
    def want(self, starts: Iterable[Position], end: Position) -> Deferred[None] | None:
        """Ask for what is not known and was not asked for just now; None when there is nothing to ask."""
        goal, now = _rounded(end), self._reactor.seconds()
        self._asked = {pair: at for pair, at in self._asked.items() if now - at < RETRY_SECONDS}
        places = dict.fromkeys(_rounded(start) for start in starts)
        known = (self._routes, self._asked)
        fresh = (place for place in places if not any((place, goal) in one for one in known))
        missing = list(islice(fresh, SOURCES))
        if not missing:
            return None
        self._asked.update({(place, goal): now for place in missing})
        asked = ensureDeferred(self._ask(missing, goal))
        asked.addErrback(self._failed)
        return asked

    async def _ask(self, starts: Sequence[Position], goal: Position) -> None:
        """Raises NoAnswerError, ValueError."""
        answer = await self._http.get(self._url(starts, goal))
        if answer.status != HTTP_OK:
            raise ValueError(f"status {answer.status}")
        self._take(answer.document(), starts, goal)

    def _url(self, starts: Sequence[Position], goal: Position) -> str:
        points = ";".join(f"{p.longitude:.{PLACES}f},{p.latitude:.{PLACES}f}" for p in (*starts, goal))
        sources = ";".join(str(number) for number in range(len(starts)))
        options = f"sources={sources}&destinations={len(starts)}&annotations=duration,distance"
        return f"{self._root}/{points}?{options}"

    def _take(self, document: dict[str, Any], starts: Sequence[Position], goal: Position) -> None:
        """Rows of metres and seconds; null where no road leads. Raises ValueError for anything else."""
        if document.get("code") != "Ok":
            raise ValueError("the routing service did not say Ok")
        distances, durations = document.get("distances"), document.get("durations")
        for number, start in enumerate(starts):
            metres, seconds = _cell(distances, number), _cell(durations, number)
            if metres is not None and seconds is not None:
                self._routes[start, goal] = (metres, seconds)
        while len(self._routes) > KNOWN:
            self._routes.popitem(last=False)
        if self._known is not None:
            self._known()

    def _failed(self, failure: Failure) -> None:
        """The straight line goes on counting; asked again later."""
        error = type(failure.value).__name__
        log.warning("routing service does not answer; straight lines count", error=error)

    def stop(self) -> Deferred[None]:
        return self._http.close()


def planner(
    reactor: Any, settings: Settings, dispatch: Dispatch, utcnow: Callable[[], datetime]
) -> RoutePlanner | None:
    """The routing service of the configuration, plugged into dispatch; None without one."""
    routing = settings.dispatch.routing
    if routing is None:
        return None
    roads = OsrmRoads(reactor, routing.url, profile=routing.profile, timeout_seconds=routing.timeout_seconds)
    dispatch.replace_roads(roads)

    def tell(incident: str) -> None:
        now = utcnow()
        dispatch.tell(RoutesKnown(event_id=f"routes:{incident}:{now.isoformat()}", at=now, incident=incident))

    return RoutePlanner(roads, dispatch.journeys, tell)


class RoutePlanner:
    """Asks for the ways to every emergency that somebody must still reach, from where crews are."""

    def __init__(
        self, roads: OsrmRoads, look: Callable[[], Iterable[Journey]], tell: Callable[[str], None]
    ) -> None:
        """`look`: incidents with their place and where crews are; `tell`: its routes are known."""
        self._roads = roads
        self._look = look
        self._tell = tell

    def look(self) -> None:
        """Each turn of the controller; quick when nothing is new."""
        for incident, place, starts in self._look():
            asked = self._roads.want(starts, place)
            if asked is not None:
                asked.addCallback(self._known, incident)

    def _known(self, _: None, incident: str) -> None:
        try:
            self._tell(incident)
        except Exception:
            # A mistake of ours there must not end in a Deferred that nobody looks at.
            log.exception("routes not told", incident=incident)


def _rounded(place: Position) -> Position:
    return Position(round(place.latitude, PLACES), round(place.longitude, PLACES))


def _cell(table: Any, row: int) -> float | None:
    """One number of a one-column table; None where it has none."""
    try:
        value = table[row][0]
    except (TypeError, IndexError, KeyError):
        return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e8
    return float(value) if good else None
