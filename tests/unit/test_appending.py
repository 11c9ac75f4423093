"""Files of records on a disk that is full, broken or not ours: nothing is lost, nothing raises."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline.appending import AppendFile
from hotline.events import FactLearned
from hotline.journal import Journal, read


class Disk:
    """os.write with so much room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room_bytes: int) -> None:
        self.room_bytes, self._write = room_bytes, os.write
        monkeypatch.setattr("hotline.appending.os.write", self.write)

    def write(self, file: int, data: bytes) -> int:
        if not self.room_bytes:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._write(file, data[: self.room_bytes])
        self.room_bytes -= written
        return written


def test_a_disk_that_fills_up_in_mid_line_gets_the_rest_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, 7)
    file = AppendFile(tmp_path / "a")
    assert not file.append(b"first\n") or not file.append(b"second\n")
    assert not file.append(b"third\n")
    assert (file.unwritten(), file.unwritten(1)) == (("second", "third"), ("third",))
    disk.room_bytes = 1000
    assert file.append(b"fourth\n")
    assert (tmp_path / "a").read_bytes() == b"first\nsecond\nthird\nfourth\n"


def test_a_folder_that_is_not_there_yet_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"in the way")
    file = AppendFile(tmp_path / "state" / "a")
    assert not file.append(b"first\n")
    (tmp_path / "state").unlink()
    assert file.flush()
    assert (tmp_path / "state" / "a").read_bytes() == b"first\n"


def test_a_line_cut_off_by_the_full_disk_and_a_death_uses_up_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def journal() -> Journal:
        return Journal(tmp_path, "c", lambda: datetime(2026, 1, 1, tzinfo=UTC))

    disk = Disk(monkeypatch, 10_000)
    first = journal()
    first.append(FactLearned, field="address", value="a", confirmed=True)
    with first.path.open("ab") as file:
        file.write(b"a line that no one can read\n")
    first.append(FactLearned, field="address", value="b", confirmed=True)
    disk.room_bytes = 10
    first.append(FactLearned, field="address", value="c", confirmed=True)
    assert len(first.unwritten()) == 1
    disk.room_bytes = 10_000
    event = journal().append(FactLearned, field="address", value="d", confirmed=True)
    assert event.event_id == "c/3"
    assert [entry.record.event_id for entry in read(first.path)] == ["c/1", "c/2", "c/3"]
