"""The watch reads each record once, wherever its journal lies by then."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline.demo.watch import JournalWatch, NotWrittenError
from hotline.events import CallEnded, PromptStarted
from hotline.journal import Journal

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_records_are_seen_once_and_followed_into_the_archive(tmp_path: Path) -> None:
    seen: list[str] = []
    watch = JournalWatch(tmp_path, lambda record: seen.append(record.kind))
    journal = Journal(tmp_path, "c1", lambda: NOW)
    journal.append(PromptStarted, text="您好")
    watch.look()
    watch.look()
    (tmp_path / "done").mkdir()
    journal.append(CallEnded, by="caller")
    journal.close()
    journal.path.rename(tmp_path / "done" / journal.path.name)
    watch.look()
    assert seen == ["prompt_started", "call_ended"]
    assert watch.calls() == ["c1"] and len(watch.of("c1")) == 2
    assert watch.wait_for("prompt_started", 0, call_id="c1").text == "您好"


def test_what_does_not_come_is_told_with_what_came(tmp_path: Path) -> None:
    watch = JournalWatch(tmp_path)
    Journal(tmp_path, "c1", lambda: NOW).append(CallEnded, by="caller")
    watch.look()
    with pytest.raises(NotWrittenError, match="c1 call_ended"):
        watch.wait_for("emergency_declared", 0)
