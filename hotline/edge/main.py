"""Entry point of the edge process: `python -m hotline.edge --config FILE`."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import structlog

from hotline.edge.service import EdgeService
from hotline.errors import HotlineError
from hotline.logs import configure
from hotline.settings import Settings
from hotline.settings_file import load_settings

_log = structlog.get_logger()


class AlreadyRunningError(HotlineError):
    """Another edge holds the lock of this run directory; only one may listen."""


def take_lock(run: Path) -> int:
    """Hold `run/edge.lock` for as long as we live; our pid is in it. Raises AlreadyRunningError."""
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(run / "edge.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyRunningError(f"an edge is already running in {run}") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def run(settings_path: Path) -> int:
    """Serve until SIGTERM. Returns the exit status; what is wrong stands on standard error."""
    try:
        return serve(load_settings(settings_path))
    except HotlineError as error:
        print(f"{error}\n{type(error).__doc__}", file=sys.stderr)
        return error.exit_status


def serve(settings: Settings) -> int:
    """Hold the lock, open the sockets, run the reactor. Raises HotlineError before it has begun."""
    configure(settings.logging, "edge")
    lock = take_lock(settings.paths.run)
    from twisted.internet import reactor as installed

    reactor: Any = installed
    service = EdgeService(reactor, settings, time.time)

    def stop(*_: object) -> None:
        _log.info("edge is stopping")
        service.stop()
        reactor.callLater(0.1, reactor.stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reactor.callFromThread(stop))
    service.start()
    reactor.run(installSignalHandlers=False)
    os.close(lock)
    return 0
