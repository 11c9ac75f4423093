"""Everything that stands behind `RoadDistance`: the straight line, and OSRM's table over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from dispatch.api import GeodesicRoads, Position, RoadDistance, RouteNotKnownError
from dispatch.distance import SafeRoads
from hotline.service.routing import OsrmRoads
from tests.support.reactors import own_reactor, until

Fill = Callable[..., None]
STATION, HOUSE, OTHER = Position(32.4355, 105.8412), Position(32.43, 105.875), Position(32.41, 105.77)


class Table(Resource):
    """As osrm-routed answers `/table/v1/…`; checks how it is asked."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted
        self.asked: list[str] = []
        self.answer: Callable[[int], Any] = lambda sources: {
            "code": "Ok", "distances": [[4200.5]] * sources, "durations": [[360.2]] * sources,
        }
        self.status, self.silent = 200, False

    def render_GET(self, request: Any) -> Any:
        path = request.path.decode()
        self.asked.append(path)
        assert path.startswith("/table/v1/driving/")
        points = path.rsplit("/", 1)[1].split(";")
        query = parse_qs(request.uri.decode().partition("?")[2], separator="&")
        sources = query["sources"][0].split(";")
        assert sources == [str(n) for n in range(len(points) - 1)]
        assert query["destinations"] == [str(len(points) - 1)]
        assert query["annotations"] == ["duration,distance"]
        assert all(104 < float(point.split(",")[0]) < 107 for point in points), "longitude comes first"
        if self.silent:
            return NOT_DONE_YET
        request.setResponseCode(self.status)
        return json.dumps(self.answer(len(sources))).encode()


@pytest.fixture
def table() -> Iterator[Table]:
    yield Table()


@pytest.fixture
def reactor() -> Iterator[Any]:
    with own_reactor() as own:
        yield own


@pytest.fixture
def osrm(table: Table, reactor: Any) -> OsrmRoads:
    make_site: Any = Site
    port = reactor.listenTCP(0, make_site(table, reactor=reactor), interface="127.0.0.1")
    return OsrmRoads(reactor, f"http://127.0.0.1:{port.getHost().port}", timeout_seconds=0.5)


@pytest.fixture
def fill(osrm: OsrmRoads, reactor: Any) -> Fill:
    def asks(*starts: Position) -> None:
        asked = osrm.want(starts or (STATION,), HOUSE)
        assert isinstance(asked, Deferred)
        done: list[Any] = []
        asked.addBoth(done.append)
        until(reactor, lambda: bool(done))
        assert done == [None], "its faults end there"

    return asks


@pytest.mark.parametrize("kind", ["line", "osrm"])
def test_kilometres_are_there_at_once_and_never_negative(kind: str, osrm: OsrmRoads, fill: Fill) -> None:
    roads: RoadDistance = GeodesicRoads(1.3)
    if kind == "osrm":
        fill()
        roads = osrm
    assert 3 < roads.km(STATION, HOUSE) < 5


def test_what_was_not_asked_for_is_not_known_and_the_line_counts(osrm: OsrmRoads) -> None:
    with pytest.raises(RouteNotKnownError):
        osrm.km(STATION, HOUSE)
    with pytest.raises(RouteNotKnownError):
        osrm.seconds(STATION, HOUSE)
    line = GeodesicRoads(1.3)
    assert SafeRoads(osrm, line).km(STATION, HOUSE) == line.km(STATION, HOUSE)


def test_distance_and_time_of_several_starts_with_one_question(
    osrm: OsrmRoads, table: Table, fill: Fill
) -> None:
    fill(STATION, OTHER, STATION)
    assert len(table.asked) == 1
    assert osrm.km(OTHER, HOUSE) == pytest.approx(4.2005) and osrm.seconds(STATION, HOUSE) == 360.2
    assert osrm.want([STATION, OTHER], HOUSE) is None, "known already"


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "NoTable"}, {"code": "Ok"}, {"code": "Ok", "distances": [[None]], "durations": [[1.0]]},
        {"code": "Ok", "distances": [[-1]], "durations": [[1]]},
        {"code": "Ok", "distances": "x", "durations": 3}, ["Ok"], "no",
    ],
)
def test_an_answer_that_says_nothing_changes_nothing(
    osrm: OsrmRoads, table: Table, fill: Fill, answer: Any
) -> None:
    table.answer = lambda _: answer
    fill()
    with pytest.raises(RouteNotKnownError):
        osrm.km(STATION, HOUSE)
    assert osrm.want([STATION], HOUSE) is None, "not asked again and again"


def test_a_service_that_refuses_or_is_silent_holds_nobody_up(
    osrm: OsrmRoads, table: Table, fill: Fill
) -> None:
    table.status = 503
    fill()
    table.silent = True
    fill(OTHER)
    with pytest.raises(RouteNotKnownError):
        osrm.km(OTHER, HOUSE)
