"""The edge's journal goes over several files, and no record is lost or told twice on the way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.edge.journal import EdgeJournal
from hotline.edge.recovery import unfinished_calls
from hotline.events import CallEnded
from hotline.journal import Journal
from hotline.segments import current, following, number_of, segments
from hotline.service.book import CallBook
from hotline.service.journals import JournalReader

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SMALL = 700
"""Bytes: two or three records."""


def edge(folder: Path) -> EdgeJournal:
    return EdgeJournal(folder, lambda: NOW, most_bytes=SMALL)


def arrive(journal: EdgeJournal, call_id: str) -> str:
    journal.arrived(call_id, caller="13800138000", dialled="962677", trunk="t", sip_call_id="s", drill=False)
    return f"{call_id}/edge/1"


class Controller:
    """Reads and stores; killed, it goes on with what is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[str] = []
        self.offsets: dict[str, int] = {}
        self.start()

    def start(self) -> None:
        self.reader = JournalReader(self.folder, lambda record: None, self.offsets)

    def store(self, batches: int = 1000) -> None:
        for _ in range(batches):
            batch = self.reader.next_batch()
            if batch is None:
                return
            self.rows += [str(row["event_id"]) for row in batch.records]
            self.offsets[batch.journal] = batch.next_offset
            self.reader.stored(batch)


def test_names_are_never_used_twice(tmp_path: Path) -> None:
    assert current(tmp_path).name == "edge.jsonl"
    (tmp_path / "edge.jsonl").touch()
    (tmp_path / "edge-000002.jsonl").touch()
    (tmp_path / "edge-of-town.jsonl").touch()
    assert [path.name for path in segments(tmp_path)] == ["edge.jsonl", "edge-000002.jsonl"]
    assert current(tmp_path).name == "edge-000002.jsonl"
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "edge-000007.jsonl").touch()
    assert following(tmp_path).name == "edge-000008.jsonl"
    names = ("edge", "edge-000012", "20261122T021500-ab", "edge-x")
    assert [number_of(name) for name in names] == [1, 12, 0, 0]


STEPS = ("call", "kill edge", "kill over a new file", "read", "store", "kill controller")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=60))
def test_whoever_is_killed_whenever_each_record_is_stored_once(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal, controller, written = edge(folder), Controller(folder), []
        for number, step in enumerate([*steps, "call", "read", "store", "read"]):
            if step == "call":
                written.append(arrive(journal, f"c{number}"))
            elif step in ("kill edge", "kill over a new file"):
                if step == "kill over a new file":
                    following(folder).touch()
                journal.close()
                journal = edge(folder)
            elif step == "read":
                controller.reader.scan()
            elif step == "store":
                controller.store(1)
            else:
                controller.start()
        controller.store()
        controller.reader.scan()
        assert sorted(controller.rows) == sorted(written)
        assert len(segments(folder)) == 1
        journal.close()


def test_what_goes_on_is_recalled_from_a_file_that_is_put_away(tmp_path: Path) -> None:
    journal, controller = edge(tmp_path), Controller(tmp_path)
    arrive(journal, "long-call")
    worker = Journal(tmp_path, "long-call", lambda: NOW)
    for number in range(3):
        arrive(journal, f"c{number}")
    controller.reader.scan()
    controller.store()
    controller.reader.scan()
    assert not (tmp_path / "edge.jsonl").exists()
    book = CallBook()
    book.recall(tmp_path, controller.offsets)
    note = book.get("long-call")
    assert note is not None and note.caller == "13800138000"
    worker.append(CallEnded, by="caller")
    worker.close()
    journal.close()


def test_calls_that_were_left_are_found_across_two_files(tmp_path: Path) -> None:
    journal = edge(tmp_path)
    for number in range(4):
        arrive(journal, f"c{number}")
    assert len(segments(tmp_path)) == 2
    assert [call.arrived.call_id for call in unfinished_calls(tmp_path, NOW)] == ["c0", "c1", "c2", "c3"]
    journal.close()


def test_a_disk_that_takes_no_new_file_costs_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = edge(tmp_path)
    monkeypatch.setattr(os, "open", _full)
    written = [arrive(journal, f"c{number}") for number in range(8)]
    monkeypatch.undo()
    controller = Controller(tmp_path)
    controller.reader.scan()
    controller.store()
    assert controller.rows == written
    journal.close()


def _full(*_: object, **__: object) -> int:
    raise OSError(28, "No space left on device")


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from hotline.edge.journal import EdgeJournal
journal = EdgeJournal(Path(sys.argv[1]), lambda: datetime.now(UTC), most_bytes=1500)
number = 0
while True:
    number += 1
    call = f"{sys.argv[2]}-{number}"
    journal.arrived(call, caller="1", dialled="2", trunk="3", sip_call_id="4", drill=False)
    sys.stdout.write(call + "/edge/1\\n")
    sys.stdout.flush()
"""


def test_sigkill_in_the_middle_of_writing(tmp_path: Path) -> None:
    controller, said = Controller(tmp_path), []
    chance = random.Random(20261122)
    for life in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(life)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        for _ in range(chance.randrange(20, 200)):
            said.append(writer.stdout.readline().decode().strip())
            if chance.random() < 0.05:
                controller.reader.scan()
                controller.store(chance.randrange(3))
        writer.send_signal(signal.SIGKILL)
        said += [line.decode().strip() for line in writer.stdout if line.endswith(b"\n")]
        writer.wait()
        writer.stdout.close()
        controller.start()
    for _ in range(2):
        controller.reader.scan()
        controller.store()
    assert len(controller.rows) == len(set(controller.rows))
    assert set(said) <= set(controller.rows)
