"""Several nodes on one database: each works on its own, a dead one's work is claimed, nothing is lost."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings, strategies

from dispatch.api import CrewReport, PageOrder, SqlStore, TicketRequest, TicketTaken
from dispatch.errors import StoreUnavailable
from dispatch.forwarding import KINDS, decode, encode
from dispatch.model import Assignment, Incident
from dispatch.store.nodes import NodeStore
from tests.support.dispatch import NOON, Desk, rules
from tests.support.postgres import Postgres

LEASE = 0.05
"""Real seconds: leases run by the database's clock."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create_database(f"n{abs(hash(request.node.name)) % 10**9}")


class Nodes:
    """Desks on one database, each with its own journal and phones."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._made: list[tuple[Desk, SqlStore]] = []
        self._ids = itertools.count(1)

    def node(self, name: str, lease_seconds: float = 60) -> Desk:
        store = SqlStore(self._url)
        desk = Desk(
            self._folder / name, store, rules=rules(node=name), lease_seconds=lease_seconds,
            numbers=self._ids, ids=itertools.count(ord(name) * 1000),
        )  # fmt: skip
        self._made.append((desk, store))
        turn(desk)
        return desk

    def close(self) -> None:
        for _, store in self._made:
            store.close()


@pytest.fixture
def nodes(url: str, tmp_path: Path) -> Iterator[Nodes]:
    made = Nodes(url, tmp_path)
    yield made
    made.close()


def turn(*desks: Desk) -> None:
    """What the threads and the reactor do every few seconds."""
    for desk in desks:
        desk.dispatch.run()
        assert desk.dispatch.link is not None
        desk.dispatch.link.turn()
        desk.dispatch.run()


def die(desk: Desk) -> None:
    """As by SIGKILL: nothing is said to anybody."""
    desk.dispatch._journal.close()


def until_dead(nodes: Nodes, *left: Desk) -> None:
    gone = threading.Event()
    gone.wait(LEASE * 2)
    turn(*left)


def rung(desk: Desk) -> list[PageOrder]:
    return [order for order in desk.notes.orders if isinstance(order, PageOrder)]


def numbers(desk: Desk) -> list[str]:
    return sorted(ticket.number for ticket in desk.dispatch.queue())


def test_each_works_on_its_own_and_numbers_never_meet(nodes: Nodes) -> None:
    a, b = nodes.node("A"), nodes.node("B")
    a.located("c1")
    b.located("c2")
    turn(a, b)
    assert [i.node for i in a.dispatch.open_incidents()] == ["A"]
    assert [i.node for i in b.dispatch.open_incidents()] == ["B"]
    assert a.incident("c1").tickets[0] == "GS-20261123-A0001"
    assert b.incident("c2").tickets[0] == "GS-20261123-B0001"


def test_a_crew_that_another_node_has_sent_is_busy_here(nodes: Nodes) -> None:
    a, b = nodes.node("A"), nodes.node("B")
    a.located("c1")
    a.accept("A", "c1")
    turn(a, b)
    b.located("c2")
    assert b.ringing("B", "c2")
    assert not [p for p in b.dispatch.pages(b.incident("c2").key) if p.target == "A"]


def test_a_dead_nodes_emergency_is_claimed_and_the_next_crew_is_rung(nodes: Nodes) -> None:
    a, b = nodes.node("A", LEASE), nodes.node("B")
    incident = a.located("c1")
    turn(a)
    first = a.ringing("A", "c1")
    die(a)
    until_dead(nodes, b)
    [claimed] = b.dispatch.open_incidents()
    assert (claimed.key, claimed.node) == (incident.key, "B")
    assert "claimed" in b.history(incident.key)
    states = {page.page_id: page.state for page in b.dispatch.pages(incident.key)}
    assert states[first.page_id] == "failed"
    assert any(order.page_id != first.page_id for order in rung(b)), "somebody else is rung"


def test_what_a_crew_took_before_its_node_died_stays_taken(nodes: Nodes) -> None:
    a, b = nodes.node("A", LEASE), nodes.node("B")
    incident = a.located("c1")
    a.accept("A", "c1")
    turn(a)
    die(a)
    until_dead(nodes, b)
    [mine] = b.dispatch.assignments(incident.key)
    assert (mine.crew, mine.state) == ("A", "acknowledged")
    b.crew("A", "on_scene")
    assert b.dispatch.assignments(incident.key)[0].state == "on_scene"


def test_a_node_that_was_claimed_from_gives_up_and_passes_on_what_it_learned(nodes: Nodes) -> None:
    a, b = nodes.node("A", LEASE), nodes.node("B")
    incident = a.located("c1")
    turn(a)
    until_dead(nodes, b)
    a.accept("A", "c1")  # A lives, and only could not reach the database for a while
    turn(a)
    assert a.dispatch.open_incidents() == []
    turn(a, b)
    held = {one.crew: one.state for one in b.dispatch.assignments(incident.key)}
    assert held["A"] == "acknowledged"


def test_what_a_claimed_node_still_writes_does_not_overwrite_the_claim(nodes: Nodes) -> None:
    a, b = nodes.node("A", LEASE), nodes.node("B")
    incident = a.located("c1")
    turn(a)
    until_dead(nodes, b)
    b.accept(rung(b)[-1].target, "c1")
    turn(b)
    a.wait(61)  # A pages on meanwhile and stores it
    with_b = {one.crew for one in b.dispatch.assignments(incident.key) if one.state == "acknowledged"}
    stored = {
        one.crew for one in b.store.of_incident(incident.key)
        if isinstance(one, Assignment) and one.state == "acknowledged"
    }
    assert with_b and stored == with_b
    [owner] = [one.node for one in b.store.of_incident(incident.key) if isinstance(one, Incident)]
    assert owner == "B"


def test_a_crews_report_reaches_the_node_that_has_its_incident(nodes: Nodes) -> None:
    a, b = nodes.node("A"), nodes.node("B")
    incident = a.located("c1")
    a.accept("A", "c1")
    turn(a, b)
    b.crew("A", "on_scene")
    turn(b, a)
    assert a.dispatch.assignments(incident.key)[0].state == "on_scene"
    turn(b, a)
    assert a.history(incident.key).count("crew_on_scene") <= 1
    assert isinstance(a.store, SqlStore) and NodeStore(a.store, "A").inbox() == []


def test_an_order_for_a_node_that_dies_is_carried_out_by_who_claims(nodes: Nodes) -> None:
    a, b, c = nodes.node("A", LEASE), nodes.node("B"), nodes.node("C")
    a.dispatch.tell(TicketRequest(event_id="t/1", at=NOON, call_id="t", business="repair"))
    turn(a, b)
    [number] = numbers(a)
    b.dispatch.tell(TicketTaken(event_id="b/1", at=NOON, number=number, person="王芳"))
    turn(b)
    die(a)
    until_dead(nodes, c)
    turn(c)
    for _ in range(4):  # one may have claimed the ticket and the other the order
        turn(b, c)
    [ticket] = [found for desk in (b, c) if (found := desk.dispatch.ticket(number)) is not None]
    assert ticket.node in ("B", "C") and ticket.owner == "王芳"


def test_two_that_claim_at_the_same_time_share_the_work(nodes: Nodes) -> None:
    a, b, c = nodes.node("A", LEASE), nodes.node("B"), nodes.node("C")
    for number in range(20):
        a.emergency(f"c{number}")
    turn(a)
    threading.Event().wait(LEASE * 2)
    die(a)
    threads = [threading.Thread(target=desk.dispatch.link.turn) for desk in (b, c) if desk.dispatch.link]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for desk in (b, c):
        desk.dispatch.run()
    mine, theirs = ({i.key for i in desk.dispatch.open_incidents()} for desk in (b, c))
    assert len(mine | theirs) == 20 and not mine & theirs


def test_a_claimer_that_dies_at_once_has_lost_nothing(nodes: Nodes) -> None:
    a, b = nodes.node("A", LEASE), nodes.node("B")
    incident = a.located("c1")
    turn(a)
    threading.Event().wait(LEASE * 2)
    assert b.dispatch.link is not None
    b.dispatch.link.turn()  # claimed in the database, and nothing more
    again = b.crash_and_start(rules=rules(node="B"))
    assert [one.key for one in again.dispatch.open_incidents()] == [incident.key]


def test_a_restarted_node_does_not_take_back_what_was_claimed(nodes: Nodes) -> None:
    a, b = nodes.node("A", LEASE), nodes.node("B")
    a.located("c1")
    turn(a)
    die(a)
    until_dead(nodes, b)
    again = Desk(a.folder, a.store, rules=rules(node="A"), numbers=itertools.count(900),
                 ids=itertools.count(900_000))
    assert again.dispatch.open_incidents() == []
    again.wait(120)
    assert rung(again) == []


def test_one_that_ends_in_good_order_is_claimed_without_waiting(nodes: Nodes) -> None:
    a, b = nodes.node("A"), nodes.node("B")
    a.emergency("c1")
    a.stop()
    threading.Event().wait(0.01)
    turn(b)
    assert len(b.dispatch.open_incidents()) == 1


def test_without_the_database_each_goes_on_alone(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.create_database("alone")
    made = Nodes(url, tmp_path)
    a = made.node("A")
    postgres.stop()
    try:
        a.located("c1")
        assert a.ringing("A", "c1")
    finally:
        postgres.start()
    made.close()


VALUES: dict[Any, Any] = {
    datetime: strategies.datetimes(timezones=strategies.just(UTC)),
    float: strategies.floats(allow_nan=False, allow_infinity=False),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=20, deadline=None)
@given(data=strategies.data())
def test_every_command_can_be_passed_on(kind: str, data: strategies.DataObject) -> None:
    hints = get_type_hints(KINDS[kind])
    command = data.draw(strategies.builds(KINDS[kind], **{name: value(hint) for name, hint in hints.items()}))
    assert decode(encode(command)) == command


def value(hint: Any) -> Any:
    """A strategy for a field's type, with moments that know their zone and numbers that JSON knows."""
    if hint in VALUES:
        return VALUES[hint]
    if isinstance(hint, UnionType):
        return strategies.one_of(*(value(part) for part in get_args(hint)))
    return strategies.from_type(hint)


