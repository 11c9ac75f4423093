"""Anchors of the history are kept outside the database; recordings go to the tickets of their calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatch.ticket_records import Attachment
from hotline import attachments
from hotline.events import RecordingFinished
from hotline.service.anchors import FILE, Anchors, kept_anchors
from hotline.service.filing import Filing
from tests.support.ticket_desk import TicketDesk

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TicketDesk]:
    made = TicketDesk(tmp_path / "state")
    yield made
    made.stop()


def test_an_anchor_is_set_when_something_was_written(desk: TicketDesk, tmp_path: Path) -> None:
    anchors = Anchors(None, desk.dispatch, tmp_path, lambda: desk.now)
    assert not anchors.set_anchor(), "nothing was written"
    desk.open("repair")
    desk.dispatch.run()
    assert anchors.set_anchor() and not anchors.set_anchor()
    with desk.store.history_view() as view:
        assert kept_anchors(tmp_path) == {one.number: one.hash for one in view.anchors()}
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text + "nonsense\n", encoding="utf-8")
    assert list(kept_anchors(tmp_path / FILE)) == [1]
    desk.store.available = False  # type: ignore[attr-defined]  # the fake's switch
    assert not anchors.set_anchor()
    desk.store.available = True  # type: ignore[attr-defined]  # the fake's switch


def test_a_recording_is_filed_with_its_hash(desk: TicketDesk, tmp_path: Path) -> None:
    number = desk.open("repair", "c").number
    (tmp_path / "c.wav").write_bytes(b"RIFF....")
    digest, size = attachments.fingerprint(tmp_path / "c.wav")
    filing = Filing(None, desk.dispatch, tmp_path, lambda: desk.now)
    assert desk.dispatch.calls_without_recording() == ["c"]
    for _ in range(2):
        filing.filed("c", "c.wav", digest, size)
    assert desk.dispatch.calls_without_recording() == []
    found = desk.dispatch.engine.state.get(Attachment, f"{number}/F1")
    assert found is not None and (found.sha256, found.size_bytes, found.call_id) == (digest, 8, "c")


def test_only_calls_with_tickets_are_looked_at(desk: TicketDesk, tmp_path: Path) -> None:
    seen: list[Any] = []
    filing = Filing(None, desk.dispatch, tmp_path, lambda: desk.now)
    filing._file = lambda *what: seen.append(what)  # type: ignore[method-assign]  # no thread here
    take = filing.after(seen.append)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    record = RecordingFinished(event_id="x/1", call_id="x", at=at, path="x.wav", seconds=1)
    take(record)
    desk.open("repair", "x")
    take(record)
    assert seen == [record, record, ("x", "x.wav")]


def test_a_picture_is_written_once_and_never_again(tmp_path: Path) -> None:
    kept = attachments.keep(tmp_path, PNG)
    path = tmp_path / kept.reference
    assert (kept.media_type, kept.size_bytes, path.read_bytes()) == ("image/png", len(PNG), PNG)
    assert path.stat().st_mode & 0o222 == 0
    assert attachments.keep(tmp_path, PNG) == kept and len(list(path.parent.iterdir())) == 1
    path.chmod(0o600)
    path.write_bytes(PNG + b"!")
    with pytest.raises(attachments.AttachmentRefusedError, match="changed since"):
        attachments.keep(tmp_path, PNG)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF1234WEBPVP8 ", "image/webp"),
     (b"%PDF-1.7", "application/pdf"), ("客户签字".encode(), "text/plain"),
     (b"....ftypheic", "image/heic"), (b"GIF89a", "image/gif")],
)
def test_what_it_is_stands_in_the_content(content: bytes, media_type: str) -> None:
    assert attachments.kind_of(content)[0] == media_type


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00", b"\x7fELF\x02", b"a\x00b"])
def test_programs_and_nothing_are_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(attachments.AttachmentRefusedError):
        attachments.keep(tmp_path, content)
    assert list(tmp_path.iterdir()) == []
