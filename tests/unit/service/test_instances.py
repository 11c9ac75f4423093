"""Instances know each other by records of processes that live."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline.service import instances, process
from hotline.service.process import ProcessRecord

DEAD = ProcessRecord(os.getpid(), 1)
"""Our pid with another start time: a process that is gone, its number taken by another."""


@pytest.fixture
def me() -> Iterator[ProcessRecord]:
    yield process.of(os.getpid())


def put(run: Path, role: str, name: str, record: ProcessRecord, **changes: object) -> None:
    replace(record, instance=name, **changes).write(instances.record_path(run, role, name))  # type: ignore[arg-type]


def test_a_pid_alone_proves_nothing(tmp_path: Path, me: ProcessRecord) -> None:
    me.write(tmp_path / "a.process")
    DEAD.write(tmp_path / "b.process")
    (tmp_path / "c.process").write_text("torn {")
    (tmp_path / "d.process").write_text('{"pid": 1}')
    assert process.read(tmp_path / "a.process") == me
    assert process.read(tmp_path / "b.process") is None
    assert process.read(tmp_path / "b.process", dead_too=True) == DEAD
    assert process.read(tmp_path / "c.process") is None is process.read(tmp_path / "d.process")
    assert process.read(tmp_path / "none.process") is None


def test_names_sort_by_time() -> None:
    first = instances.new_name(datetime(2026, 11, 22, 1, 2, 3, 4, UTC), 99999)
    second = instances.new_name(datetime(2026, 11, 22, 1, 2, 3, 5, UTC), 1)
    assert first < second


def test_a_successor_is_later_supervised_and_takes_calls(tmp_path: Path, me: ProcessRecord) -> None:
    put(tmp_path, "supervisor", "2", me)
    put(tmp_path, "supervisor", "1", me)
    assert instances.successor(tmp_path, "2") is None and not instances.successor_coming(tmp_path, "2")
    put(tmp_path, "supervisor", "3", me)
    put(tmp_path, "zygote", "3", me)
    assert instances.successor_coming(tmp_path, "2") and instances.successor(tmp_path, "2") is None
    (tmp_path / "zygote-3.ready").write_text("999999999")
    assert instances.successor_coming(tmp_path, "2"), "another zygote said that, before it died"
    (tmp_path / "zygote-3.ready").write_text(str(os.getpid()))
    found = instances.successor(tmp_path, "2")
    assert found is not None and found.name == "3" and not instances.successor_coming(tmp_path, "2")
    put(tmp_path, "supervisor", "3", me, draining=True)
    assert instances.successor(tmp_path, "2") is None and not instances.successor_coming(tmp_path, "2")
    put(tmp_path, "supervisor", "3", DEAD)
    assert instances.successor(tmp_path, "2") is None


def test_an_orphan_has_processes_and_no_supervisor(tmp_path: Path, me: ProcessRecord) -> None:
    put(tmp_path, "supervisor", "1", DEAD, draining=True)
    put(tmp_path, "supervisor", "2", DEAD)
    put(tmp_path, "controller", "2", me)
    put(tmp_path, "supervisor", "3", me)
    put(tmp_path, "zygote", "3", me)
    assert [one.name for one in instances.orphaned(tmp_path)] == ["2"]
    assert instances.was_draining(tmp_path, "1") and not instances.was_draining(tmp_path, "2")
    for name in ("1", "2", "3"):
        instances.forget(tmp_path, name)
    assert list(tmp_path.iterdir()) == []
