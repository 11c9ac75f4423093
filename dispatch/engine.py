"""The dispatch engine: decides, writes ahead, applies, stores behind, and sends until receipted."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from dispatch import timers
from dispatch.agenda import Agenda
from dispatch.commands import AnyCommand
from dispatch.decide import decide, decide_pull_back, decide_timer, unit_name
from dispatch.effects import Outlet
from dispatch.errors import StoreTooNew, StoreUnavailable
from dispatch.local_journal import SNAPSHOT, LocalJournal
from dispatch.mirror import Mirror
from dispatch.model import Assignment, Callback, Incident, Page, Put, Ticket, Unit
from dispatch.node_link import NodeLink
from dispatch.outbound import OutboxItem
from dispatch.outbox import Outbox
from dispatch.ownership import owner
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.store.port import Store
from dispatch.stuck_page import put_aside
from dispatch.together import Together
from dispatch.writer import Writer

log = structlog.get_logger()
DURABLE = (Incident, Ticket, Assignment, Page, Callback)
"""Units that touch one of these are put onto the disk itself before anything is sent because of them.

Not each by itself: a flood of refused calls would hold up the emergency behind it.
"""

FAILED_AGAIN = timedelta(seconds=5)
"""A timer that met a fault of ours is tried again after that, and keeps nothing else back."""


def random_id() -> str:
    """A name for a step that came from no event."""
    return os.urandom(12).hex()


class Engine:
    """One per state directory. Called from one thread."""

    def __init__(
        self, rules: Rules, store: Store, journal: LocalJournal, *,
        new_id: Callable[[], str] = random_id, compact_bytes: int = 8_000_000, mirror: Mirror | None = None,
    ) -> None:
        self.rules = rules
        self.state = State(rules.node)
        self.writer = Writer(store)
        self.agenda = Agenda(self.state)
        self.outbox = Outbox(self.state, rules)
        self._store = store
        self._journal = journal
        self._mirror = mirror
        self._new_id = new_id
        self._compact_bytes = compact_bytes
        self._compacted_bytes = 0
        self.loaded = False
        """Whether the database has been read since the start."""
        self.journal_works = True
        self._unsynced = False
        self.together: Together | None = None
        self._failed: dict[tuple[type[Put], str, str], datetime] = {}
        """Timers that met a fault of ours, and when they are tried again."""
        self._others: list[Put] = []
        """At the start: what other nodes have."""

    def join(self, link: NodeLink) -> None:
        """Work beside other nodes on the same database."""
        self.together = Together(self.state, link, self._take, self.do, self._new_id)

    def start(self, now: datetime) -> None:
        """Rebuild what is open: from the database if it answers, and always from the local journal."""
        self._load(now)
        units = list(self._journal.read())
        self.state.series = self.rules.node + ("" if self.loaded or units else self._new_id()[:3].upper())
        for unit in units:
            self.state.apply(unit)
        self.state.adopt(self._others)  # claimed since that was written
        self._others = []
        pending = [unit for unit in units if not unit.unit_id.startswith(SNAPSHOT)]
        self.writer.add(self._not_stored(pending))
        if self._mirror is not None:
            self._mirror.add(pending)  # what a crash kept from being copied; twice is restored once
        log.info("dispatch_started", from_database=self.loaded, waiting_units=self.writer.waiting(),
                 open_incidents=len(self.state.open_incidents()))

    def _load(self, now: datetime) -> None:
        try:
            self._store.upgrade()
            records, seen = self._store.load_open(now - self._keep())
            known = {(record.kind, record.key) for record in records}
            records += [one for one in self._store.left_open() if (one.kind, one.key) not in known]
        except (StoreUnavailable, StoreTooNew) as error:
            # A database of a newer version is left alone, and keeps no crew from being paged.
            advice = "dispatch goes on from the local journal"
            log.error("store_away_at_start", advice=advice, why=str(error))
            self.writer.want_state(now - self._keep())
            return
        self.state.adopt(records)
        node = self.rules.node
        self._others = [record for record in records if node and owner(record) not in (None, "", node)]
        self.state.seen.update(seen)
        self.loaded = True

    def _not_stored(self, units: list[Unit]) -> list[Unit]:
        if not self.loaded:
            return units
        try:
            stored = self._store.stored_units([unit.unit_id for unit in units])
        except StoreUnavailable:
            return units
        return [unit for unit in units if unit.unit_id not in stored]

    def _keep(self) -> timedelta:
        return timedelta(hours=self.rules.policy.keep_closed_hours)

    def _adopt(self) -> None:
        """The database is back after a start without it: take over what the journal did not know."""
        found = self.writer.take_state()
        if found is None:
            return
        records, seen = found
        known = {(record.kind, record.key) for record in self.state.records()}
        self.state.adopt([record for record in records if (record.kind, record.key) not in known])
        self.state.seen = seen | self.state.seen
        self.state.series = self.rules.node
        self.loaded = True

    def replace_rules(self, rules: Rules) -> None:
        """From here on decisions go by these; what is open stays as it was decided."""
        self.rules = self.outbox.rules = rules

    def do(self, command: AnyCommand, now: datetime) -> bool:
        """Carry out what dispatch was told. False: it was told before, and nothing is done twice.

        Raises UnknownRecord, NotAllowed; then nothing is changed.
        """
        if unit_name(command.event_id) in self.state.seen:
            return False
        if self.together is not None and self.together.passes_on(command, now):
            return True
        self._commit(decide(self.state, self.rules, command, now))
        return True

    def tick(self, now: datetime) -> None:
        """Do everything that is due. One incident's fault does not keep the others back."""
        if self.together is not None:
            self.together.turn(now)
        for timer in self.agenda.too_far(self.rules, now):
            self._commit(decide_pull_back(self.state, self.rules, timer, now, self._new_id()))
        due = [timer for timer in self.agenda.due(self.rules, now) if not self._rests(timer, now)]
        for timer in timers.in_turn(due):
            self._fire(timer, now)
        if not self.loaded:
            self._adopt()
        self.compact(now)

    def _fire(self, timer: timers.Timer, now: datetime) -> None:
        try:
            unit = decide_timer(self.state, self.rules, timer, now, self._new_id())
        except Exception:
            log.exception("timer_failed", record=timer.record.key)
            self._failed[timer.name] = now + FAILED_AGAIN
            self._put_aside(timer, now)
            return
        self._failed.pop(timer.name, None)
        if unit is not None:
            self._commit(unit)

    def _put_aside(self, timer: timers.Timer, now: datetime) -> None:
        """A page that cannot end would keep its emergency's chain standing."""
        if not isinstance(timer.record, Page):
            return
        try:
            self._commit(put_aside(self.state, self.rules, timer.record, now, self._new_id()))
        except Exception:
            log.exception("page_not_put_aside", record=timer.record.key)

    def _rests(self, timer: timers.Timer, now: datetime) -> bool:
        """Whether it failed just now (a clock that jumped back makes it due at once)."""
        again = self._failed.get(timer.name)
        return again is not None and now < again <= now + FAILED_AGAIN

    def pump(self, outlet: Outlet, now: datetime) -> None:
        """Send what waits to be sent, and settle what needs no receipt."""
        if self.outbox.any_due(now):
            self.sync()
        settled = self.outbox.pump(outlet, now)
        items = [item for key in settled if (item := self.state.get(OutboxItem, key))]
        if items:
            receipted = tuple(item.model_copy(update={"receipted_at": now}) for item in items)
            self._commit(Unit(unit_id=self._new_id(), at=now, puts=receipted))

    def sync(self) -> None:
        """What was decided is safe against loss of power from here on."""
        if not self._unsynced:
            return
        self._unsynced = False
        try:
            self._journal.sync()
        except OSError:
            log.exception("local_journal_failed", advice="look after the disk of the state directory")
            self.journal_works = False

    def next_wake(self, now: datetime) -> datetime | None:
        """When `tick` and `pump` have something to do next."""
        due = self.agenda.next_due(self.rules, now)
        if self._failed and due is not None:
            due = max(due, now + timedelta(seconds=1))  # not again and again at once
        moments = (due, self.outbox.next_due(now))
        return min((moment for moment in moments if moment is not None), default=None)

    def compact(self, now: datetime) -> None:
        """Shorten the local journal to what is open, once everything in it is in the database."""
        grown = self._journal.size_bytes - self._compacted_bytes
        if grown < self._compact_bytes or self.writer.waiting() or self.writer.refused or not self.loaded:
            return
        self.state.forget(now - self._keep())
        snapshot = Unit(unit_id=f"{SNAPSHOT}:{self._new_id()}", at=now, puts=tuple(self.state.records()))
        seen = (Unit(unit_id=unit_id, at=at) for unit_id, at in self.state.seen.items())
        try:
            self._journal.replace((snapshot, *seen))
        except OSError:
            log.exception("local_journal_not_compacted")
        self._compacted_bytes = self._journal.size_bytes

    def _commit(self, unit: Unit) -> None:
        """Write ahead, then apply, then store."""
        self._take(unit, True)

    def _take(self, unit: Unit, store: bool) -> None:
        """A full disk does not stop an emergency: it is noted and goes on."""
        try:
            self._journal.append(unit)
            self._unsynced = self._unsynced or any(isinstance(put, DURABLE) for put in unit.puts)
            self.journal_works = True
        except OSError:
            log.exception("local_journal_failed", advice="free the disk of the state directory")
            self.journal_works = False
        self.state.apply(unit)
        if store:
            self.writer.add([unit])
        if self._mirror is not None:
            self._mirror.add([unit])
