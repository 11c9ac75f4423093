"""A worker's questions are answered exactly once, whatever becomes of the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from hotline.calls import controller_link
from hotline.calls.controller_link import WorkerControllerLink, WorkerEdgeLink
from hotline.ipc import Answer, Ask, Dialog, Hangup, Job, JournalGrew, Message, Tell, WorkerHello, WorkerReady

JOB = Job(call_id="call-1", purpose="inbound", entry="main")
DIALOG = Dialog(
    sip_call_id="a", local_tag="b", remote_tag="c", local_uri="sip:d", remote_uri="sip:e",
    remote_target="sip:f",
)  # fmt: skip


class Client:
    """Stands in for hotline.ipc_link.LinkClient and, on its other side, for the link itself."""

    def __init__(self, reactor: Any, path: Path, listener: Any) -> None:
        self.listener, self.connected = listener, False
        self.sent: list[Message] = []

    def connect(self) -> None:
        self.connected = True
        self.listener.link_opened(self)

    def lose(self) -> None:
        self.connected = False
        self.listener.link_closed(self)

    def send(self, message: Message) -> bool:
        if self.connected:
            self.sent.append(message)
        return self.connected


class Line:
    def __init__(self) -> None:
        self.clock = Clock()
        self.told: list[Tell | Hangup] = []
        self.answers: list[str] = []
        self.link = WorkerControllerLink(self.clock, Path("unused"), JOB, self.told.append)
        self.client: Client = self.link._client  # type: ignore[assignment]

    def ask(self) -> None:
        self.link.ask("ticket", {}, 2.0, lambda answer: self.answers.append(answer.outcome))

    def answer(self, ask_id: int, outcome: str = "ok") -> None:
        self.link.link_message(self.client, Answer(ask_id=ask_id, outcome=outcome))  # type: ignore[arg-type]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr(controller_link, "LinkClient", Client)
    return Line()


def test_says_what_it_is_after_every_reconnect(line: Line) -> None:
    for _ in range(2):
        line.client.connect()
        line.client.lose()
    assert [type(one) for one in line.client.sent] == [WorkerHello, JournalGrew] * 2


def test_answer_comes_once_and_to_its_question(line: Line) -> None:
    line.client.connect()
    line.ask()
    line.ask()
    first, second = [one.ask_id for one in line.client.sent if isinstance(one, Ask)]
    line.answer(second, "second")
    line.answer(first, "first")
    line.answer(first, "again")
    line.answer(99, "never asked")
    line.clock.advance(10)
    assert line.answers == ["second", "first"]


def test_slow_controller_is_unavailable_and_its_late_answer_is_nothing(line: Line) -> None:
    line.client.connect()
    line.ask()
    line.clock.advance(1.9)
    assert line.answers == []
    line.clock.advance(0.2)
    line.answer(1)
    assert line.answers == ["unavailable"]


def test_absent_controller_is_unavailable_at_once_but_not_from_inside(line: Line) -> None:
    line.ask()
    assert line.answers == []
    line.clock.advance(0)
    assert line.answers == ["unavailable"]


def test_controller_that_dies_meanwhile_is_unavailable(line: Line) -> None:
    line.client.connect()
    line.ask()
    line.client.lose()
    line.clock.advance(10)
    assert line.answers == ["unavailable"]


def test_an_error_in_what_follows_an_answer_is_contained(line: Line) -> None:
    line.client.connect()

    def broken(_: Answer) -> None:
        raise RuntimeError("broken on purpose")

    line.link.ask("ticket", {}, 2.0, broken)
    line.ask()
    line.client.lose()
    assert line.answers == ["unavailable"]


def test_news_and_orders_are_passed_on(line: Line) -> None:
    news, order = Tell(topic="crew_accepted"), Hangup(reason="not needed")
    line.link.link_message(line.client, news)  # type: ignore[arg-type]
    line.link.link_message(line.client, order)  # type: ignore[arg-type]
    assert line.told == [news, order]


def test_edge_is_told_the_dialogs_after_every_reconnect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller_link, "LinkClient", Client)
    dialogs: list[Dialog] = []
    opened: list[str] = []
    edge = WorkerEdgeLink(Clock(), Path("unused"), JOB, 20001, lambda: tuple(dialogs))
    edge.opened = lambda: opened.append("opened")
    client: Client = edge._client  # type: ignore[assignment]
    client.connect()
    dialogs.append(DIALOG)
    client.lose()
    client.connect()
    assert [one.dialogs for one in client.sent if isinstance(one, WorkerReady)] == [(), (DIALOG,)]
    assert opened == ["opened", "opened"]
