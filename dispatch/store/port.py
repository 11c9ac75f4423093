"""What dispatch needs of a database; the same contract tests run over every implementation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dispatch.chain import Anchor, Head, Linked
from dispatch.model import HistoryRow, Incident, Put, Ticket, Unit
from dispatch.outage_records import Outage
from dispatch.ticket_records import Clock, Slip

EventDict = Mapping[str, Any]
"""One record of a call's journal, as JSON gives it."""


@dataclass(frozen=True, slots=True)
class TicketQuery:
    """Which tickets; empty fields do not restrict."""

    open_only: bool = False
    business: str = ""
    number: str = ""
    phone: str = ""
    drill: bool | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class CallQuery:
    caller: str = ""
    words: str = ""
    """Part of what was said."""
    direction: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class CallRow:
    call_id: str
    direction: str
    purpose: str
    caller: str
    dialled: str
    trunk: str
    drill: bool
    flow: str
    flow_version: str
    arrived_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    emergency: bool


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    call_id: str
    role: str
    text: str
    start_ms: int
    end_ms: int
    confidence: float
    words: Sequence[Sequence[Any]] = ()
    """word, start_ms, end_ms, confidence."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What was said; empty fields do not restrict."""

    words: str
    """Parts with spaces between them must all occur, each as it stands; one character is enough."""
    caller: str = ""
    role: str = ""
    call_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """An utterance in which it was said."""

    call_id: str
    at: datetime
    """When it was said, or stored by the recogniser right after."""
    leg_id: str
    role: str
    text: str
    start_ms: int
    """From the start of the recording."""
    end_ms: int
    confidence: float
    caller: str
    drill: bool
    snippet: str
    """The words around the first hit."""
    marks: tuple[tuple[int, int], ...] = ()
    """Where in `snippet` the hits stand: start, end."""


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    call_id: str
    path: str
    seconds: float


class HistoryView(Protocol):
    """The chains of the history at one moment (dispatch/chain.py); nothing that is written meanwhile."""

    def chains(self) -> Iterator[tuple[str, list[Linked]]]:
        """Every subject with its rows; read piece by piece."""
        ...

    def heads(self) -> dict[str, Head]: ...

    def anchors(self) -> list[Anchor]: ...

    def hashes(self, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """The hashes of these rows (subject, seq)."""
        ...


class Store(Protocol):
    """Every method raises StoreUnavailable when the database is away; safe to call from threads."""

    def upgrade(self) -> None:
        """Bring the tables up to date. Raises StoreTooNew."""
        ...

    def save_units(self, units: Sequence[Unit]) -> None:
        """All in one transaction; units that are stored already are passed over. Raises UnitRefused."""
        ...

    def stored_units(self, unit_ids: Sequence[str]) -> set[str]:
        """Which of them are stored."""
        ...

    def load_open(self, seen_since: datetime) -> tuple[list[Put], dict[str, datetime]]:
        """Everything that is not over, and the units applied since then."""
        ...

    def left_open(self) -> list[Put]:
        """Tickets that are closed and of which somebody still settles something, with those slips."""
        ...

    def record_events(self, journal: str, records: Sequence[EventDict], next_offset: int) -> None:
        """A piece of a call's journal and the new offset, in one transaction, each record once."""
        ...

    def journal_offsets(self) -> dict[str, int]: ...

    def tickets(self, query: TicketQuery) -> list[Ticket]: ...

    def ticket(self, number: str) -> Ticket | None: ...

    def of_incident(self, incident_id: str) -> list[Put]:
        """The incident with its assignments, pages, joins, clearances and tellings."""
        ...

    def incidents(self, *, open_only: bool = False, limit: int = 100) -> list[Incident]:
        """The newest first."""
        ...

    def outages(self, *, open_only: bool = False, limit: int = 100) -> list[Outage]:
        """The latest beginning first."""
        ...

    def of_ticket(self, number: str) -> list[Put]:
        """The ticket's clocks, visits, slips and attachments."""
        ...

    def open_clocks(self, due_before: datetime | None = None) -> list[Clock]:
        """Clocks that have not ended, the soonest due first."""
        ...

    def unsolved(self) -> list[Slip]:
        """Slips with points that are left unsolved (遗留问题)."""
        ...

    def history(self, subjects: Sequence[str]) -> list[HistoryRow]: ...

    def history_view(self) -> AbstractContextManager[HistoryView]:
        """The history's chains as they are at one moment, for check and export."""
        ...

    def set_anchor(self, at: datetime) -> Anchor | None:
        """Cover every chain that has grown since the last anchor; None: nothing has."""
        ...

    def calls(self, query: CallQuery) -> list[CallRow]: ...

    def call(self, call_id: str) -> CallRow | None: ...

    def timeline(self, call_id: str) -> list[dict[str, Any]]:
        """The journal's records of a call, in order."""
        ...

    def transcripts(self, call_id: str) -> list[TranscriptRow]: ...

    def attachments(self, call_id: str) -> list[AttachmentRow]: ...

    def search(self, query: SearchQuery) -> list[Hit]:
        """Utterances that hold all of the query's words, the newest first."""
        ...

    def catch_up_search(self, events: int) -> int:
        """Index some more of what was stored before there was an index; how much is left, 0 when done."""
        ...

    def close(self) -> None: ...
