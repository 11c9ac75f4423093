"""Forks a worker for every call: `python -m hotline.calls.zygote --config FILE --instance ID`.

It has loaded all that a worker needs (pjsua2, the speech model, the flows) and never starts a
thread, a reactor or pjlib, so that a fork of it is whole and ready within some 15 ms. When it
dies its workers live on; the next one registers with the edge in its place.
"""

from __future__ import annotations

import argparse
import faulthandler
import fcntl
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import structlog

from hotline.calls.nursery import Nursery
from hotline.errors import ConfigurationError, HotlineError
from hotline.ipc import (
    Fork,
    ForkFailed,
    Job,
    MalformedMessageError,
    Message,
    ProviderDraining,
    ProviderHello,
    decode,
    encode,
)
from hotline.logs import configure
from hotline.settings import Settings
from hotline.settings_file import load_settings

if TYPE_CHECKING:
    from hotline.calls.worker import Loaded

log = structlog.get_logger()

DEFAULT_CONVERSATION = "hotline.app:build_conversation"
RETRY_SECONDS = 0.2
READ_BYTES = 65536
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_SIGNALS = (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


class Zygote:
    """A blocking loop over the edge's socket and signals."""

    def __init__(self, loaded: Loaded, instance: str, reload_flows: Callable[[], Any]) -> None:
        self._nursery = Nursery(loaded, _SIGNALS)
        self._instance, self._reload_flows = instance, reload_flows
        self._path = loaded.settings.paths.run / "edge.sock"
        self._selector = selectors.DefaultSelector()
        self._edge: socket.socket | None = None
        self._unread = b""
        self._woken, self._waker = socket.socketpair()

    def run(self) -> None:
        """For ever, until SIGTERM."""
        self._hear_signals()
        self._share_memory()
        while True:
            self._nursery.fill_spares()
            if self._edge is None:
                self._connect()
            for key, _ in self._selector.select(None if self._edge is not None else RETRY_SECONDS):
                key.data()

    # ---- the edge
    def _connect(self) -> None:
        edge = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            edge.connect(str(self._path))
        except OSError:
            edge.close()
            return
        self._edge, self._unread = edge, b""
        self._selector.register(edge, selectors.EVENT_READ, self._read)
        self._send(ProviderHello(instance=self._instance, pid=os.getpid()))
        if self._edge is not None:
            self._say_ready()

    def _say_ready(self) -> None:
        """A predecessor goes on taking calls until it finds this file (hotline.service.instances)."""
        ready = self._path.with_name(f"zygote-{self._instance}.ready")
        try:
            ready.write_text(str(os.getpid()))
        except OSError as error:
            log.error("cannot say that calls are taken", why=str(error))

    def _read(self) -> None:
        if self._edge is None:
            return
        try:
            received = self._edge.recv(READ_BYTES)
        except OSError:
            received = b""
        if not received:
            self._disconnect()
            return
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            self._follow(line)

    def _follow(self, line: bytes) -> None:
        try:
            message = decode(line)
        except MalformedMessageError:
            log.error("malformed message from the edge; the connection is closed")
            self._disconnect()
            return
        if isinstance(message, Fork):
            self._give(message.job)

    def _send(self, message: Message) -> None:
        if self._edge is not None:
            try:
                self._edge.sendall(encode(message))
            except OSError:
                self._disconnect()

    def _disconnect(self) -> None:
        if self._edge is not None:
            self._selector.unregister(self._edge)
            self._edge.close()
            self._edge = None

    def _give(self, job: Job) -> None:
        try:
            self._nursery.give(job)
        except OSError as error:
            log.error("cannot fork a worker", call_id=job.call_id, why=str(error))
            self._send(ForkFailed(call_id=job.call_id, why=str(error)))

    def _share_memory(self) -> None:
        """Objects made so far are never looked at by a worker's collector, so their pages stay shared."""
        gc.disable()
        gc.collect()
        gc.freeze()

    # ---- signals
    def _hear_signals(self) -> None:
        for end in (self._woken, self._waker):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)
        self._selector.register(self._woken, selectors.EVENT_READ, self._signalled)

    def _signalled(self) -> None:
        numbers = set(self._woken.recv(READ_BYTES))
        if numbers & {signal.SIGTERM, signal.SIGINT}:
            self._send(ProviderDraining(instance=self._instance))
            os._exit(0)
        if signal.SIGCHLD in numbers:
            for job in self._nursery.reap():
                self._give(job)
        if signal.SIGHUP in numbers:
            self._reload()

    def _reload(self) -> None:
        """Later calls get the new flows; an invalid set changes nothing."""
        try:
            flows = self._reload_flows()
        except ConfigurationError as error:
            for fault in error.faults:
                log.error("flows were not reloaded", fault=str(fault))
            return
        except Exception:
            log.exception("flows were not reloaded")
            return
        self._nursery.loaded = replace(self._nursery.loaded, flows=flows)
        self._nursery.end_spares()
        self._share_memory()
        log.info("flows reloaded", version=getattr(flows, "version", ""))


def load(
    settings: Settings, conversation: str, *, with_flows: bool = True
) -> tuple[Loaded, Callable[[], Any]]:
    """Import and load all that workers need; also returns what loads the flows anew.

    Raises ConfigurationError for the flows. A missing or broken speech model is logged: the line
    then works by keys and persons.
    """
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    from hotline.calls.worker import Loaded
    from hotline.flow import load_flows

    for module in PRELOADED:
        importlib.import_module(module)
    module_name, _, name = conversation.partition(":")
    conversations = importlib.import_module(module_name)
    if hasattr(conversations, "preload"):
        conversations.preload(settings)

    def flows() -> Any:
        if not with_flows:
            return None
        checked = load_flows(settings.paths.flows, facts={"company": settings.company})
        if hasattr(conversations, "prepare_prompts"):
            conversations.prepare_prompts(settings, checked)
        return checked

    loaded = Loaded(settings, getattr(conversations, name), flows(), _speech_model(settings))
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        log.error("a library started threads before the fork; workers may hang", threads=threads)
    return loaded, flows


PRELOADED = (
    "twisted.internet.epollreactor", "twisted.internet.unix", "twisted.internet.tcp",
    "twisted.internet.endpoints", "encodings.idna", "zoneinfo", "numpy",
)  # fmt: skip
"""Modules that workers would import one by one after the fork otherwise."""


def _speech_model(settings: Settings) -> Any:
    if settings.speech.engine == "none" or settings.speech.model is None:
        log.warning("no speech model: the line works by keys and persons")
        return None
    try:
        from hotline.speech.engines import load_model

        return load_model(settings.speech)
    except Exception as error:
        log.error("speech model not loaded: the line works by keys and persons", why=str(error))
        return None


def lock(run: Path, instance: str) -> Any:
    """Hold the role's lock file for the life of the process. Raises HotlineError when it is held."""
    run.mkdir(parents=True, exist_ok=True)
    file = (run / f"zygote-{instance}.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HotlineError(f"a zygote of instance {instance} runs already ({file.name} is locked)") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hotline-zygote", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--instance", required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    parser.add_argument("--conversation", default=DEFAULT_CONVERSATION, help=argparse.SUPPRESS)
    parser.add_argument("--without-flows", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    faulthandler.enable()
    try:
        settings = load_settings(given.config, given.overrides)
        configure(settings.logging, "zygote")
        held = lock(settings.paths.run, given.instance)
        loaded, reload_flows = load(settings, given.conversation, with_flows=not given.without_flows)
    except HotlineError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    with held:
        Zygote(cast(Any, loaded), given.instance, reload_flows).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
