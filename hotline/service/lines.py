"""The controller's wires: to the edge, and to each worker that is in a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import structlog

from hotline.ipc import (
    Answer,
    AnyMessage,
    Ask,
    ControllerHello,
    EdgeJournalGrew,
    EdgeStats,
    Hangup,
    Job,
    JournalGrew,
    Order,
    Ordered,
    Originate,
    OriginateFailed,
    Registered,
    SendText,
    Tell,
    TextSent,
    WorkerHello,
    WorkerLost,
)
from hotline.ipc_link import Link, LinkClient, serve

log = structlog.get_logger()
MOST_UNWANTED = 1000
"""Calls that were to end before their worker came; most of them never come."""


class LinesListener(Protocol):
    """What comes in over the wires."""

    def journal_grew(self, name: str, unwritten: Sequence[str] = ()) -> None: ...

    def worker_here(self, call_id: str) -> None: ...

    def worker_gone(self, call_id: str) -> None:
        """The worker's connection closed; it may be dead, done, or about to connect again."""
        ...

    def worker_lost(self, call_id: str) -> None:
        """The edge says that the worker is dead."""
        ...

    def originate_failed(self, call_id: str, why: str, *, busy: bool) -> None: ...

    def registered(self, user: str, reachable: bool) -> None: ...

    def edge_here(self, here: bool) -> None: ...

    def text_sent(self, answer: TextSent) -> None:
        """What came of a line of text."""
        ...

    def edge_stats(self, counters: dict[str, int], gauges: dict[str, int]) -> None: ...

    def asked(self, call_id: str, action: str, arguments: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Answer a business action: outcome and values; must be quick."""
        ...

    def ordered(self, order: Order) -> Ordered:
        """Carry out what a person orders, or say why not."""
        ...


class WorkerLines:
    """Server side of `controller.sock`."""

    def __init__(self, listener: LinesListener) -> None:
        self._listener = listener
        self._calls: dict[int, str] = {}
        self._links: dict[str, Link] = {}
        self._unwanted: dict[str, str] = {}

    def tell(self, call_id: str, topic: str, values: dict[str, str]) -> bool:
        """False when that call has no worker here; what matters is in the store anyway."""
        link = self._links.get(call_id)
        return link is not None and link.send(Tell(topic=topic, values=values))

    def hang_up(self, call_id: str, reason: str) -> bool:
        """False when that call has no worker here; one that is being forked is sent home when it comes."""
        link = self._links.get(call_id)
        if link is None:
            self._unwanted[call_id] = reason
            while len(self._unwanted) > MOST_UNWANTED:
                del self._unwanted[next(iter(self._unwanted))]
            return False
        return link.send(Hangup(reason=reason))

    def connected(self, call_id: str) -> bool:
        return call_id in self._links

    def count(self) -> int:
        return len(self._links)

    def close_all(self) -> None:
        """Let every worker go to our successor, who listens at the same path by now."""
        for link in list(self._links.values()):
            link.close()

    def link_opened(self, link: Link) -> None:
        """A worker says first who it is."""

    def link_message(self, link: Link, message: AnyMessage) -> None:
        if isinstance(message, WorkerHello):
            self._calls[id(link)] = message.call_id
            self._links[message.call_id] = link
            self._listener.worker_here(message.call_id)
            unwanted = self._unwanted.pop(message.call_id, None)
            if unwanted is not None:
                link.send(Hangup(reason=unwanted))
        elif isinstance(message, JournalGrew):
            self._listener.journal_grew(message.call_id, message.unwritten)
        elif isinstance(message, Ask):
            self._answer(link, message)
        elif isinstance(message, Order):
            self._carry_out(link, message)
        else:
            log.error("unexpected message from a worker", type=message.type)

    def link_closed(self, link: Link) -> None:
        call_id = self._calls.pop(id(link), None)
        if call_id is not None and self._links.get(call_id) is link:
            del self._links[call_id]
            self._listener.worker_gone(call_id)

    def _answer(self, link: Link, ask: Ask) -> None:
        call_id = self._calls.get(id(link), "")
        try:
            outcome, values = self._listener.asked(call_id, ask.action, ask.arguments)
        except Exception:
            log.exception("business action failed", call_id=call_id, action=ask.action)
            outcome, values = "unavailable", {}
        link.send(Answer(ask_id=ask.ask_id, outcome=outcome, values=values))

    def _carry_out(self, link: Link, order: Order) -> None:
        try:
            answer = self._listener.ordered(order)
        except Exception as error:
            log.exception("order failed", command=order.command)
            why = f"a fault of the service ({type(error).__name__}); its log says more"
            answer = Ordered(order_id=order.order_id, done=False, why=why)
        link.send(answer)


class EdgeLine:
    """Client side of `edge.sock`."""

    def __init__(self, reactor: Any, path: Path, hello: ControllerHello, listener: LinesListener) -> None:
        self._hello = hello
        self._listener = listener
        self._client = LinkClient(reactor, path, self)

    @property
    def connected(self) -> bool:
        return self._client.connected

    def start(self) -> None:
        self._client.start()

    def stop(self) -> Any:
        return self._client.stop()

    def originate(self, job: Job) -> bool:
        """False when the edge is away; the order stays in dispatch's outbox and comes again."""
        return self._client.send(Originate(job=job))

    def send_text(self, order: SendText) -> bool:
        """False when the edge is away."""
        return self._client.send(order)

    def send(self, message: Any) -> bool:
        return self._client.send(message)

    def link_opened(self, link: Link) -> None:
        link.send(self._hello)
        self._listener.edge_here(True)

    def link_message(self, link: Link, message: AnyMessage) -> None:
        if isinstance(message, EdgeJournalGrew):
            self._listener.journal_grew("edge", message.unwritten)
        elif isinstance(message, WorkerLost):
            self._listener.worker_lost(message.call_id)
        elif isinstance(message, OriginateFailed):
            self._listener.originate_failed(message.call_id, message.why, busy=message.busy)
        elif isinstance(message, TextSent):
            self._listener.text_sent(message)
        elif isinstance(message, Registered):
            self._listener.registered(message.user, message.reachable)
        elif isinstance(message, EdgeStats):
            self._listener.edge_stats(message.counters, message.gauges)

    def link_closed(self, link: Link) -> None:
        self._listener.edge_here(False)


def listen(reactor: Any, path: Path, lines: WorkerLines) -> Callable[[], Any]:
    """Listen for workers at `path` in the place of a predecessor; returns the function that stops."""
    return serve(reactor, path, lines)
