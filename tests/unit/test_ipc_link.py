"""Our processes find each other again: links over real Unix sockets."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor

from hotline.ipc import AnyMessage, EdgeJournalGrew, JournalGrew, encode
from hotline.ipc_link import Link, LinkClient, serve


class Recorder:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.messages: list[AnyMessage] = []
        self.closed: list[Link] = []

    def link_opened(self, link: Link) -> None:
        self.links.append(link)

    def link_message(self, link: Link, message: AnyMessage) -> None:
        self.messages.append(message)

    def link_closed(self, link: Link) -> None:
        self.closed.append(link)


@pytest.fixture
def reactor() -> Iterator[Any]:
    """A reactor of its own that is not the process-wide one."""
    own = EPollReactor()
    own.startRunning(installSignalHandlers=False)
    yield own
    own.fireSystemEvent("shutdown")
    own.disconnectAll()
    own.iterate(0)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Short enough for the 107 bytes of a Unix socket's name."""
    with tempfile.TemporaryDirectory(prefix="ipc") as name:
        yield Path(name)


def until(reactor: Any, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        reactor.iterate(0.01)


def test_both_sides_talk(reactor: Any, directory: Path) -> None:
    here, there = Recorder(), Recorder()
    stop = serve(reactor, directory / "s", there)
    client = LinkClient(reactor, directory / "s", here)
    assert not client.send(EdgeJournalGrew())
    client.start()
    until(reactor, lambda: client.connected and bool(there.links))
    assert client.send(JournalGrew(call_id="c1"))
    assert there.links[0].send(EdgeJournalGrew())
    until(reactor, lambda: bool(here.messages and there.messages))
    assert here.messages == [EdgeJournalGrew()]
    assert there.messages == [JournalGrew(call_id="c1")]
    client.stop()
    until(reactor, lambda: bool(there.closed))
    assert not there.links[0].send(EdgeJournalGrew())
    stop()
    until(reactor, lambda: not (directory / "s").exists())


def test_the_socket_is_for_its_owner_only(reactor: Any, directory: Path) -> None:
    serve(reactor, directory / "s", Recorder())
    assert (directory / "s").stat().st_mode & 0o777 == 0o600


def test_the_client_comes_back_after_the_server_died(reactor: Any, directory: Path) -> None:
    here, first, second = Recorder(), Recorder(), Recorder()
    client = LinkClient(reactor, directory / "s", here)
    client.start()
    stop = serve(reactor, directory / "s", first)
    until(reactor, lambda: client.connected)
    stop()
    first.links[0].abort()
    until(reactor, lambda: not client.connected)
    serve(reactor, directory / "s", second)
    until(reactor, lambda: client.connected)
    assert len(here.links) == 2
    assert here.closed == here.links[:1]
    client.stop()
    until(reactor, lambda: bool(second.closed))


def test_a_successor_takes_the_path_and_keeps_it(reactor: Any, directory: Path) -> None:
    old, new = Recorder(), Recorder()
    stop_old = serve(reactor, directory / "s", old)
    serve(reactor, directory / "s", new)
    closed = stop_old()
    until(reactor, lambda: bool(closed.called))
    client = LinkClient(reactor, directory / "s", Recorder())
    client.start()
    until(reactor, lambda: bool(new.links))
    assert old.links == []
    client.stop()
    until(reactor, lambda: bool(new.closed))


@pytest.mark.parametrize("rubbish", [b"hello\n", b'{"type":"fork"}\n', b"\xff\x00\n", b"[]\n"])
def test_rubbish_closes_the_connection(reactor: Any, directory: Path, rubbish: bytes) -> None:
    there = Recorder()
    serve(reactor, directory / "s", there)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(directory / "s"))
        raw.sendall(rubbish + encode(EdgeJournalGrew()))
        until(reactor, lambda: bool(there.closed))
    assert there.messages == []


def test_an_endless_line_closes_the_connection(
    reactor: Any, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Link, "MAX_LENGTH", 100)
    there = Recorder()
    serve(reactor, directory / "s", there)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(directory / "s"))
        raw.sendall(b"x" * 300)
        until(reactor, lambda: bool(there.closed))
    assert there.messages == []


def test_a_peer_that_never_reads_is_dropped(
    reactor: Any, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline.ipc_link.MAX_UNSENT_BYTES", 10_000)
    there = Recorder()
    serve(reactor, directory / "s", there)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(directory / "s"))
        until(reactor, lambda: bool(there.links))
        sent = 0
        while there.links[0].send(JournalGrew(call_id="x" * 1000)):
            sent += 1
            assert sent < 100_000
            reactor.iterate(0)
        until(reactor, lambda: bool(there.closed))
