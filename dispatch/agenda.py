"""What is due next, without looking through everything: the timers of the records, in order of time.

Derived from the records alone and made anew whenever that is safer, so that nothing hangs on it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import count

from dispatch.model import Put
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.timers import Timer, timers, timers_of

MUCH = 10_000
"""So many entries of the past may lie in the heap before it is made anew."""
Key = tuple[type[Put], str]
Entry = tuple[datetime, int, Key, str]
"""When, in the order of coming, whose, and which field."""


class Agenda:
    """Watches a state and has its timers at hand, the earliest first."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rules: Rules | None = None
        self._heap: list[Entry] = []
        self._current: dict[Key, set[int]] = {}
        """The entries of each record that hold; others in the heap are passed over."""
        self._changed: dict[Key, Put] = {}
        self._fresh: list[Timer] = []
        """Set since it was last asked what is too far."""
        self._numbers = count()
        self._seen_at: datetime | None = None
        state.watchers.append(self._note)

    def _note(self, record: Put) -> None:
        self._changed[type(record), record.key] = record

    def too_far(self, rules: Rules, now: datetime) -> list[Timer]:
        """Timers that only a clock that jumped back can explain.

        While it runs forward only what has changed can be too far; after a jump all is looked at.
        """
        self._refresh(rules)
        back = self._seen_at is None or now < self._seen_at
        fresh, self._fresh, self._seen_at = self._fresh, [], now
        looked_at = timers(self._state, rules) if back else fresh
        return [timer for timer in looked_at if timer.too_far(now) and self._holds(timer)]

    def due(self, rules: Rules, now: datetime) -> list[Timer]:
        """What is due, the oldest first. It stays on the agenda until its record changes."""
        self._refresh(rules)
        taken: list[Entry] = []
        found: list[Timer] = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            timer = self._timer(entry, rules)
            if timer is not None:
                taken.append(entry)
                found.append(timer)
        for entry in taken:
            heapq.heappush(self._heap, entry)
        return found

    def next_due(self, rules: Rules, now: datetime) -> datetime | None:
        """When something has to be done next; None: nothing waits."""
        self._refresh(rules)
        while self._heap:
            timer = self._timer(self._heap[0], rules)
            if timer is not None:
                return min(timer.at, timer.latest(now))
            heapq.heappop(self._heap)
        return None

    def _timer(self, entry: Entry, rules: Rules) -> Timer | None:
        """The timer behind an entry; None when it is no more."""
        at, number, key, field = entry
        if number not in self._current.get(key, ()):
            return None
        record = self._state.get(*key)
        of_record = timers_of(self._state, rules, record) if record is not None else iter(())
        found = next((t for t in of_record if t.field == field and t.at == at), None)
        if found is None:
            self._current[key].discard(number)
            if not self._current[key]:
                del self._current[key]
        return found

    def _holds(self, timer: Timer) -> bool:
        return self._state.get(type(timer.record), timer.record.key) is timer.record

    def _refresh(self, rules: Rules) -> None:
        """Take in what has changed; with other rules, everything."""
        if rules is not self._rules or len(self._heap) > MUCH + 4 * len(self._current):
            self._rules, self._seen_at, self._heap, self._current = rules, None, [], {}
            self._changed = {(type(record), record.key): record for record in self._state.records()}
        changed, self._changed = self._changed, {}
        for key, record in changed.items():
            self._fresh += self._enter(rules, key, record)

    def _enter(self, rules: Rules, key: Key, record: Put) -> Iterator[Timer]:
        self._current.pop(key, None)
        for timer in timers_of(self._state, rules, record):
            number = next(self._numbers)
            self._current.setdefault(key, set()).add(number)
            heapq.heappush(self._heap, (timer.at, number, key, timer.field))
            yield timer