def test_what_a_newer_version_passes_on_is_understood_or_refused() -> None:
    report = CrewReport(event_id="e/1", at=NOON + timedelta(seconds=1), crew="A", status="en_route")
    content = encode(report)
    content["fields"]["from_the_future"] = 1
    assert decode(content) == report
    with pytest.raises(ValueError, match="unknown command"):
        decode({"command": "Surprise", "fields": {}})


def test_a_claim_that_is_cut_off_by_the_database_is_taken_in_later(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = nodes.node("A", LEASE), nodes.node("B")
    incident = a.located("c1")
    turn(a)
    die(a)
    threading.Event().wait(LEASE * 2)

    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("gone between the claim and the look")

    with monkeypatch.context() as patched, pytest.raises(StoreUnavailable):
        patched.setattr(NodeStore, "inbox", away)
        turn(b)
    turn(b)
    assert [i.key for i in b.dispatch.open_incidents()] == [incident.key]
    assert rung(b), "the dead node's emergency is paged for"


def test_a_forwarded_command_that_meets_a_fault_of_ours_keeps_no_page_back(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = nodes.node("A"), nodes.node("B")
    incident = a.located("c1")
    a.accept("A", "c1")
    turn(a, b)
    b.crew("A", "en_route", incident.key)
    turn(b)
    b.located("c2")
    with monkeypatch.context() as patched:
        patched.setattr("dispatch.crew_reports.report", broken)
        turn(a)
    turn(a)
    assert a.dispatch.run() is not None


def broken(*_: Any, **__: Any) -> Any:
    raise LookupError("a fault of ours")
