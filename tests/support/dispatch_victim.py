"""A process that runs dispatch over a scripted history until it is killed; the next goes on from there."""

from __future__ import annotations

import itertools
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dispatch.api import (
    AnyCommand,
    CallbackRequest,
    CallStarted,
    CrewReport,
    EmergencyReport,
    FactReport,
    PageEvent,
    PageOrder,
    PageReport,
    SqlStore,
    TicketRequest,
)
from tests.support.dispatch import NEAR_WEST, NOON, Desk, Notes

CALLS = 12


class Ringing(Notes):
    """Phones whose ringing is written down in a file, as a call's journal would."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def page(self, order: PageOrder) -> None:
        with self._file.open("a") as out:
            out.write(f"{order.page_id}\n")


def script(calls: int = CALLS, every: float = 5) -> list[tuple[int, AnyCommand]]:
    """(second, command): emergencies that are taken, declined or left to climb, tickets, call-backs.

    `calls` emergencies, one every so many seconds.
    """
    made: list[tuple[int, AnyCommand]] = []

    def add(second: int, kind: Any, name: str, **fields: Any) -> None:
        at = NOON + timedelta(seconds=second)
        made.append((second, kind(event_id=f"{name}/{len(made)}", at=at, **fields)))

    for number in range(1, calls + 1):
        call, second = f"c{number}", int(number * every)
        page = f"I-GS-20261123-{number:04d}-P001"
        add(second, CallStarted, call, call_id=call, caller=f"1390000{number:04d}")
        add(second, EmergencyReport, call, call_id=call, hazard="smell", place="indoor")
        add(second + 1, FactReport, call, call_id=call, field="address", value=f"街{number}号",
            confirmed=True, latitude=NEAR_WEST[0], longitude=NEAR_WEST[1])
        add(second + 2, PageReport, page, page_id=page, event=PageEvent.STARTED)
        if number % 3 == 1:
            add(second + 3, PageReport, page, page_id=page, event=PageEvent.ACCEPT)
        if number % 3 == 2:
            add(second + 3, PageReport, page, page_id=page, event=PageEvent.DECLINE, why="忙")
        if number == 1:
            incident = f"I-GS-20261123-{number:04d}"
            for offset, status in enumerate(("en_route", "on_scene", "made_safe", "cleared")):
                add(100 + offset, CrewReport, "A", crew="A", status=status, incident=incident)
    for number in range(5):
        add(70 + number, TicketRequest, f"t{number}", call_id=f"t{number}", business="repair")
        add(75 + number, CallbackRequest, f"r{number}", call_id=f"r{number}", number=f"1360000000{number}",
            reason="refused", within_seconds=30)
    return sorted(made, key=lambda pair: pair[0])


def run(folder: Path, up: int, calls: int = CALLS, every: float = 5) -> None:
    """Go on where the last one died; write a byte to the file descriptor `up` once started."""
    done = folder / "done"
    finished = int(done.read_text()) if done.exists() else 0
    steps = script(calls, every)
    clock = folder / "clock"
    start = datetime.fromisoformat(clock.read_text()) if clock.exists() else NOON
    store = SqlStore(f"sqlite:///{folder / 'dispatch.db'}")
    ids = itertools.count(int.from_bytes(os.urandom(6)))
    desk = Desk(folder, store, now=start, notes=Ringing(folder / "rung"), ids=ids)
    os.write(up, b"!")
    desk.dispatch.run()

    def wait_until(second: int) -> None:
        """Time goes on from where the last one died: the world's clock does not stop with a process."""
        while (now := desk.now + timedelta(seconds=1)) <= NOON + timedelta(seconds=second):
            (folder / "clock.new").write_text(now.isoformat())
            (folder / "clock.new").rename(clock)
            desk.wait(1)

    # The step before the kill may or may not have been done: it is told again.
    for number in range(max(0, finished - 1), len(steps)):
        second, command = steps[number]
        wait_until(second)
        desk.dispatch.tell(command)
        (folder / "done.new").write_text(str(number + 1))
        (folder / "done.new").rename(done)
    wait_until(150)
    desk.stop()
