"""Keeps one of several nodes in touch with the others: a thread that asks, and news for the engine.

The thread never touches the state; the engine takes its news when it is its turn. Without the
database each node goes on with what it was told: a crew may then be paged by two, never by none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from dispatch.errors import DispatchError, StoreUnavailable
from dispatch.model import Put
from dispatch.ownership import divide, root
from dispatch.store.nodes import Forwarded, NodeStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ToSend:
    """A command that waits here for another node."""

    effect_id: str
    node: str
    event_id: str
    command: dict[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """What one turn of the link found."""

    elsewhere: list[Put] = field(default_factory=list)
    """What the others have open."""
    claimed: list[Put] = field(default_factory=list)
    """What was a dead node's and is ours now, with all that belongs to it."""
    inbox: list[Forwarded] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    """Effects whose command the other node will find."""


class NodeLink:
    """`turn` does it once; `start` does it again and again in a thread of its own."""

    def __init__(
        self, nodes: NodeStore, lease_seconds: float, utcnow: Callable[[], datetime],
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """`ready`: whether the database has been brought up to date and may be used."""
        self._nodes, self._lease_seconds, self._utcnow, self._ready = nodes, lease_seconds, utcnow, ready
        self._lock = threading.Lock()
        self._to_send: dict[str, ToSend] = {}
        self._settled: list[int] = []
        self._news: list[News] = []
        self._taken: set[str] = set()
        """Claimed in the database, and not handed to the engine yet."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.connected = False
        """Whether the last turn reached the database."""

    @property
    def node(self) -> str:
        return self._nodes.node

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="dispatch-nodes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End in good order: the others need not wait for the lease to run out."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self._lease_seconds)
        try:
            self._nodes.leave()
        except DispatchError:
            log.warning("node_could_not_leave", node=self.node)

    def send(self, waiting: Iterable[ToSend]) -> None:
        """Everything that waits now; it is asked for again until it was sent."""
        with self._lock:
            self._to_send = {one.effect_id: one for one in waiting}

    def settle(self, ids: Iterable[int]) -> None:
        """These are in our own journal."""
        with self._lock:
            self._settled.extend(ids)

    def news(self) -> list[News]:
        """What was found since it was last asked."""
        with self._lock:
            found, self._news = self._news, []
        return found

    def turn(self) -> None:
        """Beat, pass on, claim, look around. Raises StoreUnavailable."""
        with self._lock:
            waiting, settled = list(self._to_send.values()), self._settled
            self._settled = []
        self._nodes.beat(self._lease_seconds)
        for one in waiting:
            self._nodes.forward(one.node, one.event_id, one.command)
        if settled:
            self._nodes.settle(settled)
        self._nodes.send_on()
        self._taken |= set(self._nodes.claim())  # ours from here on, whatever fails below
        inbox = self._nodes.inbox()
        records, _ = self._nodes.store.load_open(self._utcnow())
        mine, elsewhere = divide(records, self.node)
        claimed = [record for record in mine if (of := root(record)) is not None and of[1] in self._taken]
        found = News(elsewhere, claimed, inbox, [one.effect_id for one in waiting])
        with self._lock:
            self._news.append(found)
        self._taken = set()

    def _run(self) -> None:
        while not self._stop.wait(self._lease_seconds / 4):
            if not self._ready():
                continue
            try:
                self.turn()
            except StoreUnavailable:
                self._set_connected(False)
            except Exception:
                # The thread must outlive whatever a driver throws.
                log.exception("node_link_failed", node=self.node)
                self._set_connected(False)
            else:
                self._set_connected(True)

    def _set_connected(self, connected: bool) -> None:
        if connected != self.connected:
            log.info("nodes_connected" if connected else "nodes_away", node=self.node)
        self.connected = connected
