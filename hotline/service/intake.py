"""Takes in the records of all calls: book, dispatch, agents' presence, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from dispatch.api import Dispatch, DispatchError, EmergencyReport
from hotline.agents.presence import Presence
from hotline.events import (
    CallEnded,
    LegAnswered,
    LegEnded,
    LegStarted,
    Record,
    TranscriptionFinished,
)
from hotline.metrics import Metrics
from hotline.service.book import CallBook, CallNote, user_of
from hotline.service.call_names import MARK, effect_of
from hotline.service.customers import CustomerFile
from hotline.service.measuring import measure, measure_incident
from hotline.service.translate import own_ticket, translate
from hotline.service.whereabouts import with_parts
from hotline.triage import Gazetteer

log = structlog.get_logger()


class Contacted(Protocol):
    """Is told that a call with a notice is over."""

    def __call__(self, effect_id: str, *, answered: bool, confirmed: bool) -> None: ...


class Intake:
    """Each record once, in the order of its journal."""

    def __init__(
        self,
        dispatch: Dispatch,
        book: CallBook,
        presence: Presence,
        customers: Callable[[], CustomerFile],
        metrics: Metrics,
        notice_flow: str,
        contacted: Contacted | None = None,
        gazetteer: Gazetteer | None = None,
        spoke_for: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        """`notice_flow`: news for a crew is heard when it picks up; an alarm only when it is confirmed."""
        self._notice_flow = notice_flow
        self._contacted, self._spoke_for = contacted, spoke_for
        self._gazetteer = gazetteer
        self._dispatch = dispatch
        self._book = book
        self._presence = presence
        self._customers = customers
        self._metrics = metrics

    def take(self, record: Record) -> None:
        """Tell everybody whom it concerns; one who cannot digest it does not keep it from the others."""
        note = self._book.note(record.call_id)
        customers = self._customers()
        for command in translate(record, note, customers.by_number):
            try:
                self._dispatch.tell(with_parts(command, customers.by_number(note.caller), self._gazetteer))
            except DispatchError as error:
                # A crew that reports for a closed incident, a page that is long over: on the log, no more.
                log.warning("not for dispatch", event_id=record.event_id, why=type(error).__name__)
            except Exception:
                if isinstance(command, EmergencyReport):
                    self._dispatch.last_resort(command)
                raise
        measure(self._metrics, record, note)
        self._measure_incident(record, note)
        self._follow_agents(record, note)
        self._book.take(record)
        if isinstance(record, CallEnded):
            self._over(note, record)
        elif isinstance(record, TranscriptionFinished):
            self._book.forget(record.call_id)  # it was over long before

    def _measure_incident(self, record: Record, note: CallNote) -> None:
        page = self._dispatch.page(record.call_id) if note.purpose == "page" else None
        if page is not None:
            measure_incident(self._metrics, record, page, self._dispatch.incident(page.incident))

    def _follow_agents(self, record: Record, note: CallNote) -> None:
        if isinstance(record, LegStarted) and record.role == "agent":
            self._presence.leg_started(user_of(record.remote), f"{note.call_id}/{record.leg_id}")
        elif isinstance(record, LegEnded):
            self._presence.leg_ended(f"{note.call_id}/{record.leg_id}")
        elif isinstance(record, LegAnswered) and record.leg_id in note.agents:
            for command in own_ticket(record, note, self._dispatch.tickets_of_call(note.call_id)):
                self._dispatch.tell(command)

    def _over(self, note: CallNote, record: CallEnded) -> None:
        self._presence.call_over(note.call_id)
        heard = note.confirmed or (note.entry == self._notice_flow and note.answered_at is not None)
        effect_id = note.effect_id or effect_of(note.call_id)  # a predecessor's call tells it by its name
        if note.purpose == "selftest":
            effect_id = note.call_id
        if MARK in effect_id or note.purpose == "selftest":
            if self._contacted is not None:
                self._contacted(effect_id, answered=note.answered_at is not None, confirmed=note.confirmed)
        elif effect_id and note.purpose == "notify" and heard:
            for settled in (effect_id, *self._spoke_for(effect_id)):
                self._dispatch.receipt(settled)
        self._book.forget(record.call_id)
