"""A worker's lines to the controller and to the edge: they come back by themselves and never block."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from hotline.appending import NEWEST
from hotline.calls.ports import Clock, Timer
from hotline.ipc import (
    Answer,
    AnyMessage,
    Ask,
    Dialog,
    Hangup,
    Job,
    JournalGrew,
    Message,
    Tell,
    WorkerDone,
    WorkerHello,
    WorkerReady,
)
from hotline.ipc_link import Link, LinkClient

log = structlog.get_logger()
UNAVAILABLE = "unavailable"
MAX_UNWRITTEN = 2000


class WorkerControllerLink:
    """hotline.calls.context.ControllerLink over `controller.sock`."""

    def __init__(self, reactor: Any, path: Path, job: Job, told: Callable[[Tell | Hangup], None]) -> None:
        self._clock: Clock = reactor
        self._job, self._told = job, told
        self._asked: dict[int, tuple[Callable[[Answer], None], Timer]] = {}
        self._last_ask = 0
        self.unwritten: Callable[[int], tuple[str, ...]] = lambda newest: ()
        """What the disk does not take of our journal goes with the doorbell."""
        self._client = LinkClient(reactor, path, self)

    def start(self) -> None:
        self._client.start()

    def journal_grew(self) -> None:
        self._client.send(JournalGrew(call_id=self._job.call_id, unwritten=self.unwritten(NEWEST)))

    def ask(
        self,
        action: str,
        arguments: dict[str, str],
        timeout_seconds: float,
        answered: Callable[[Answer], None],
    ) -> None:
        """A controller that is away answers `unavailable` at once, a slow one after the time."""
        self._last_ask += 1
        ask_id = self._last_ask
        sent = self._client.send(Ask(ask_id=ask_id, action=action, arguments=arguments))
        wait_seconds = timeout_seconds if sent else 0
        timer = self._clock.callLater(wait_seconds, self._answer, _unavailable(ask_id))
        self._asked[ask_id] = (answered, timer)

    # ---- hotline.ipc_link.LinkListener
    def link_opened(self, link: Link) -> None:
        link.send(WorkerHello(call_id=self._job.call_id, purpose=self._job.purpose, pid=os.getpid()))
        link.send(JournalGrew(call_id=self._job.call_id, unwritten=self.unwritten(MAX_UNWRITTEN)))

    def link_message(self, link: Link, message: AnyMessage) -> None:
        if isinstance(message, Answer):
            self._answer(message)
        elif isinstance(message, Tell | Hangup):
            self._told(message)

    def link_closed(self, link: Link) -> None:
        for ask_id in list(self._asked):
            self._answer(_unavailable(ask_id))

    def _answer(self, answer: Answer) -> None:
        answered, timer = self._asked.pop(answer.ask_id, (None, None))
        if answered is None or timer is None:
            return
        if timer.active():
            timer.cancel()
        try:
            answered(answer)
        except Exception:
            log.exception("an answer was not followed; the call goes on")


class WorkerEdgeLink:
    """Tells the edge that this worker is there, and after every reconnect what it is doing."""

    def __init__(
        self, reactor: Any, path: Path, job: Job, sip_port: int, dialogs: Callable[[], tuple[Dialog, ...]],
        unwanted: Callable[[Hangup], None] = lambda hangup: None,
    ) -> None:  # fmt: skip
        """`unwanted`: nobody waits for this worker any more."""
        self._job, self._sip_port, self._dialogs, self._unwanted = job, sip_port, dialogs, unwanted
        self.opened: Callable[[], None] = lambda: None
        """Called whenever the edge knows of us."""
        self._client = LinkClient(reactor, path, self)

    def start(self) -> None:
        self._client.start()

    def done(self) -> None:
        self._send(WorkerDone(call_id=self._job.call_id))

    def _send(self, message: Message) -> None:
        self._client.send(message)

    # ---- hotline.ipc_link.LinkListener
    def link_opened(self, link: Link) -> None:
        link.send(
            WorkerReady(
                call_id=self._job.call_id, purpose=self._job.purpose, pid=os.getpid(),
                sip_port=self._sip_port, dialogs=self._dialogs(),
            )
        )  # fmt: skip
        self.opened()

    def link_message(self, link: Link, message: AnyMessage) -> None:
        """Besides SIP the edge says one thing: that a call is gone."""
        if isinstance(message, Hangup):
            self._unwanted(message)

    def link_closed(self, link: Link) -> None:
        """The client is reconnecting already."""


def _unavailable(ask_id: int) -> Answer:
    return Answer(ask_id=ask_id, outcome=UNAVAILABLE)
