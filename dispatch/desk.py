"""The facade of dispatch. Called from one thread; only `record_events` may run in another.

Nothing here waits for the database but `record_events`, `journal_offsets` and `store` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from dispatch import last_resort, ticket_views
from dispatch.board import Board
from dispatch.commands import AnyCommand, EmergencyReport, Receipt
from dispatch.crews import Crew
from dispatch.deadlines import WorkCalendar
from dispatch.decide import crew_incident
from dispatch.distance import Position, RoadDistance
from dispatch.duty import Roster
from dispatch.effects import Facts, Outlet
from dispatch.engine import Engine, random_id
from dispatch.errors import StoreUnavailable
from dispatch.incident_view import IncidentView
from dispatch.job_queue import queue_of
from dispatch.linked import Linked, linked
from dispatch.links import Link
from dispatch.local_journal import LocalJournal
from dispatch.mirror import Mirror
from dispatch.model import COVERING, Assignment, Callback, Incident, Page, Put, Ticket
from dispatch.node_link import NodeLink
from dispatch.outage_records import Outage
from dispatch.outbound import OutboxItem
from dispatch.pin_guard import PinGuard
from dispatch.recommend import place_of
from dispatch.rules import Rules
from dispatch.store import SqlStore
from dispatch.store.nodes import NodeStore
from dispatch.store.port import EventDict, Store
from dispatch.ticket_commands import CalendarChanged
from dispatch.ticket_records import Clock
from dispatch.units import DutyChange
from dispatch.writer import WriterThread

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Health:
    """For readiness and metrics."""

    store_available: bool
    local_journal_works: bool
    units_waiting: int
    units_refused: int
    open_incidents: int
    untaken_incidents: int
    effects_waiting: int
    callbacks_owed: int
    mirror_works: bool = True
    """Whether the copies made at once can be written."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a caller may hear about an open ticket."""

    ticket: str
    business: str
    state: str
    emergency: bool
    text: str
    """For emergencies: the policy's wording for how far it is; else empty."""
    opened_at: datetime
    target_at: datetime | None
    phase: str = ""
    """How far it is in its kind of business, in words; empty: as the state says."""
    due: str = ""
    """What is promised, in words: `明天之内处理完`."""


@dataclass(frozen=True, slots=True)
class CrewView:
    key: str
    name: str
    station: str
    on_duty: tuple[str, ...]
    state: str
    """`available`, or the state of its assignment."""
    incident: str


