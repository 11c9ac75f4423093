"""A unit of work under construction: reads the state, collects changes, touches nothing."""

from __future__ import annotations

import re
from datetime import datetime

from dispatch.live import is_live
from dispatch.model import RINGING, Assignment, Counter, HistoryRow, Incident, Page, Put, Ticket, Unit
from dispatch.outbound import Effect, OutboxItem
from dispatch.ownership import owner
from dispatch.record import Record
from dispatch.rules import Rules
from dispatch.state import Kind, State


class Work:
    """What one event or timer does. Rules write into it; the engine stores it or drops it whole."""

    def __init__(self, state: State, rules: Rules, now: datetime, unit_id: str) -> None:
        self._state = state
        self.state = state
        """As it was before this work."""
        self.rules = rules
        self.now = now
        self.unit_id = unit_id
        self._changed: dict[tuple[type[Record], str], Put] = {}
        self._history: list[HistoryRow] = []
        self._effects = 0

    @property
    def elsewhere(self) -> State | None:
        """What other nodes have open."""
        return self._state.elsewhere

    def get(self, kind: type[Kind], key: str) -> Kind | None:
        """As it will be after this work."""
        changed = self._changed.get((kind, key))
        return changed if changed is not None else self._state.get(kind, key)  # type: ignore[return-value]

    def need(self, kind: type[Kind], key: str) -> Kind:
        """A record that must be there because another one names it."""
        record = self.get(kind, key)
        if record is None:
            raise LookupError(f"{kind.__name__} {key}")
        return record

    def all(self, kind: type[Kind]) -> list[Kind]:
        changed = {key: record for (of, key), record in self._changed.items() if of is kind}
        before = (record for record in self._state.all(kind) if record.key not in changed)
        return [*before, *changed.values()]  # type: ignore[list-item]  # all of that kind

    def live(self, kind: type[Kind]) -> list[Kind]:
        """Those that something may still happen to (dispatch/live.py), as after this work."""
        changed = {key: record for (of, key), record in self._changed.items() if of is kind}
        before = (record for record in self._state.live(kind) if record.key not in changed)
        return [*before, *(r for r in changed.values() if is_live(r))]  # type: ignore[list-item]  # of that kind

    def changed(self, kind: type[Kind]) -> list[Kind]:
        """What this work has put of that kind, so far."""
        return [record for (of, _), record in self._changed.items() if of is kind]  # type: ignore[misc]  # of that kind

    def before(self, kind: type[Kind], key: str) -> Kind | None:
        """As it was before this work."""
        return self._state.get(kind, key)

    def of_crew(self, kind: type[Kind], crew: str) -> list[Kind]:
        """A crew's live assignments or jobs, as after this work."""
        keys = self._state.of_crew(kind, crew) | {
            key for (of, key), record in self._changed.items()
            if of is kind and getattr(record, "crew", "") == crew
        }
        found = (self.get(kind, key) for key in sorted(keys))
        return [record for record in found if record is not None and is_live(record)]

    def of_ticket(self, kind: type[Kind], number: str) -> list[Kind]:
        """A ticket's clocks, visits, slips, attachments or jobs, as after this work."""
        keys = self._state.of_ticket(kind, number) | {
            key for (of, key), record in self._changed.items()
            if of is kind and getattr(record, "ticket", "") == number
        }
        return [record for key in sorted(keys) if (record := self.get(kind, key)) is not None]

    def assignments(self, incident_id: str) -> list[Assignment]:
        return self._of_incident(Assignment, incident_id)

    def pages(self, incident_id: str) -> list[Page]:
        return self._of_incident(Page, incident_id)

    def ringing(self, incident_id: str) -> list[Page]:
        """Pages that may still be taken in time."""
        return [page for page in self.pages(incident_id) if page.state in RINGING]

    def tickets_of_call(self, call_id: str) -> list[Ticket]:
        fresh = [r for r in self._changed.values() if isinstance(r, Ticket) and call_id in r.call_ids]
        numbers = {ticket.number for ticket in fresh}
        return [t for t in self._state.tickets_of_call(call_id) if t.number not in numbers] + fresh

    def tickets(self, incident: Incident) -> list[Ticket]:
        found = (self.get(Ticket, number) for number in incident.tickets)
        return [ticket for ticket in found if ticket is not None]

    def is_new(self, record: Put) -> bool:
        """Whether this work has made it."""
        return self._state.get(type(record), record.key) is None

    def put(self, record: Kind) -> Kind:
        if self.rules.node and owner(record) == "":
            record = record.model_copy(update={"node": self.rules.node})  # type: ignore[assignment]  # of the same kind
        self._changed[(type(record), record.key)] = record
        return record

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

    def unit(self) -> Unit:
        order = Unit.STORE_ORDER
        puts = sorted(self._changed.values(), key=lambda record: order.index(record.kind))
        return Unit(unit_id=self.unit_id, at=self.now, puts=tuple(puts), history=tuple(self._history))

    def _of_incident(self, kind: type[Kind], incident_id: str) -> list[Kind]:
        keys = set(self._state.of_incident(kind, incident_id)) | {
            key for (of, key), record in self._changed.items()
            if of is kind and getattr(record, "incident", "") == incident_id
        }
        found = (self.get(kind, key) for key in sorted(keys))
        # What this work has moved to another incident is its own no more.
        return [r for r in found if r is not None and getattr(r, "incident", "") == incident_id]
