"""A reactor of a test's own, turned by hand until something has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.python.failure import Failure

Result = TypeVar("Result")
PATIENCE_SECONDS = 20.0


@contextmanager
def own_reactor() -> Iterator[Any]:
    reactor = EPollReactor()
    reactor.startRunning(installSignalHandlers=False)
    try:
        yield reactor
    finally:
        reactor.fireSystemEvent("shutdown")
        reactor.disconnectAll()
        for _ in range(5):
            reactor.iterate(0)


def until(reactor: Any, condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        reactor.iterate(0.01)


def run(reactor: Any, work: Coroutine[Deferred[Any], Any, Result]) -> Result:
    """Turn the reactor until the coroutine has ended; its result, or its exception."""
    results: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(results.append)
    until(reactor, lambda: bool(results))
    if isinstance(results[0], Failure):
        results[0].raiseException()
    found: Result = results[0]
    return found


@contextmanager
def process_reactor() -> Iterator[Any]:
    """The reactor of the process, for what takes no other (Twisted's TLS); it is left as it was."""
    from twisted.internet import reactor as shared

    reactor: Any = shared
    reactor.iterate(0)  # its own descriptors are open from here on
    before = len(reactor.getReaders()) + len(reactor.getWriters())
    yield reactor
    reactor.iterate(0.01)
    until(reactor, lambda: len(reactor.getReaders()) + len(reactor.getWriters()) <= before)
    until(reactor, lambda: not any(call.active() for call in reactor.getDelayedCalls()))
    reactor.iterate(0)
