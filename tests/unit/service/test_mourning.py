"""Who counts as dead: a call whose journal nobody writes, and never one that has not begun."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from hotline.events import CallArrived, CallbackRequested
from hotline.ipc import Job, Purpose
from hotline.journal import Journal, read
from hotline.service.book import CallBook
from hotline.service.mourning import Mourner
from hotline.settings import Settings
from hotline.settings_file import load_settings

EXAMPLE = Path(__file__).parents[3] / "config" / "hotline.yaml"
START = datetime(2026, 11, 22, tzinfo=UTC)


class Desk:
    """A controller's memory and a clock; `dead` workers hold their journals no more."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = load_settings(
            EXAMPLE, [f"paths.state={folder}", f"paths.recordings={folder / 'recordings'}"]
        )
        self.journals = folder / "journal"
        self.clock: Any = Clock()
        self.book = CallBook()
        self.connected: set[str] = set()
        self.buried: list[str] = []
        self.mourner = Mourner(
            self.settings, self.clock, self.now, self.book, self.connected.__contains__, self.buried.append
        )
        self.writers: list[Journal] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.clock.seconds())

    def arrived(self, call_id: str) -> None:
        """The edge has a call and looks for a worker."""
        self.book.take(
            CallArrived(
                event_id=f"{call_id}/edge/1", call_id=call_id, at=self.now(), direction="inbound",
                purpose="inbound", caller="13900000001", dialled="962677", trunk="city", sip_call_id="x",
            )
        )

    def ordered(self, call_id: str, purpose: Purpose = "page") -> None:
        job = Job(call_id=call_id, purpose=purpose, entry="crew_page", dial="1")
        self.book.begin(job, "effect-1", self.now())

    def begun(self, call_id: str) -> Journal:
        """A worker has opened the journal."""
        self.writers.append(Journal(self.journals, call_id, self.now))
        return self.writers[-1]

    def die(self, journal: Journal) -> None:
        self.writers.remove(journal)
        journal.close()

    def pass_seconds(self, seconds: float) -> None:
        self.clock.pump([0.5] * int(seconds * 2))

    def kinds(self, call_id: str) -> list[str]:
        return [entry.record.kind for entry in read(self.journals / f"{call_id}.jsonl")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    for journal in desk.writers:
        journal.close()


def test_a_call_that_waits_for_its_worker_is_not_dead(desk: Desk) -> None:
    desk.arrived("c1")
    desk.mourner.look("c1")
    desk.pass_seconds(3)
    assert not desk.buried and desk.book.running("c1")
    assert not (desk.journals / "c1.jsonl").exists()


def test_a_call_that_never_got_one_is_called_back_in_the_end(desk: Desk) -> None:
    desk.arrived("c1")
    desk.pass_seconds(30)
    desk.mourner.look("c1")
    desk.pass_seconds(1)
    assert desk.buried == ["c1"]
    assert desk.kinds("c1") == ["callback_requested", "call_ended"]


def test_the_next_worker_of_a_call_may_take_a_moment(desk: Desk) -> None:
    desk.arrived("c1")
    desk.die(desk.begun("c1"))
    desk.mourner.look("c1")
    desk.pass_seconds(0.5)
    desk.begun("c1")
    desk.pass_seconds(5)
    assert not desk.buried


def test_a_worker_that_the_edge_calls_dead_is_buried_at_once(desk: Desk) -> None:
    desk.arrived("c1")
    desk.die(desk.begun("c1"))
    desk.mourner.look("c1", certain=True)
    desk.clock.advance(0)
    assert desk.buried == ["c1"]
    (owed,) = [e.record for e in read(desk.journals / "c1.jsonl") if isinstance(e.record, CallbackRequested)]
    assert owed.number == "13900000001" and owed.reason == "worker_died"


def test_nobody_is_buried_while_his_process_writes(desk: Desk) -> None:
    desk.arrived("c1")
    journal = desk.begun("c1")
    desk.mourner.look("c1", certain=True)
    desk.pass_seconds(5)
    assert not desk.buried
    desk.die(journal)
    desk.pass_seconds(3)
    assert desk.buried == ["c1"]


def test_a_dead_page_has_failed(desk: Desk) -> None:
    desk.ordered("P-1")
    journal = desk.begun("P-1")
    journal.append(
        CallArrived, direction="outbound", purpose="page", caller="", dialled="1", trunk="", sip_call_id=""
    )
    desk.die(journal)
    desk.mourner.look("P-1", certain=True)
    desk.clock.advance(0)
    assert desk.kinds("P-1") == ["call_arrived", "page_failed", "call_ended"]


def test_an_order_that_died_with_the_edge_is_given_again(desk: Desk) -> None:
    desk.ordered("P-1")
    desk.ordered("P-2")
    desk.begun("P-2")
    desk.arrived("c1")
    desk.clock.advance(1)
    came_back = desk.now()
    desk.clock.advance(1)
    desk.ordered("P-3")
    desk.mourner.edge_came_back(came_back)
    assert [note.call_id for note in desk.book.calls()] == ["P-2", "c1", "P-3"]


def test_an_order_without_a_worker_is_given_again(desk: Desk) -> None:
    desk.ordered("C-1-1", "callback")
    desk.pass_seconds(5)
    desk.mourner.look("C-1-1")
    desk.pass_seconds(1)
    assert desk.book.running("C-1-1")
    desk.pass_seconds(20)
    desk.mourner.look("C-1-1")
    desk.pass_seconds(1)
    assert not desk.book.running("C-1-1") and not desk.buried


def test_a_call_that_was_put_away_is_not_opened_again(desk: Desk) -> None:
    desk.arrived("c1")
    desk.die(desk.begun("c1"))
    (desk.journals / "done").mkdir()
    os.replace(desk.journals / "c1.jsonl", desk.journals / "done" / "c1.jsonl")
    desk.mourner.look("c1")
    desk.pass_seconds(1)
    assert not desk.book.running("c1") and not desk.buried
