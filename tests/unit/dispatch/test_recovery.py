"""Nothing is lost and nothing is doubled: crashes, an absent database, a full disk, a jumping clock."""

from __future__ import annotations

import errno
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dispatch.api import (
    CallbackRequest,
    DispatchLocked,
    MemoryStore,
    PageEvent,
    SqlStore,
    StoreUnavailable,
    TicketQuery,
    TicketRequest,
)
from dispatch.engine import Engine
from dispatch.local_journal import LocalJournal
from tests.support.dispatch import Desk


def sqlite(folder: Path) -> SqlStore:
    return SqlStore(f"sqlite:///{folder / 'dispatch.db'}")


def test_a_page_without_receipt_is_sent_again_until_it_has_one(desk: Desk) -> None:
    desk.notes.broken = True
    desk.located()
    desk.wait(12)
    desk.notes.broken = False
    desk.wait(5)
    assert desk.notes.lines == ["ring A/A1"]
    desk.wait(20)
    assert desk.notes.lines == ["ring A/A1"], "receipted: not sent again"


def test_after_a_crash_the_unreceipted_page_is_sent_and_recorded_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, store=sqlite(tmp_path))
    desk.notes.broken = True
    desk.located()
    again = desk.crash_and_start(sqlite(tmp_path))
    again.wait(1)
    assert again.notes.lines == ["ring A/A1"]
    third = again.crash_and_start(sqlite(tmp_path))
    third.wait(1)
    assert third.notes.lines == [], "receipted before the crash"
    assert third.history(third.incident().key).count("page_ordered") == 1
    third.accept("A")
    assert third.incident().state == "taken"
    third.stop()


def test_an_event_from_before_the_crash_is_not_done_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    command = TicketRequest(event_id="c/1", at=desk.now, call_id="c", business="repair")
    assert desk.dispatch.tell(command)
    again = desk.crash_and_start()
    assert not again.dispatch.tell(command)
    blank = again.crash_and_start(MemoryStore())
    assert not blank.dispatch.tell(command), "the local journal knows it as well"
    blank.stop()


def test_with_the_database_away_everything_goes_on_and_is_stored_later_once(tmp_path: Path) -> None:
    store = MemoryStore()
    desk = Desk(tmp_path, store=store)
    store.available = False
    desk.located()
    desk.wait(61)
    desk.accept("B")
    assert not desk.dispatch.health().store_available
    assert desk.dispatch.health().units_waiting > 5
    store.available = True
    desk.wait(1)
    assert desk.dispatch.health().units_waiting == 0
    assert store.tickets(TicketQuery())[0].state == "in_hand"
    assert desk.history(desk.incident().key).count("page_ordered") == 2
    desk.stop()


def test_a_start_without_the_database_rebuilds_the_open_incidents(tmp_path: Path) -> None:
    store = MemoryStore()
    desk = Desk(tmp_path, store=store)
    desk.located()
    store.available = False
    desk.learn("callback_number", "13700007777")
    again = desk.crash_and_start()
    assert again.dispatch.ticket(again.incident().tickets[0]).callback_number == "13700007777"  # type: ignore[union-attr]  # it is there
    again.wait(61)
    assert again.notes.lines[-1] == "ring B/B1", "the chain climbs"
    store.available = True
    again.wait(2)
    assert again.dispatch.health().store_available
    assert store.tickets(TicketQuery())[0].callback_number == "13700007777"
    again.stop()


def test_without_database_and_journal_numbers_do_not_collide(tmp_path: Path) -> None:
    store = MemoryStore()
    desk = Desk(tmp_path / "one", store=store)
    first = desk.located().tickets[0]
    desk.stop()
    store.available = False
    blind = Desk(tmp_path / "two", store=store)
    second = blind.located("d").tickets[0]
    assert second != first and second.startswith("GS-20261123-")
    store.available = True
    blind.wait(2)
    assert {ticket.number for ticket in store.tickets(TicketQuery())} == {first, second}
    assert len(blind.dispatch.open_incidents()) == 2, "what the database knew is taken over"
    third = blind.located("e").tickets[0]
    assert third == "GS-20261123-0002"
    blind.stop()


