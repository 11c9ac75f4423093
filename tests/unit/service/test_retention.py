"""Recordings go after their time, with a note, and never those of what is still open."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock

from dispatch.api import StoreUnavailable
from hotline.service.retention import FIRST_SWEEP_SECONDS, Retention

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""The 23rd in Shanghai."""


class Books:
    """What dispatch knows and stores."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.tickets: dict[str, Any] = {}
        self.incidents: dict[str, Any] = {}
        self.pages: dict[str, Any] = {}
        self.away = False

    def tickets_of_call(self, call_id: str) -> list[Any]:
        return [self.tickets[call_id]] if call_id in self.tickets else []

    def incident(self, name: str) -> Any:
        return self.incidents.get(name)

    def page(self, page_id: str) -> Any:
        return self.pages.get(page_id)

    def record_events(self, journal: str, records: list[dict[str, Any]], offset: int) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.rows += records


class AtOnce(Clock):
    """A reactor whose threads do at once what they are given."""

    def getThreadPool(self) -> Any:
        return SimpleNamespace(callInThreadWithCallback=self._call)

    def _call(self, done: Any, function: Any, *arguments: Any) -> None:
        done(True, function(*arguments))

    def callFromThread(self, function: Any, *arguments: Any) -> None:
        function(*arguments)


class Cellar:
    def __init__(self, folder: Path) -> None:
        self.folder, self.books, self.clock = folder, Books(), AtOnce()
        settings: Any = SimpleNamespace(
            timezone="Asia/Shanghai", recording=SimpleNamespace(keep_days=30),
            paths=SimpleNamespace(recordings=folder),
        )  # fmt: skip
        books: Any = self.books
        Retention(self.clock, settings, books, lambda: NOW).start()

    def put(self, name: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"RIFF")
        return file

    def sweep(self) -> list[str]:
        self.clock.advance(FIRST_SWEEP_SECONDS)
        return sorted(str(file.relative_to(self.folder)) for file in self.folder.rglob("*.wav"))


def test_what_is_older_goes_and_is_on_record(tmp_path: Path) -> None:
    cellar = Cellar(tmp_path)
    for name in ("2026/10/24/kept.wav", "2026/10/23/old.wav", "2025/01/01/older.wav", "prompts/a.wav",
                 "2026/99/99/odd.wav"):  # fmt: skip
        cellar.put(name)
    assert cellar.sweep() == ["2026/10/24/kept.wav", "2026/99/99/odd.wav", "prompts/a.wav"]
    told = [(row["kind"], row["call_id"], row["path"]) for row in cellar.books.rows]
    assert told == [
        ("recording_deleted", "older", "2025/01/01/older.wav"),
        ("recording_deleted", "old", "2026/10/23/old.wav"),
    ]
    assert not (tmp_path / "2025").exists() and (tmp_path / "2026" / "10").exists()


def test_what_is_open_stays(tmp_path: Path) -> None:
    cellar = Cellar(tmp_path)
    books = cellar.books
    for call_id in ("open-ticket", "open-incident", "page-of-it", "closed"):
        cellar.put(f"2026/01/01/{call_id}.wav")
    books.incidents = {"i1": SimpleNamespace(open=True), "i2": SimpleNamespace(open=False)}
    books.tickets = {
        "open-ticket": SimpleNamespace(incident="", closed_at=None),
        "open-incident": SimpleNamespace(incident="i1", closed_at=NOW),
        "closed": SimpleNamespace(incident="i2", closed_at=NOW),
    }
    books.pages = {"page-of-it": SimpleNamespace(incident="i1")}
    stay = ["open-incident", "open-ticket", "page-of-it"]
    assert cellar.sweep() == [f"2026/01/01/{call_id}.wav" for call_id in stay]


def test_without_the_database_nothing_is_deleted(tmp_path: Path) -> None:
    cellar = Cellar(tmp_path)
    cellar.put("2026/01/01/old.wav")
    cellar.books.away = True
    assert cellar.sweep() == ["2026/01/01/old.wav"]
    cellar.books.away = False
    cellar.clock.advance(24 * 3600)
    assert [row["call_id"] for row in cellar.books.rows] == ["old"]
