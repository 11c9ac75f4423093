"""A unit of work under construction: reads the state, collects changes, touches nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog

from dispatch.live import is_live
from dispatch.model import RINGING, Assignment, Counter, HistoryRow, Incident, Page, Put, Ticket, Unit
from dispatch.outbound import Effect, OutboxItem
from dispatch.ownership import owner
from dispatch.record import Record
from dispatch.rules import Rules
from dispatch.state import Kind, State

log = structlog.get_logger()
Result = TypeVar("Result")
Mark = tuple[dict[type[Record], dict[str, Put]], int, int]
_NONE: dict[str, Put] = {}


class Work:
    """What one event or timer does. Rules write into it; the engine stores it or drops it whole."""

    def __init__(self, state: State, rules: Rules, now: datetime, unit_id: str) -> None:
        self._state = state
        self.state = state
        """As it was before this work."""
        self.rules = rules
        self.now = now
        self.unit_id = unit_id
        self._changed: dict[type[Record], dict[str, Put]] = {}
        self._history: list[HistoryRow] = []
        self._effects = 0

    @property
    def elsewhere(self) -> State | None:
        """What other nodes have open."""
        return self._state.elsewhere

    def get(self, kind: type[Kind], key: str) -> Kind | None:
        """As it will be after this work."""
        changed = self._of_kind(kind).get(key)
        return changed if changed is not None else self._state.get(kind, key)  # type: ignore[return-value]

    def need(self, kind: type[Kind], key: str) -> Kind:
        """A record that must be there because another one names it."""
        record = self.get(kind, key)
        if record is None:
            raise LookupError(f"{kind.__name__} {key}")
        return record

    def all(self, kind: type[Kind]) -> list[Kind]:
        changed = self._of_kind(kind)
        before = (record for record in self._state.all(kind) if record.key not in changed)
        return [*before, *changed.values()]  # type: ignore[list-item]  # all of that kind

    def live(self, kind: type[Kind]) -> list[Kind]:
        """Those that something may still happen to (dispatch/live.py), as after this work."""
        changed = self._of_kind(kind)
        before = (record for record in self._state.live(kind) if record.key not in changed)
        return [*before, *(r for r in changed.values() if is_live(r))]  # type: ignore[list-item]  # of that kind

    def changed(self, kind: type[Kind]) -> list[Kind]:
        """What this work has put of that kind, so far."""
        return list(self._of_kind(kind).values())  # type: ignore[arg-type]  # of that kind

    def before(self, kind: type[Kind], key: str) -> Kind | None:
        """As it was before this work."""
        return self._state.get(kind, key)

    def of_crew(self, kind: type[Kind], crew: str) -> list[Kind]:
        """A crew's live assignments or jobs, as after this work."""
        keys = self._state.of_crew(kind, crew) | {
            key for key, record in self._of_kind(kind).items() if getattr(record, "crew", "") == crew
        }
        found = (self.get(kind, key) for key in sorted(keys))
        return [record for record in found if record is not None and is_live(record)]

    def of_ticket(self, kind: type[Kind], number: str) -> list[Kind]:
        """A ticket's clocks, visits, slips, attachments or jobs, as after this work."""
        keys = self._state.of_ticket(kind, number) | {
            key for key, record in self._of_kind(kind).items() if getattr(record, "ticket", "") == number
        }
        found = (self.get(kind, key) for key in sorted(keys))
        return [record for record in found if record is not None]

    def assignments(self, incident_id: str) -> list[Assignment]:
        return self._of_incident(Assignment, incident_id)

    def pages(self, incident_id: str) -> list[Page]:
        return self._of_incident(Page, incident_id)

    def of_incident(self, kind: type[Kind], incident_id: str) -> list[Kind]:
        """An incident's records of any kind of dispatch/parts.py, by key."""
        return self._of_incident(kind, incident_id)

    def ringing(self, incident_id: str) -> list[Page]:
        """Pages that may still be taken in time."""
        return [page for page in self.pages(incident_id) if page.state in RINGING]

    def tickets_of_call(self, call_id: str) -> list[Ticket]:
        fresh = [t for t in self._of_kind(Ticket).values() if isinstance(t, Ticket) and call_id in t.call_ids]
        numbers = {ticket.number for ticket in fresh}
        return [t for t in self._state.tickets_of_call(call_id) if t.number not in numbers] + fresh

    def open_tickets_of(self, phone: str) -> list[Ticket]:
        """A number's open tickets, as before this work, in the order of their numbers."""
        return sorted(self._state.open_tickets_of(phone), key=lambda ticket: ticket.number)

    def tickets(self, incident: Incident) -> list[Ticket]:
        found = (self.get(Ticket, number) for number in incident.tickets)
        return [ticket for ticket in found if ticket is not None]

    def changes(self, kind: type[Kind]) -> list[tuple[Kind | None, Kind]]:
        """What this work has changed so far: as it was (None: new), and as it will be."""
        changed = self._of_kind(kind).items()
        return [(self._state.get(kind, key), record) for key, record in changed]  # type: ignore[misc]  # of that kind

    def is_new(self, record: Put) -> bool:
        """Whether this work has made it."""
        return self._state.get(type(record), record.key) is None

    def put(self, record: Kind) -> Kind:
        if self.rules.node and owner(record) == "":
            record = record.model_copy(update={"node": self.rules.node})  # type: ignore[assignment]  # of the same kind
        self._changed.setdefault(type(record), {})[record.key] = record
        return record

    def _of_kind(self, kind: type[Record]) -> dict[str, Put]:
        """What this work has put of that kind, by key."""
        return self._changed.get(kind, _NONE)

    def history(
        self, subject: str, what: str, *, author: str = "", call_id: str = "", **detail: object
    ) -> None:
        """One line of what happened, or of what did not."""
        self._history.append(
            HistoryRow(
                event_id=f"{self.unit_id}#{len(self._history) + 1}", at=self.now, subject=subject,
                call_id=call_id, what=what, author=author,
                detail={name: str(value) for name, value in detail.items() if value not in ("", None)},
            )
        )

    def emit(self, effect: Effect) -> None:
        """Have something done outside, until it is receipted."""
        self._effects += 1
        # Fit for a file name: the call side names calls after it.
        name = f"{re.sub('[^A-Za-z0-9_-]', '.', self.unit_id)}.{self._effects}"
        self.put(OutboxItem(effect_id=name, effect=effect, created_at=self.now))

    def next_number(self) -> str:
        """`GS-20261122-0007`, by the local day."""
        day = self.rules.local_day(self.now) + self._state.series
        counter = self.get(Counter, day) or Counter(day=day, value=0)
        counter = self.put(counter.model_copy(update={"value": counter.value + 1}))
        local_day, series = day[:8], day[8:]
        return f"{self.rules.policy.number_prefix}-{local_day}-{series}{counter.value:04d}"

    def mark(self) -> Mark:
        """Where it is now, for `back_to`."""
        return {kind: dict(of) for kind, of in self._changed.items()}, len(self._history), self._effects

    def back_to(self, mark: Mark) -> None:
        """Forget what was done since."""
        changed, rows, self._effects = mark
        self._changed = {kind: dict(of) for kind, of in changed.items()}
        del self._history[rows:]

    def besides(self, step: Callable[[], Result], otherwise: Result) -> Result:
        """What is done besides: a fault of ours in it undoes it alone; nobody waits for it."""
        done = self.mark()
        try:
            return step()
        except Exception:
            log.exception("aftermath_failed", unit=self.unit_id)
            self.back_to(done)
            return otherwise

    def unit(self) -> Unit:
        order = Unit.STORE_ORDER
        every = [record for of_kind in self._changed.values() for record in of_kind.values()]
        puts = sorted(every, key=lambda record: order.index(record.kind))
        return Unit(unit_id=self.unit_id, at=self.now, puts=tuple(puts), history=tuple(self._history))

    def _of_incident(self, kind: type[Kind], incident_id: str) -> list[Kind]:
        keys = set(self._state.of_incident(kind, incident_id)) | {
            key for key, record in self._of_kind(kind).items()
            if getattr(record, "incident", "") == incident_id
        }
        found = (self.get(kind, key) for key in sorted(keys))
        # What this work has moved to another incident is its own no more.
        return [r for r in found if r is not None and getattr(r, "incident", "") == incident_id]