def test_a_torn_line_is_cut_off_and_a_broken_one_passed_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.located()
    desk.crash_and_start().stop()
    path = tmp_path / "dispatch.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"not json\n" + b"".join(lines[1:]) + lines[-1][:40])
    blank = Desk(tmp_path, store=MemoryStore(), now=desk.now)
    assert blank.incident().open
    blank.located("d")
    for line in path.read_bytes().splitlines():
        assert line == b"not json" or json.loads(line)
    blank.stop()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(DispatchLocked):
        Desk(tmp_path)
    desk.stop()
    Desk(tmp_path).stop()


def test_a_full_disk_stops_no_emergency(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "write", full)
    desk.located()
    assert desk.notes.lines == ["ring A/A1"]
    assert not desk.dispatch.health().local_journal_works
    assert len(desk.store.tickets(TicketQuery())) == 1
    monkeypatch.undo()
    desk.accept("A")
    assert desk.dispatch.health().local_journal_works


def test_half_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[: len(data) // 2]))
    desk.emergency()
    monkeypatch.undo()
    desk.emergency("d")
    for line in (tmp_path / "dispatch.jsonl").read_bytes().splitlines():
        json.loads(line)
    desk.stop()


def test_the_journal_is_shortened_only_when_all_is_stored(tmp_path: Path) -> None:
    store = MemoryStore()
    desk = Desk(tmp_path, store=store)
    engine = desk.dispatch.engine
    engine._compact_bytes = 1
    path = tmp_path / "dispatch.jsonl"
    store.available = False
    desk.located()
    desk.wait(3)
    before = path.stat().st_size
    assert len(path.read_bytes().splitlines()) == 3
    store.available = True
    desk.wait(2)
    assert path.stat().st_size < before * 2 and b"snapshot:" in path.read_bytes().splitlines()[0]
    blank = desk.crash_and_start(MemoryStore())
    assert blank.incident().open
    assert len(blank.dispatch.pages(blank.incident().key)) == 1
    blank.wait(61)
    assert blank.notes.lines[-1] == "ring B/B1"
    blank.stop()


def test_what_is_over_is_forgotten_after_its_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.located()
    desk.accept("A")
    for status in ("made_safe", "cleared"):
        desk.crew("A", status)
    number = desk.incident().tickets[0]
    desk.dispatch.engine._compact_bytes = 1
    desk.now += timedelta(hours=49)
    desk.wait(3)
    assert desk.dispatch.ticket(number) is None
    assert desk.store.ticket(number) is not None
    desk.stop()


def test_a_unit_that_the_database_refuses_holds_no_other_back(tmp_path: Path) -> None:
    class Picky(MemoryStore):
        def save_units(self, units: Any) -> None:
            from dispatch.api import UnitRefused

            if any(unit.unit_id == "e:c/2" for unit in units):
                raise UnitRefused("will not")
            super().save_units(units)

    desk = Desk(tmp_path, store=Picky())
    for number in (1, 2, 3):
        desk.dispatch.tell(
            TicketRequest(event_id=f"c/{number}", at=desk.now, call_id=f"c{number}", business="repair")
        )
    assert len(desk.store.tickets(TicketQuery())) == 2
    assert desk.dispatch.health().units_refused == 1
    assert b'"e:c/2"' in (tmp_path / "dispatch.jsonl").read_bytes()
    desk.stop()


def test_a_clock_that_jumps_back_delays_by_one_period_at_most(desk: Desk) -> None:
    desk.located()
    desk.wait(30)
    desk.now -= timedelta(hours=5)
    desk.wait(61)
    assert desk.notes.lines[-1] == "ring B/B1"


def test_a_clock_that_jumps_forward_loses_nothing(desk: Desk) -> None:
    desk.located()
    desk.now += timedelta(days=30)
    desk.wait(1)
    assert desk.notes.lines[-1] == "ring B/B1"
    desk.accept("B")
    assert desk.incident().taken_by == "B"


def test_one_incident_that_fails_does_not_keep_the_others_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.located("c")
    desk.located("d")
    bad = desk.incident("c").key
    from dispatch import pages

    real = pages.time_out

    def time_out(work: Any, page: Any) -> None:
        if page.incident == bad:
            raise RuntimeError("a bug")
        real(work, page)

    monkeypatch.setattr(pages, "time_out", time_out)
    desk.wait(61)
    for call_id in ("c", "d"):  # the bad page is put aside, and its own chain goes on too
        pages_of = desk.dispatch.pages(desk.incident(call_id).key)
        assert len(pages_of) > 1 and any(page.state == "ringing" for page in pages_of)


def test_a_routing_service_that_fails_delays_no_page(tmp_path: Path) -> None:
    from tests.support.dispatch import rules

    class Broken:
        def km(self, start: object, end: object) -> float:
            raise TimeoutError

    desk = Desk(tmp_path, rules=rules(roads=Broken()))
    desk.located()
    assert desk.notes.lines == ["ring A/A1"]
    desk.stop()


def test_a_late_event_of_an_older_page_after_the_end_only_tells_that_it_is_over(desk: Desk) -> None:
    desk.located()
    page = desk.ringing("A").page_id
    desk.wait(61)
    desk.accept("B")
    for status in ("made_safe", "cleared"):
        desk.crew("B", status)
    desk.page(page, PageEvent.ACCEPT)
    assert desk.notes.lines[-1] == "update P001: over"
    assert not desk.incident().open


def test_the_writer_thread_stores_behind(tmp_path: Path) -> None:
    from dispatch.api import Dispatch
    from tests.support.dispatch import NOON, Notes, rules

    store = sqlite(tmp_path)
    dispatch = Dispatch(rules(), store, tmp_path, outlet=Notes(), utcnow=lambda: NOON, fsync=False)
    dispatch.start()
    for number in range(20):
        dispatch.tell(TicketRequest(event_id=f"c/{number}", at=NOON, call_id="c", business="repair"))
    dispatch.stop(30)
    assert len(store.tickets(TicketQuery())) == 20
    store.close()


def test_engine_names(tmp_path: Path) -> None:
    from tests.support.dispatch import rules

    journal = LocalJournal(tmp_path)
    engine = Engine(rules(), MemoryStore(), journal)
    assert engine.state.open_incidents() == []
    journal.close()


def test_a_damaged_database_file_is_an_absent_database(tmp_path: Path) -> None:
    (tmp_path / "dispatch.db").write_bytes(b"this is no database" * 500)
    desk = Desk(tmp_path, store=sqlite(tmp_path))
    desk.located()
    desk.wait(1)
    assert desk.notes.lines == ["ring A/A1"]
    assert not desk.dispatch.health().store_available
    desk.stop()


def test_a_page_is_on_the_disk_itself_before_it_is_sent_and_a_flood_costs_few_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(LocalJournal, "sync", lambda journal: synced.append(journal.size_bytes))
    desk = Desk(tmp_path)
    before = len(synced)
    for number in range(50):
        desk.dispatch.tell(
            CallbackRequest(
                event_id=f"f{number}/1", at=desk.now, call_id=f"f{number}", number=f"1390000{number:04}",
                reason="refused", within_seconds=30,
            )
        )
    assert len(synced) - before < 5
    rung: list[int] = []
    monkeypatch.setattr(desk.notes, "page", lambda order: rung.append(len(synced)))
    before = len(synced)
    desk.located()
    desk.wait(1)
    assert rung and rung[0] > before
    desk.stop()


def test_a_database_of_a_newer_version_is_left_alone_and_crews_are_paged_all_the_same(tmp_path: Path) -> None:
    store = sqlite(tmp_path)
    store.upgrade()
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    desk = Desk(tmp_path / "state", store)
    desk.located()
    desk.wait(2)
    assert "ring A/A1" in desk.notes.lines
    assert not desk.dispatch.health().store_available
    with pytest.raises(StoreUnavailable):
        desk.dispatch.record_events("c", [], 0)
    with store.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tickets")) == 0
    desk.stop()
    store.close()
