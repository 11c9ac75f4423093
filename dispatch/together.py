"""The engine's side of several nodes: takes in what the link found, and says what it has for others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

import structlog
from pydantic import TypeAdapter

from dispatch.commands import AnyCommand, CrewReport, CrewStatus, PageReport
from dispatch.errors import DispatchError
from dispatch.forwarding import decode, encode, meant_for
from dispatch.local_journal import SNAPSHOT
from dispatch.model import COVERING, RINGING, Assignment, HistoryRow, Incident, Page, Put, Unit
from dispatch.node_link import News, NodeLink, ToSend
from dispatch.outbound import CancelEffect, Effect, ForwardEffect, OutboxItem
from dispatch.ownership import OWNED
from dispatch.state import State
from dispatch.states import PageEvent

log = structlog.get_logger()
OF_THE_DEAD = ("page", "cancel_page", "update_page", "tell_caller", "forward")
"""Orders about calls that died with their node; another node can do nothing with them."""
Part = TypeVar("Part", Assignment, Page)
Commit = Callable[[Unit, bool], None]
"""Takes a unit over; False: it stands in the database already, in another's name or ours."""


class Together:
    """One per engine of several."""

    def __init__(
        self, state: State, link: NodeLink, commit: Commit, do: Callable[[AnyCommand, datetime], bool],
        new_id: Callable[[], str],
    ) -> None:
        self._state, self.link, self._commit, self._do, self._new_id = state, link, commit, do, new_id

    def passes_on(self, command: AnyCommand, now: datetime) -> bool:
        """Whether it was another node's, and is on its way there."""
        node = meant_for(self._state, command)
        if not node:
            return False
        if _passed_on(command) not in self._state.seen:
            self._forward(node, command, now)
        return True

    def turn(self, now: datetime) -> None:
        """Take in what is new, and hand over what waits for others."""
        for news in self.link.news():
            self._receipt(news.sent, now)
            self._lose(news.elsewhere, now)
            self._look_around(news.elsewhere)
            self._claim(news.claimed, now)
            self._read(news, now)
        self.link.send(self._waiting())

    def _waiting(self) -> Iterator[ToSend]:
        for item in self._state.live(OutboxItem):
            if isinstance(item.effect, ForwardEffect):
                yield ToSend(item.key, item.effect.node, item.effect.event_id, item.effect.command)

    def _receipt(self, sent: list[str], now: datetime) -> None:
        items = [item for key in sent if (item := self._state.get(OutboxItem, key)) is not None]
        if items:
            done = tuple(item.model_copy(update={"receipted_at": now}) for item in items)
            self._commit(Unit(unit_id=self._new_id(), at=now, puts=done), True)

    def _look_around(self, elsewhere: list[Put]) -> None:
        others = State()
        others.adopt(elsewhere)
        self._state.elsewhere = others

    def _lose(self, elsewhere: list[Put], now: datetime) -> None:
        """What was ours and another has claimed (the database was away from us for longer than a lease)."""
        lost = [r for r in elsewhere if isinstance(r, OWNED) and self._state.get(type(r), r.key) is not None]
        if not lost:
            return
        for record in lost:
            if isinstance(record, Incident):
                self._tell_new_owner(record, now)
        self._commit(Unit(unit_id=f"{SNAPSHOT}:lost.{self._new_id()}", at=now, puts=tuple(lost)), False)
        log.warning("claimed_by_others", count=len(lost))

    def _tell_new_owner(self, incident: Incident, now: datetime) -> None:
        """Our crews that have it are told to the node that goes on with it; our phones stop ringing."""
        unit_id = f"lost.{self._new_id()}"
        for number, assignment in enumerate(self._parts(Assignment, incident), 1):
            if assignment.state in COVERING:
                status = TypeAdapter(CrewStatus).validate_python(assignment.state.value)
                report = CrewReport(
                    event_id=f"{unit_id}/{number}", at=now, crew=assignment.crew, incident=incident.key,
                    status=status,
                )
                self._forward(incident.node, report, now)
        ringing = [page for page in self._parts(Page, incident) if page.state in RINGING]
        why = "another node has it"
        cancel: list[Effect] = [CancelEffect(page_id=page.page_id, why=why) for page in ringing]
        if cancel:
            self._commit(Unit(unit_id=unit_id, at=now, puts=self._items(unit_id, cancel, now)), True)

    def _parts(self, kind: type[Part], incident: Incident) -> list[Part]:
        keys = sorted(self._state.of_incident(kind, incident.key))
        return [record for key in keys if (record := self._state.get(kind, key)) is not None]

    def _forward(self, node: str, command: AnyCommand, now: datetime) -> None:
        unit_id = _passed_on(command)
        effect = ForwardEffect(node=node, event_id=command.event_id, command=encode(command))
        self._commit(Unit(unit_id=unit_id, at=now, puts=self._items(unit_id, [effect], now)), True)

    def _items(self, unit_id: str, effects: list[Effect], now: datetime) -> tuple[OutboxItem, ...]:
        name = unit_id.replace("/", ".").replace(":", ".")
        return tuple(
            OutboxItem(effect_id=f"{name}.{number}", effect=effect, created_at=now, node=self.link.node)
            for number, effect in enumerate(effects, 1)
        )

    def _claim(self, claimed: list[Put], now: datetime) -> None:
        """A dead node's work is ours: what rang there rings no more, so the next of the chain is rung."""
        if not claimed:
            return
        unit_id = f"claimed.{self._new_id()}"
        self._commit(Unit(unit_id=f"{SNAPSHOT}:{unit_id}", at=now, puts=tuple(claimed)), False)
        incidents = [record for record in claimed if isinstance(record, Incident)]
        void = tuple(
            item.model_copy(update={"receipted_at": now}) for item in claimed
            if isinstance(item, OutboxItem) and item.effect.effect in OF_THE_DEAD
        )
        history = tuple(
            HistoryRow(event_id=f"{unit_id}#{number}", at=now, subject=incident.key, what="claimed",
                       detail={"node": self.link.node})
            for number, incident in enumerate(incidents, 1)
        )
        self._commit(Unit(unit_id=f"{unit_id}.void", at=now, puts=void, history=history), True)
        log.warning("claimed", incidents=len(incidents), records=len(claimed))
        for page in [record for record in claimed if isinstance(record, Page) and record.state in RINGING]:
            self._try(PageReport(event_id=f"{unit_id}/{page.page_id}", at=now, page_id=page.page_id,
                                 event=PageEvent.FAIL, why="its node died"), now)

    def _read(self, news: News, now: datetime) -> None:
        for forwarded in news.inbox:
            try:
                self._try(decode(forwarded.command), now)
            except ValueError as error:
                log.error("forwarded_unreadable", why=str(error))
        self.link.settle(forwarded.id for forwarded in news.inbox)

    def _try(self, command: AnyCommand, now: datetime) -> None:
        try:
            self._do(command, now)
        except DispatchError as error:
            log.error("forwarded_refused", command=type(command).__name__, why=str(error))
        except Exception:
            # Read again and again it would keep our own pages back for ever.
            log.exception("forwarded_failed", command=type(command).__name__)


def _passed_on(command: AnyCommand) -> str:
    """The unit of passing it on. Not that of carrying it out, which the database takes once, by its name."""
    return f"f:{command.event_id}"
