"""Journals are delivered at once and stored once, whatever the database does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotline.events import CallEnded, FactLearned, Record
from hotline.journal import Journal, read
from hotline.service.journals import JournalReader


class Shelf:
    """A store that can be away."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.offsets: dict[str, int] = {}
        self.away = False

    def store(self, reader: JournalReader) -> None:
        """What the controller does in a thread."""
        while not self.away and (batch := reader.next_batch()):
            self.rows.extend(batch.records)
            self.offsets[batch.journal] = batch.next_offset
            reader.stored(batch)


def scan(reader: JournalReader, shelf: Shelf) -> None:
    reader.scan()
    shelf.store(reader)


def journal(directory: Path, call_id: str = "call-1") -> Journal:
    return Journal(directory, call_id, lambda: datetime(2026, 11, 22, tzinfo=UTC))


def test_each_record_is_delivered_at_once_and_stored_once(tmp_path: Path) -> None:
    heard: list[Record] = []
    shelf = Shelf()
    reader = JournalReader(tmp_path, heard.append, {})
    writer = journal(tmp_path)
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    scan(reader, shelf)
    writer.append(FactLearned, field="address", value="b", confirmed=True)
    scan(reader, shelf)
    scan(reader, shelf)
    assert [record.event_id for record in heard] == ["call-1/1", "call-1/2"]
    assert [row["event_id"] for row in shelf.rows] == ["call-1/1", "call-1/2"]


def test_with_the_database_away_records_are_still_delivered_and_stored_later(tmp_path: Path) -> None:
    heard: list[Record] = []
    shelf = Shelf()
    shelf.away = True
    reader = JournalReader(tmp_path, heard.append, None)
    writer = journal(tmp_path)
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    writer.append(CallEnded, by="caller")
    scan(reader, shelf)
    assert len(heard) == 2
    assert shelf.rows == []
    assert reader.backlog() == 2
    assert (tmp_path / "call-1.jsonl").exists()
    shelf.away = False
    shelf.store(reader)
    assert len(shelf.rows) == 2
    assert reader.backlog() == 0
    assert (tmp_path / "done" / "call-1.jsonl").exists()


def test_a_restart_goes_on_at_the_stored_offset(tmp_path: Path) -> None:
    shelf = Shelf()
    writer = journal(tmp_path)
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    scan(JournalReader(tmp_path, lambda record: None, {}), shelf)
    writer.append(FactLearned, field="address", value="b", confirmed=True)
    heard: list[Record] = []
    scan(JournalReader(tmp_path, heard.append, shelf.offsets), shelf)
    assert [record.event_id for record in heard] == ["call-1/2"]


def test_without_the_database_a_restart_goes_on_by_the_local_note(tmp_path: Path) -> None:
    shelf = Shelf()
    writer = journal(tmp_path)
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    scan(JournalReader(tmp_path, lambda record: None, {}), shelf)
    heard: list[Record] = []
    scan(JournalReader(tmp_path, heard.append, None), shelf)
    assert heard == []
    assert json.loads((tmp_path / "offsets.json").read_text()) == shelf.offsets


def test_a_record_that_dispatch_cannot_digest_does_not_stop_the_others(tmp_path: Path) -> None:
    heard: list[str] = []

    def deliver(record: Record) -> None:
        heard.append(record.event_id)
        if record.event_id == "call-1/1":
            raise ValueError("indigestible")

    writer = journal(tmp_path)
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    writer.append(FactLearned, field="address", value="b", confirmed=True)
    shelf = Shelf()
    scan(JournalReader(tmp_path, deliver, {}), shelf)
    assert heard == ["call-1/1", "call-1/2"]
    assert len(shelf.rows) == 2


def test_a_torn_last_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    writer = journal(tmp_path)
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    whole = writer.path.read_bytes()
    writer.path.write_bytes(whole + whole[:20])
    assert len(list(read(writer.path))) == 1
    writer.path.write_bytes(whole + whole)
    assert len(list(read(writer.path))) == 2


def test_a_restarted_writer_goes_on_numbering(tmp_path: Path) -> None:
    journal(tmp_path).append(FactLearned, field="address", value="a", confirmed=True)
    again = journal(tmp_path).append(FactLearned, field="address", value="b", confirmed=True)
    assert again.event_id == "call-1/2"


def test_a_writer_after_a_torn_line_begins_a_new_one(tmp_path: Path) -> None:
    writer = journal(tmp_path)
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    with writer.path.open("ab") as file:
        file.write(b'{"kind": "fact_le')
    journal(tmp_path).append(FactLearned, field="address", value="b", confirmed=True)
    assert [entry.record.event_id for entry in read(writer.path)] == ["call-1/1", "call-1/2"]


def test_a_journal_that_cannot_be_read_keeps_no_other_call_back(tmp_path: Path) -> None:
    (tmp_path / "aaa.jsonl").mkdir()
    journal(tmp_path).append(FactLearned, field="address", value="a", confirmed=True)
    heard: list[Record] = []
    scan(JournalReader(tmp_path, heard.append, {}), Shelf())
    assert [record.event_id for record in heard] == ["call-1/1"]


def test_records_that_the_disk_does_not_take_are_heard_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"")
    writer = journal(tmp_path / "broken" / "disk")
    writer.append(FactLearned, field="address", value="a", confirmed=True)
    heard: list[Record] = []
    reader = JournalReader(tmp_path, heard.append, {})
    reader.hear(["no record", *writer.unwritten()])
    assert [record.event_id for record in heard] == ["call-1/1"]


def test_a_record_that_the_database_refuses_keeps_no_other_back(tmp_path: Path) -> None:
    writer = journal(tmp_path)
    for value in ("a", "\0", "b"):
        writer.append(FactLearned, field="address", value=value, confirmed=True)
    reader = JournalReader(tmp_path, lambda record: None, {})
    reader.scan()
    stored: list[str] = []
    while (batch := reader.next_batch()) is not None:
        if any(record["value"] == "\0" for record in batch.records):
            reader.refused(batch)
        else:
            stored += [record["value"] for record in batch.records]
            reader.stored(batch)
    assert stored == ["a", "b"]
