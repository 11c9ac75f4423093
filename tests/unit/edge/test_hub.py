"""Who is asked to fork a worker: the newest zygote, and while a service ends still one for its pages."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from hotline.edge.hub import Hub
from hotline.ipc import Drain, Fork, Job, Message, ProviderDraining, ProviderHello, Purpose
from hotline.settings import Workers


class FakeLink:
    """A zygote's connection that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.open = True

    def send(self, message: Message) -> bool:
        self.told.append(message)
        return True

    @property
    def forks(self) -> list[str]:
        return [message.job.call_id for message in self.told if isinstance(message, Fork)]


class Edge:
    """A hub with two instances' zygotes and a clock."""

    def __init__(self, limits: Workers | None = None) -> None:
        nobody: Any = None
        limits = limits or Workers(max_conversations=200)
        self.clock = Clock()
        self.hub = Hub(self.clock, limits, 1.5, nobody, restart_wait_seconds=6)
        self.old, self.new = self.zygote("1"), self.zygote("2")
        self.failed: list[str] = []

    def zygote(self, instance: str) -> Any:
        link: Any = FakeLink()
        self.hub.link_message(link, ProviderHello(instance=instance, pid=1))
        return link

    def say(self, link: Any, message: Any) -> None:
        self.hub.link_message(link, message)

    def fork(self, call_id: str, purpose: Purpose) -> None:
        job = Job(call_id=call_id, purpose=purpose, entry="main")
        self.hub.fork(job, lambda worker: None, lambda why: self.failed.append(call_id))

    def end(self) -> None:
        self.clock.advance(2)
        assert not self.clock.getDelayedCalls()


def test_the_newest_instance_gets_the_calls() -> None:
    edge = Edge()
    edge.fork("c1", "inbound")
    assert (edge.old.forks, edge.new.forks) == ([], ["c1"])
    edge.end()


def test_a_draining_instance_gets_none_while_there_is_another() -> None:
    edge = Edge()
    edge.say(edge.new, Drain(instance="2"))
    edge.fork("c1", "inbound")
    edge.fork("p1", "page")
    assert (edge.old.forks, edge.new.forks) == (["c1", "p1"], [])
    edge.end()


def test_the_last_instance_still_pages_while_it_drains() -> None:
    edge = Edge()
    edge.hub.link_closed(edge.old)
    edge.say(edge.new, Drain(instance="2"))
    assert edge.hub.provider() is None
    edge.fork("c1", "inbound")
    assert edge.failed == ["c1"]
    edge.fork("p1", "page")
    edge.fork("b1", "callback")
    assert edge.new.forks == ["p1", "b1"]
    edge.end()


def test_a_zygote_that_comes_back_while_its_instance_drains_is_draining() -> None:
    edge = Edge()
    edge.hub.link_closed(edge.old)
    edge.say(edge.new, ProviderDraining(instance="2"))
    edge.hub.link_closed(edge.new)
    again = edge.zygote("2")
    assert edge.hub.provider() is None
    edge.fork("p1", "page")
    assert again.forks == ["p1"]
    edge.end()


def test_a_call_waits_longer_while_the_zygote_is_started_again() -> None:
    edge = Edge()
    edge.fork("c1", "inbound")
    for link in (edge.new, edge.old):
        link.open = False
        edge.hub.link_closed(link)
    edge.fork("c2", "inbound")
    edge.clock.advance(5)
    assert edge.failed == []
    again = edge.zygote("2")
    assert again.forks == ["c1", "c2"]
    edge.clock.advance(1)
    assert edge.failed == []
    edge.clock.advance(0.6)
    assert sorted(edge.failed) == ["c1", "c2"], "a zygote that is there has no more time than ever"
    edge.end()


def test_a_zygote_that_does_not_come_back_is_not_waited_for_for_ever() -> None:
    edge = Edge()
    for link in (edge.new, edge.old):
        edge.hub.link_closed(link)
    edge.fork("c1", "inbound")
    edge.clock.advance(6.1)
    assert edge.failed == ["c1"]
    edge.end()


def test_a_flood_of_callers_and_call_backs_leaves_room_for_pages() -> None:
    edge = Edge(Workers(max_conversations=10, reserved_for_pages=4))

    def fill(purpose: Purpose) -> int:
        number = 0
        while edge.hub.room(purpose):
            number += 1
            edge.fork(f"{purpose}{number}", purpose)
        return number

    assert [fill("inbound"), fill("callback"), fill("notify"), fill("page")] == [6, 2, 1, 1]
    edge.end()
