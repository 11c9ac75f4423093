"""Orders of people reach the engine over the controller's own socket, once, or are refused with why."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hotline.cli.ordering import OrderRefusedError, author_of, give
from hotline.errors import ServiceUnavailableError
from hotline.ipc import Order, Ordered, decode, encode
from hotline.service.lines import WorkerLines
from hotline.service.orders import Orders
from tests.support.ticket_desk import TicketDesk


class Door:
    """The controller's socket with the real lines behind it, served by a thread."""

    def __init__(self, path: Path, listener: Any) -> None:
        self._lines = WorkerLines(listener)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with line, line.makefile("rb") as file:
                for text in file:
                    link: Any = SimpleNamespace(send=lambda message, line=line: line.sendall(encode(message)))
                    self._lines.link_message(link, decode(text))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TicketDesk]:
    made = TicketDesk(tmp_path / "state")
    yield made
    made.stop()


@pytest.fixture
def orders(desk: TicketDesk) -> Orders:
    return Orders(desk.dispatch, lambda: desk.now)


@pytest.fixture
def settings(tmp_path: Path, orders: Orders) -> Iterator[Any]:
    door = Door(tmp_path / "controller.sock", SimpleNamespace(ordered=orders.carry_out))
    yield SimpleNamespace(paths=SimpleNamespace(run=tmp_path))
    door.close()


def test_an_order_is_carried_out(desk: TicketDesk, settings: Any) -> None:
    number = desk.open("repair").number
    give(settings, "HandOver", number=number, to="张伟", author="班长", reason="换班", assistants=["王芳"])
    assert (desk.ticket(number).owner, desk.ticket(number).assistants) == ("张伟", ("王芳",))
    give(settings, "VisitBooked", number=number, begins_at="2026-11-24T09:00:00+08:00",
         ends_at="2026-11-24T11:00:00+08:00", author="王芳")
    assert desk.ticket(number).phase == "appointed"


@pytest.mark.parametrize(
    ("command", "fields", "said"),
    [
        ("HandOver", {"to": "张伟", "author": "", "reason": "x"}, "who hands it over"),
        ("ClockPaused", {"reason": "tired", "author": "王芳"}, "customers_wish"),
        ("EmergencyReport", {}, "there is no order EmergencyReport"),
        ("NoteAdded", {"author": "王芳", "text": "x", "colour": "red"}, "no field colour"),
        ("NoteAdded", {"author": "王芳"}, "text"),
        (
            "VisitBooked",
            {"begins_at": "2026-11-24T09:00", "ends_at": "2026-11-24T11:00", "author": "x"},
            "zone",
        ),
        ("TicketRelated", {"other": "GS-1", "relation": "cousin", "author": "x"}, "relation"),
    ],
)
def test_a_refused_order_says_why_and_changes_nothing(
    desk: TicketDesk, settings: Any, command: str, fields: dict[str, Any], said: str
) -> None:
    number = desk.open("repair").number
    before = list(desk.dispatch.engine.state.records())
    with pytest.raises(OrderRefusedError, match=said):
        give(settings, command, number=number, **fields)
    assert list(desk.dispatch.engine.state.records()) == before


def test_the_same_order_twice_is_carried_out_once(desk: TicketDesk, orders: Orders) -> None:
    number = desk.open("repair").number
    order = Order(order_id="o1", command="NoteAdded",
                  fields={"number": number, "author": "王芳", "text": "客户晚上在家"})
    assert decode(encode(order)) == order
    assert [orders.carry_out(order).done for _ in range(2)] == [True, True]
    assert len(desk.rows(number, "note")) == 1


def test_a_fault_of_ours_is_said_and_the_line_lives(tmp_path: Path) -> None:
    def broken(order: Order) -> Ordered:
        raise ZeroDivisionError

    door = Door(tmp_path / "controller.sock", SimpleNamespace(ordered=broken))
    settings: Any = SimpleNamespace(paths=SimpleNamespace(run=tmp_path))
    for _ in range(2):
        with pytest.raises(OrderRefusedError, match="fault of the service"):
            give(settings, "NoteAdded")
    door.close()


def test_without_a_service_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.cli.ordering.PATIENCE_SECONDS", 0.4)
    with pytest.raises(ServiceUnavailableError, match="hotline serve"):
        give(SimpleNamespace(paths=SimpleNamespace(run=tmp_path)), "NoteAdded")  # type: ignore[arg-type]  # paths only


def test_who_does_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "wangfang")
    assert (author_of(" 王芳 "), author_of("")) == ("王芳", "wangfang")
