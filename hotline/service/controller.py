"""The controller: reads every call's journal, runs dispatch, rings crews, answers conversations.

`python -m hotline.service.controller --config FILE --instance ID`. It can die at any moment:
callers talk on with their workers, and the next one goes on where the journals and the
dispatch's own log say.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from dispatch.api import Dispatch, DispatchLocked, StoreUnavailable
from hotline.agents.presence import Presence
from hotline.errors import HotlineError
from hotline.ipc import ControllerHello, Job, Order, Ordered, TextSent
from hotline.logs import configure as configure_logs
from hotline.metrics import Metrics
from hotline.service import instances
from hotline.service.actions import Actions
from hotline.service.anchors import Anchors
from hotline.service.backup import keep_customers
from hotline.service.backup_clock import WeeklyBackup
from hotline.service.book import CallBook
from hotline.service.customers import CsvCustomers, CustomerFile, NoCustomers
from hotline.service.deferred import DeferredIntake
from hotline.service.dispatch_figures import DispatchFigures
from hotline.service.dispatching import build_dispatch
from hotline.service.filing import Filing
from hotline.service.information import Information, load_information
from hotline.service.intake import Intake
from hotline.service.journals import JournalReader
from hotline.service.lines import EdgeLine, WorkerLines, listen
from hotline.service.mourning import Mourner
from hotline.service.orders import Orders
from hotline.service.outlet import PhoneOutlet
from hotline.service.paging import PagingDesk
from hotline.service.retention import Retention
from hotline.service.roster_watch import RosterWatch
from hotline.service.routing import planner
from hotline.service.storing import Storing
from hotline.service.tidying import Tidying
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.standards import calendar_notices, load_calendar
from hotline.triage import Gazetteer
from hotline.web.site import make_site
from hotline.web.status import Status

log = structlog.get_logger()
Result = TypeVar("Result")

SCAN_SECONDS = 1.0
"""How often journals are looked at without a doorbell, and dispatch without anything due."""
RETURN_SECONDS = 1.5
"""Within this the workers have found a new controller, or a new edge."""
LOCK_RETRY_SECONDS = 0.1
"""How often a successor asks for the dispatch lock."""


def utcnow() -> datetime:
    return datetime.now(UTC)


class Controller:
    """All of it, wired; one per instance, and only the holder of the dispatch lock works."""

    def __init__(self, reactor: Any, settings: Settings, instance: str, config: Path) -> None:
        self._backup = WeeklyBackup(reactor, settings, config, utcnow)
        self._reactor = reactor
        self._settings = settings
        self._instance = instance
        self._book = CallBook()
        self._presence = Presence(settings.agents.members)
        self._metrics = Metrics()
        self._customers: CustomerFile = NoCustomers()
        self._information = Information()
        self._calendar = load_calendar(None)
        self._workers = WorkerLines(self)
        self._edge = EdgeLine(
            reactor,
            settings.paths.run / "edge.sock",
            ControllerHello(instance=instance, pid=os.getpid()),
            self,
        )
        self._figures: dict[str, float] = {}
        self._wake: Any = None
        self._draining = False
        self._stopped = False
        self._stop_listening: Any = None
        self._dispatch: Dispatch

    # ---- life
    def start(self) -> None:
        """Work as soon as the dispatch lock is ours; a predecessor may still hold it."""
        outlet = self._outlet = PhoneOutlet(
            self._settings, self._edge, self._workers, utcnow, self._book.running, self._originated,
            lambda: [note.call_id for note in self._book.calls()],
        )
        try:
            self._dispatch = build_dispatch(self._settings, outlet, utcnow)
        except DispatchLocked:
            self._reactor.callLater(LOCK_RETRY_SECONDS, self.start)
            return
        self._paging = PagingDesk(
            self._reactor, self._settings, self._dispatch, self._edge, outlet.ring_contact,
            lambda: self._customers, utcnow, self._metrics.line,
        )  # fmt: skip
        outlet.messages = self._paging
        self._roster = RosterWatch(self._reactor, self._settings, self._dispatch, utcnow)
        self._routes = planner(self._reactor, self._settings, self._dispatch, utcnow)
        self.reload()
        self._begin()

    def reload(self) -> None:
        """Read again what callers are told, the customer file and the calendar; a fault changes nothing."""
        try:
            information = load_information(self._settings.information)
            path = self._settings.customers
            customers: CustomerFile = NoCustomers() if path is None else CsvCustomers(path)
            calendar = load_calendar(self._settings.dispatch.calendar)
        except HotlineError as error:
            log.error("not reloaded", why=str(error))
            return
        self._information, self._customers, self._calendar = information, customers, calendar
        try:
            keep_customers(self._settings)
        except OSError as error:
            log.error("customer file not copied", why=str(error), advice="look after backup.directory")
        self._dispatch.replace_calendar(calendar)
        try:
            self._roster.reload(calendar)
        except HotlineError as error:
            log.error("roster not reloaded, the old one stays", why=str(error))
        for notice in self._calendar_notices():
            log.warning("the calendar of working days ends soon", why=notice)

    def drain(self) -> None:
        """SIGTERM: give over to a successor at once; without one stay until every emergency is taken."""
        self._draining = True
        self._end_if_possible()

    def _begin(self) -> None:
        journals = self._settings.paths.state / "journal"
        self._dispatch.start()
        try:
            offsets: dict[str, int] | None = self._dispatch.journal_offsets()
        except StoreUnavailable:
            offsets = None
        self._dispatch_figures = DispatchFigures(self._dispatch, self._metrics)
        intake = Intake(
            self._dispatch, self._book, self._presence, lambda: self._customers, self._metrics,
            self._settings.outbound.notice, self._paging.heard,
            Gazetteer.load(self._settings.dispatch.gazetteer), self._outlet.settled,
        )  # fmt: skip
        self._deferred = DeferredIntake(self._settings.paths.state, self._settings.speech.deferred)
        filing = Filing(self._reactor, self._dispatch, self._settings.paths.recordings, utcnow)
        take = filing.after(self._deferred.after(intake.take))
        self._reader = JournalReader(journals, take, offsets)
        self._book.recall(journals, self._reader.offsets())
        self._recall_agents()
        self._storing = Storing(self._reactor, self._dispatch, self._reader)
        self._actions = Actions(
            self._dispatch, lambda: self._customers, lambda: self._information, self._presence, self._book,
            utcnow, ZoneInfo(self._settings.timezone),
        )  # fmt: skip
        self._orders = Orders(self._dispatch, utcnow)
        self._mourner = Mourner(
            self._settings, self._reactor, utcnow, self._book, self._workers.connected, self.journal_grew
        )
        self._reader.scan()
        socket = self._settings.paths.run / "controller.sock"
        self._stop_listening = listen(self._reactor, socket, self._workers)
        self._edge.start()
        self._listen_web()
        self._paging.start()
        self._backup.start()
        Retention(self._reactor, self._settings, self._dispatch, utcnow).start()
        Anchors(self._reactor, self._dispatch, self._settings.paths.state, utcnow).start()
        filing.start()
        Tidying(self._reactor).start()
        self._reactor.callLater(RETURN_SECONDS, self._look_for_dead)
        self._turn()
        log.info("controller works", instance=self._instance)

    def _recall_agents(self) -> None:
        """Who was rung or talking before our restart is not rung for another caller."""
        for note in self._book.calls():
            for leg, user in note.agents.items():
                self._presence.leg_started(user, f"{note.call_id}/{leg}")

    def _turn(self) -> None:
        """Everything that is due; at least every second, and at once when something comes in."""
        if self._stopped:
            return
        self._wake = None
        self._safely(self._reader.scan)
        due = self._safely(self._dispatch.run)
        if self._routes is not None:
            self._safely(self._routes.look)
        self._safely(self._storing.go)
        self._end_if_possible()
        seconds = SCAN_SECONDS if due is None else (due - utcnow()).total_seconds()
        self._turn_in(min(max(seconds, 0.0), SCAN_SECONDS))

    def _safely(self, step: Callable[[], Result]) -> Result | None:
        """What fails in one step of a turn must not keep the pages of the next one back."""
        try:
            return step()
        except Exception:
            log.exception("a step of the controller's turn failed")
            return None

    def _turn_in(self, seconds: float) -> None:
        if self._stopped:
            return
        if self._wake is not None and self._wake.active():
            self._wake.cancel()
        self._wake = self._reactor.callLater(seconds, self._turn)

    def _end_if_possible(self) -> None:
        if not self._draining or self._stopped or not hasattr(self, "_storing"):
            if self._draining and not self._stopped and not hasattr(self, "_storing"):
                self._reactor.stop()
            return
        if instances.successor(self._settings.paths.run, self._instance) is None:
            health = self._dispatch.health()
            if health.untaken_incidents or self._book.calls():
                return
        self._stopped = True
        log.info("controller ends", instance=self._instance)
        self._storing.stop()
        self._roster.stop()
        self._dispatch.stop()
        if self._stop_listening is not None:
            self._stop_listening()
        self._workers.close_all()
        self._edge.stop()
        self._reactor.callLater(0.05, self._reactor.stop)

    def _look_for_dead(self) -> None:
        """After a start: calls whose worker has not come to us may have died meanwhile."""
        for call_id in [*self._reader.unfinished(), *(note.call_id for note in self._book.calls())]:
            if not self._workers.connected(call_id):
                self._mourner.look(call_id)
        self._reactor.callLater(5 * SCAN_SECONDS, self._look_for_dead)

    # ---- what comes in over the wires (hotline.service.lines.LinesListener)
    def journal_grew(self, name: str, unwritten: Sequence[str] = ()) -> None:
        self._reader.look(name)
        self._reader.hear(unwritten)
        self._turn_in(0)

    def worker_here(self, call_id: str) -> None:
        note = self._book.get(call_id)
        if note is not None and note.effect_id and note.purpose in ("page", "callback"):
            self._dispatch.receipt(note.effect_id)
        self.journal_grew(call_id)
        news = self._actions.outage_news(self._book.note(call_id).caller)
        if news is not None:
            self._workers.tell(call_id, "outage", news)

    def worker_gone(self, call_id: str) -> None:
        self._reader.look(call_id)
        if self._book.running(call_id):
            self._reactor.callLater(SCAN_SECONDS, self._mourner.look, call_id)

    def worker_lost(self, call_id: str) -> None:
        self._reader.look(call_id)
        if self._book.running(call_id):
            self._mourner.look(call_id, certain=True)

    def originate_failed(self, call_id: str, why: str, *, busy: bool) -> None:
        """No worker could be had for a call of ours: nobody was rung, so the same order is given again.

        Another crew would need a worker too. A page's time runs on meanwhile, and then the next is rung.
        """
        tell = log.info if busy else log.error  # a flood's call-backs wait by the hundred
        tell("a call of ours could not begin; it is tried again", call_id=call_id, why=why)
        self._book.forget(call_id)
        self._paging.not_begun(call_id)

    def text_sent(self, answer: TextSent) -> None:
        self._paging.text_sent(answer)

    def registered(self, user: str, reachable: bool) -> None:
        self._presence.registered(user, reachable)

    def edge_here(self, here: bool) -> None:
        if here:
            self._reactor.callLater(RETURN_SECONDS, self._mourner.edge_came_back, utcnow())
        else:
            self._presence.forget_all()
        self._turn_in(0)

    def edge_stats(self, counters: dict[str, int], gauges: dict[str, int]) -> None:
        self._figures = {**counters, **gauges}

    def asked(self, call_id: str, action: str, arguments: dict[str, str]) -> tuple[str, dict[str, str]]:
        self._reader.look(call_id)
        return self._actions.answer(call_id, action, arguments)

    def ordered(self, order: Order) -> Ordered:
        return self._orders.carry_out(order)

    def _originated(self, job: Job, effect_id: str) -> None:
        self._book.begin(job, effect_id, utcnow())

    # ---- how it is
    def status(self) -> Status:
        health = self._dispatch.health()
        return Status(
            edge_connected=self._edge.connected,
            zygote_connected=self._figures.get("providers", 0) > 0,
            database_up=health.store_available,
            journal_writable=health.local_journal_works,
            model_present=_model_present(self._settings.speech.model),
            draining=self._draining,
            instance=self._instance,
            conversations=self._workers.count(),
            unaccepted_emergencies=health.untaken_incidents,
            journal_backlog_bytes=self._reader.backlog_bytes(),
            agents_reachable=len(self._presence.reachable()),
            flow_version=self._book.flow_version,
            recordings_aside=self._deferred.queue.counts()[1],
            notices=(*self._calendar_notices(), *self._roster.notices, *self._backup.notices()),
            backed_up=health.mirror_works,
        )

    def _calendar_notices(self) -> tuple[str, ...]:
        found = calendar_notices(self._calendar, self._settings.dispatch.calendar, utcnow())
        return tuple(notice.message for notice in found)

    def exposition(self) -> bytes:
        status = self.status()
        self._metrics.conversations(status.conversations)
        self._metrics.unaccepted_emergencies(status.unaccepted_emergencies)
        self._metrics.agents(status.agents_reachable)
        self._metrics.journal_backlog(status.journal_backlog_bytes)
        self._metrics.database(up=status.database_up)
        self._metrics.edge(up=status.edge_connected, figures=self._figures)
        self._metrics.speech_model(present=status.model_present)
        self._metrics.transcriptions(*self._deferred.queue.counts())
        self._metrics.backup(last=self._backup.last(), copying=status.backed_up)
        self._dispatch_figures.refresh(utcnow())
        self._metrics.calendar(missing_years=len(self._calendar_notices()))
        self._metrics.roster(notices=len(self._roster.notices))
        return self._metrics.exposition()

    def _listen_web(self) -> None:
        """The predecessor's port is free when it has ended; ask again until then."""
        from twisted.internet.error import CannotListenError

        web = self._settings.web
        try:
            site = make_site(self.status, self.exposition, self._reactor)
            self._reactor.listenTCP(web.port, site, interface=web.host)
        except CannotListenError as error:
            log.warning("health port not free yet", port=web.port, why=str(error))
            self._reactor.callLater(SCAN_SECONDS, self._listen_web)


def _model_present(model: Path | None) -> bool:
    return model is not None and model.is_dir()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM and no emergency waits, or until a successor takes over."""
    parser = argparse.ArgumentParser(prog="hotline-controller", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--instance", required=True)
    given = parser.parse_args(arguments)
    try:
        settings = load_settings(given.config)
    except HotlineError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    configure_logs(settings.logging, "controller")
    from twisted.internet import reactor

    running: Any = reactor
    controller = Controller(running, settings, given.instance, given.config)
    signal.signal(signal.SIGTERM, lambda *_: running.callFromThread(controller.drain))
    signal.signal(signal.SIGHUP, lambda *_: running.callFromThread(controller.reload))
    running.callWhenRunning(controller.start)
    running.run(installSignalHandlers=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
