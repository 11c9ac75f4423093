"""A page that is not needed any more before its worker has come: it is sent home when it comes."""

from __future__ import annotations

from typing import Any

from hotline.ipc import Hangup, WorkerHello
from hotline.service.lines import MOST_UNWANTED, WorkerLines


class Listener:
    def worker_here(self, call_id: str) -> None:
        """Nothing is owed to it here."""


class Wire:
    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Any) -> bool:
        self.sent.append(message)
        return True


def hello(lines: WorkerLines, call_id: str) -> Wire:
    wire: Any = Wire()
    lines.link_message(wire, WorkerHello(call_id=call_id, purpose="page", pid=1))
    found: Wire = wire
    return found


def test_a_worker_that_comes_too_late_is_sent_home_and_no_other() -> None:
    listener: Any = Listener()
    lines = WorkerLines(listener)
    assert not lines.hang_up("P1", "taken by another")
    assert hello(lines, "P2").sent == []
    assert hello(lines, "P1").sent == [Hangup(reason="taken by another")]
    assert hello(lines, "P1").sent == [], "once"


def test_what_never_comes_fills_no_memory() -> None:
    listener: Any = Listener()
    lines = WorkerLines(listener)
    for number in range(MOST_UNWANTED + 500):
        lines.hang_up(f"P{number}", "over")
    assert hello(lines, "P0").sent == []
    assert len(hello(lines, f"P{MOST_UNWANTED + 499}").sent) == 1
