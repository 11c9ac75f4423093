"""Rules for every test: nothing is left over, no error is logged unnoticed, no setting leaks in."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure

LIVE = Path(__file__).parent / "live"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in tests/live needs real parts."""
    for item in items:
        if LIVE in item.path.parents:
            item.add_marker("live")


@pytest.fixture(autouse=True)
def no_foreign_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester's own HOTLINE_… variables change nothing."""
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def logged_errors() -> Iterator[Callable[[], list[Failure]]]:
    """Twisted errors that nobody handled fail the test; a test that expects some calls this to take them."""
    found: list[Failure] = []

    def observe(event: LogEvent) -> None:
        failure = event.get("log_failure")
        if failure is not None:
            found.append(failure)

    def take() -> list[Failure]:
        taken = found[:]
        found.clear()
        return taken

    globalLogPublisher.addObserver(cast(ILogObserver, observe))
    yield take
    globalLogPublisher.removeObserver(cast(ILogObserver, observe))
    assert not found, "errors were logged:\n" + "\n".join(failure.getTraceback() for failure in found)


@pytest.fixture(autouse=True)
def no_leftovers() -> Iterator[None]:
    """Threads and timers end with the test that began them."""
    before = set(threading.enumerate())
    yield
    left = [
        thread.name for thread in threading.enumerate()
        if thread not in before and not thread.daemon and thread.is_alive()
    ]
    assert not left, f"threads go on after the test: {left}"
    timers = _reactor_timers()
    for timer in timers:
        timer.cancel()
    assert not timers, f"timers go on after the test: {timers}"


def _reactor_timers() -> list[Any]:
    reactor: Any = sys.modules.get("twisted.internet.reactor")
    return list(reactor.getDelayedCalls()) if reactor is not None else []