class Dispatch:
    """Tickets, incidents, pages, call-backs: tell it what happened, and `run` it by the clock."""

    def __init__(
        self, rules: Rules, store: Store, state_directory: Path, *, outlet: Outlet,
        utcnow: Callable[[], datetime], fsync: bool = True, threaded: bool = True,
        new_id: Callable[[], str] = random_id, mirror_directory: Path | None = None,
        lease_seconds: float = 10,
    ) -> None:
        """Takes the lock of the state directory. Raises DispatchLocked.

        `mirror_directory`: where what matters most is copied at once.
        `lease_seconds`: with `rules.node` set, how long the other nodes believe that this one lives.
        `threaded`: the database is written by a thread of its own; else by `run`.
        """
        self.rules = rules
        self.store = store
        self._utcnow = utcnow
        self._outlet = outlet
        self._journal = LocalJournal(state_directory, fsync=fsync)
        self._mirror = None if mirror_directory is None else Mirror(mirror_directory)
        self.engine = Engine(rules, store, self._journal, new_id=new_id, mirror=self._mirror)
        self.link: NodeLink | None = None
        if rules.node and isinstance(store, SqlStore):
            store.node = rules.node
            writer = self.engine.writer
            nodes = NodeStore(store, rules.node)
            self.link = NodeLink(nodes, lease_seconds, utcnow, lambda: not writer.closed)
            self.engine.join(self.link)
        self.incidents = IncidentView(self.engine)
        self._pins = PinGuard(rules.stations)
        self._thread = WriterThread(self.engine.writer) if threaded else None
        self._sending = self._send_again = False
        self._count_again = False

    # ---- life
    def start(self) -> None:
        """Rebuild what is open, with or without the database (also one of a newer version)."""
        self.engine.start(self._utcnow())
        queue_of(self.engine.state).waiting(self.rules)  # put in order now, not when somebody waits for it
        if self._thread is not None:
            self._thread.start()
        if self._mirror is not None:
            self._mirror.start()
        if self.link is not None and self._thread is not None:
            self.link.start()

    def run(self) -> datetime | None:
        """Do and send what is due; call it on every wake and at least every second.

        Returns when it wants to be called next (None: nothing waits).
        """
        now = self._utcnow()
        if self._count_again:
            self._count_again = False
            self.engine.do(CalendarChanged(event_id=f"calendar/{random_id()}", at=now), now)
        self.engine.tick(now)
        self._send(now)
        self.engine.sync()
        self._store_behind()
        return self.engine.next_wake(now)

    def stop(self, timeout_seconds: float = 5) -> None:
        """Store what can be stored; the rest waits in the local journal for the next start."""
        if self._thread is not None:
            self._thread.stop(timeout_seconds)
        else:
            self._store_behind()
        if self._mirror is not None:
            self._mirror.stop(timeout_seconds)
        if self.link is not None:
            self.link.stop()
        self._journal.close()

    def _send(self, now: datetime) -> None:
        """An outlet may tell us news while it is being handed something; then it is our turn again."""
        self._send_again = True
        if self._sending:
            return
        self._sending = True
        try:
            while self._send_again:
                self._send_again = False
                self.engine.pump(self._outlet, now)
        finally:
            self._sending = False

    def _store_behind(self) -> None:
        if self._thread is not None:
            self._thread.wake()
            return
        while self.engine.writer.store_some():
            pass

    def replace_calendar(self, calendar: WorkCalendar) -> None:
        """Years were added: promises go by them; what was provisional is counted again at the next `run`."""
        self.rules = replace(self.rules, calendar=calendar)
        self.engine.replace_rules(self.rules)
        self._count_again = True

    def replace_roster(self, roster: Roster) -> None:
        """The next months' shifts, swaps, leave."""
        self.rules = replace(self.rules, roster=roster)
        self.engine.replace_rules(self.rules)

    def replace_roads(self, roads: RoadDistance) -> None:
        """A routing service, which answers at once from what it knows."""
        self.rules = replace(self.rules, roads=roads)
        self.engine.replace_rules(self.rules)

    def duty_changes(self) -> list[DutyChange]:
        """Swaps, leave, absences, extra duties that hold or will."""
        return self.engine.state.live(DutyChange)

    def journeys(self) -> list[tuple[str, Position, list[Position]]]:
        """Emergencies that somebody must still reach: name, place, and where crews are."""
        board = self.board()
        starts = [board.position(crew)[0] for crew in board.crews_on_duty()]
        starts += [station.position for station in self.rules.stations.stations]
        return [
            (incident.key, place, starts) for incident in self.open_incidents()
            if incident.on_scene_at is None and (place := place_of(incident)) is not None
        ]

    def board(self) -> Board:
        """How the crews stand now."""
        return Board(self.rules, self.engine.state, self._utcnow())

    # ---- what happened
    def tell(self, command: AnyCommand) -> bool:
        """Carry out a command and send at once what follows from it. False: it was told before.

        Raises UnknownRecord, NotAllowed; then nothing is changed.
        """
        now = self._utcnow()
        new = self.engine.do(command, now)
        if new:
            self._send(now)
            self._store_behind()
        return new

    def last_resort(self, report: EmergencyReport) -> None:
        """An emergency over which `tell` met a fault of ours: named people are phoned."""
        last_resort.sound(self._outlet, self.rules, report)

    def receipt(self, effect_id: str) -> None:
        """An order (page, notice, alarm, call-back) was taken over; it is not sent again."""
        if self.engine.state.get(OutboxItem, effect_id) is not None:
            self.tell(Receipt(event_id=f"receipt:{effect_id}", at=self._utcnow(), effect_id=effect_id))

    # ---- calls' records
    def record_events(self, journal: str, records: Sequence[EventDict], next_offset: int) -> None:
        """Store a piece of a call's journal with its new offset, each record once.

        Blocks for the database. Raises StoreUnavailable: try again later; UnitRefused.
        """
        if self.engine.writer.closed:
            raise StoreUnavailable("the database has not been opened yet")
        self.store.record_events(self._prefix() + journal, records, next_offset)

    def journal_offsets(self) -> dict[str, int]:
        """Up to where each journal is stored. Raises StoreUnavailable: begin at 0, nothing is done twice."""
        prefix = self._prefix()
        return {
            name.removeprefix(prefix): offset for name, offset in self.store.journal_offsets().items()
            if name.startswith(prefix) and "/" not in name.removeprefix(prefix)
        }

    def _prefix(self) -> str:
        """Each of several nodes has journals of its own that are called alike."""
        return f"{self.rules.node}/" if self.rules.node else ""

    # ---- looking up, from memory
    def open_incidents(self) -> list[Incident]:
        return self.engine.state.open_incidents()

    def incident(self, incident_id: str) -> Incident | None:
        return self.engine.state.get(Incident, incident_id)

    def ticket(self, number: str) -> Ticket | None:
        return self.engine.state.get(Ticket, number)

    def tickets_of_call(self, call_id: str) -> list[Ticket]:
        return self.engine.state.tickets_of_call(call_id)

    def open_tickets_of(self, phone: str) -> list[Ticket]:
        """The open tickets of a number, the newest first."""
        found = self.engine.state.open_tickets_of(phone)
        return sorted(found, key=lambda ticket: ticket.opened_at, reverse=True)

    def watch(self, watcher: Callable[[Put], None]) -> None:
        """Be told every record that changes from now on."""
        self.engine.state.watchers.append(watcher)

    def open_clocks(self) -> list[Clock]:
        """Promises that run or wait."""
        return self.engine.state.live(Clock)

    def queue(self) -> list[Ticket]:
        """Open ordinary tickets in the order in which they are to be done."""
        found = [t for t in self.engine.state.live(Ticket) if not t.incident]
        return sorted(found, key=lambda ticket: (ticket.priority, ticket.opened_at, ticket.number))

    def progress(self, number: str) -> Progress | None:
        """What may be told about a ticket (A6); None: not open, look in the store."""
        ticket = self.ticket(number)
        if ticket is None:
            return None
        incident = self.incident(ticket.incident) if ticket.incident else None
        text = ""
        if incident is not None:
            topics = {"accepted": "crew_accepted", "on_scene": "crew_on_scene", "over": "over"}
            topic = topics.get(incident.caller_message, "nobody_yet")
            text = self.engine.outbox.caller_text(incident, topic)
        return Progress(
            ticket=number, business=ticket.business, state=ticket.state, emergency=incident is not None,
            phase=ticket_views.phase_title(self.rules, ticket), due=self.promise(number),
            text=text, opened_at=ticket.opened_at, target_at=incident.target_at if incident else None,
        )

    def promise(self, number: str) -> str:
        """Until when it will be done, as it is said to the caller; empty: nothing is promised."""
        return ticket_views.promise_in_words(self.engine.state, self.rules, number, self._utcnow())

    def calls_without_recording(self) -> list[str]:
        """Calls of open tickets to which no recording has been filed."""
        return ticket_views.calls_without_recording(self.engine.state)

    def pages(self, incident_id: str) -> list[Page]:
        keys = sorted(self.engine.state.of_incident(Page, incident_id))
        return [page for key in keys if (page := self.engine.state.get(Page, key))]

    def page(self, page_id: str) -> Page | None:
        return self.engine.state.get(Page, page_id)

    def assignments(self, incident_id: str) -> list[Assignment]:
        keys = sorted(self.engine.state.of_incident(Assignment, incident_id))
        return [found for key in keys if (found := self.engine.state.get(Assignment, key))]

    def outage(self, outage_id: str) -> Outage | None:
        return self.engine.state.get(Outage, outage_id)

    def linked(self, link_id: str) -> Linked | None:
        """A link by its token's hash, with what it is about; also another node's."""
        return linked(self.engine.state, self.rules, link_id)

    def report_link(self, link_id: str) -> Link | None:
        found = self.linked(link_id)
        return found.link if found is not None else None

    def callback(self, callback_id: str) -> Callback | None:
        return self.engine.state.get(Callback, callback_id)

    def facts(self, incident_id: str) -> Facts | None:
        """What a crew must know about an incident now."""
        incident = self.incident(incident_id)
        return self.engine.outbox.facts(incident) if incident else None

    # ---- crews on the phone
    def crew_of_phone(self, phone: str) -> Crew | None:
        return self.rules.stations.crew_of_phone(phone)

    def pin_is_right(self, crew: str, pin: str) -> bool:
        """Whether the crew's PIN was pressed; after too many wrong ones, no for a while."""
        return self._pins.check(crew, pin, self._utcnow())

    def incident_of_crew(self, crew: str) -> Incident | None:
        """The open incident that a crew calling in means."""
        return crew_incident(self.engine.state, crew, "")

    def crews(self) -> list[CrewView]:
        """Every crew with what it does now."""
        board = self.board()
        return [self._crew_view(board, crew) for crew in self.rules.stations.crews]

    def _crew_view(self, board: Board, crew: Crew) -> CrewView:
        incident = self.incident_of_crew(crew.key)
        mine = [a for a in self.assignments(incident.key) if a.crew == crew.key] if incident else []
        return CrewView(
            key=crew.key, name=crew.name, station=crew.station,
            on_duty=tuple(member.name for member, _ in board.on_duty(crew)),
            state=mine[0].state.value if mine else board.state(crew).value,
            incident=incident.key if incident else "",
        )

    # ---- health
    def health(self) -> Health:
        state = self.engine.state
        open_incidents = state.open_incidents()
        untaken = [
            i for i in open_incidents
            if not any(a.state in COVERING for a in self.assignments(i.key)) and i.waiting_for != "person"
        ]
        return Health(
            store_available=self.engine.writer.available and self.engine.loaded,
            local_journal_works=self.engine.journal_works, units_waiting=self.engine.writer.waiting(),
            units_refused=len(self.engine.writer.refused), open_incidents=len(open_incidents),
            untaken_incidents=len(untaken), effects_waiting=len(state.all(OutboxItem)),
            callbacks_owed=sum(1 for c in state.live(Callback) if c.done_at is None),
            mirror_works=self._mirror is None or self._mirror.works,
        )
