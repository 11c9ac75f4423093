"""The real dispatch engine with nothing under it: no file, no database, a clock that is given.

Everything that decides is the engine's own (`Engine`, `decide`, timers, outbox, chain, roster);
only what would be written is let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count

from dispatch.commands import AnyCommand
from dispatch.effects import Outlet
from dispatch.engine import Engine
from dispatch.local_journal import LocalJournal
from dispatch.model import Unit
from dispatch.rules import Rules
from dispatch.store.memory import MemoryStore
from dispatch.writer import Writer

FORGET_EVERY = timedelta(hours=6)


class NoJournal(LocalJournal):
    """Remembers nothing: what is played needs no second life."""

    def __init__(self) -> None:
        self.size_bytes = 0

    def append(self, unit: Unit) -> None:
        pass

    def sync(self) -> None:
        pass

    def read(self) -> Iterator[Unit]:
        return iter(())

    def replace(self, units: Iterable[Unit]) -> None:
        pass

    def close(self) -> None:
        pass


class NoWriter(Writer):
    """Stores nothing."""

    def add(self, units: Iterable[Unit]) -> None:
        pass


class Core:
    """Tell it commands, and run it when it wants to be run."""

    def __init__(self, rules: Rules, now: datetime) -> None:
        numbers = count(1)
        store = MemoryStore()
        self.engine = Engine(rules, store, NoJournal(), new_id=lambda: f"t{next(numbers)}")
        self.engine.writer = NoWriter(store)
        self.engine.start(now)
        self.state = self.engine.state
        self.rules = rules
        self.told = self.runs = 0
        """How many commands, and how often something was due."""
        self._forget_at = now + FORGET_EVERY

    def tell(self, command: AnyCommand, outlet: Outlet, now: datetime) -> None:
        """Decide, take over, send. Raises UnknownRecord, NotAllowed."""
        self.told += 1
        if self.engine.do(command, now):
            self.engine.pump(outlet, now)

    def run(self, outlet: Outlet, now: datetime) -> None:
        """Do what is due."""
        self.runs += 1
        self.engine.tick(now)
        self.engine.pump(outlet, now)
        if now >= self._forget_at:
            self.state.forget(now - timedelta(hours=self.rules.policy.keep_closed_hours))
            self._forget_at = now + FORGET_EVERY

    def next_wake(self, now: datetime) -> datetime | None:
        return self.engine.next_wake(now)


