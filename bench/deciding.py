"""How long a decision takes with 10,000 open tickets and 200 crews: the pure core, on one processor."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta

from twisted.internet.task import Clock

from bench.company import NOON, emergency, rules, ticket
from bench.figures import Report, Series, against
from dispatch.agenda import Agenda
from dispatch.api import AnyCommand, CrewReport, PageEvent, PageReport, Rules
from dispatch.crew_commands import JobGiven
from dispatch.decide import decide, decide_timer
from dispatch.model import COVERING, Assignment, Page, Unit
from dispatch.state import State
from hotline.service.tidying import Tidying

Tick = Callable[[float], None]
STATIONS, CREWS, TICKETS = 40, 200, 10_000
AIM_MS = 10.0


class Desk:
    """State, agenda and a clock; every decision is timed."""

    def __init__(self, here: Rules) -> None:
        self.rules, self.state, self.now = here, State(), NOON
        self.agenda = Agenda(self.state)
        self.took: dict[str, list[float]] = {}
        """Milliseconds by kind of decision, with taking it over and looking what is due next."""

    def tell(self, kind: str, command: AnyCommand) -> Unit:
        began = time.thread_time()
        unit = decide(self.state, self.rules, command, self.now)
        self._take(unit)
        self.took.setdefault(kind, []).append((time.thread_time() - began) * 1000)
        return unit

    def _take(self, unit: Unit) -> None:
        self.state.apply(unit)
        self.agenda.too_far(self.rules, self.now)
        self.agenda.next_due(self.rules, self.now)

    def run(self, kind: str) -> None:
        """Whatever is due."""
        for number, timer in enumerate(self.agenda.due(self.rules, self.now)):
            began = time.thread_time()
            unit = decide_timer(self.state, self.rules, timer, self.now, f"{self.now.isoformat()}-{number}")
            if unit is not None:
                self._take(unit)
                self.took.setdefault(kind, []).append((time.thread_time() - began) * 1000)


def measure(emergencies: int, tick: Tick) -> Report:
    chance = random.Random(2)
    desk = Desk(rules(STATIONS, CREWS))
    for number in range(TICKETS):
        desk.now += timedelta(seconds=1)
        for command in ticket(number, desk.now, chance):
            desk.tell("open a ticket", command)
        if number % 50 == 0:
            desk.run("a timer")
        tick(0.5 * number / TICKETS)
    Tidying(Clock()).start()  # as the controller does
    for number in range(emergencies):
        desk.now += timedelta(seconds=chance.expovariate(1 / 20))
        _one(desk, number, chance)
        tick(0.5 + 0.5 * number / emergencies)
    return _report(desk)


def _one(desk: Desk, number: int, chance: random.Random) -> None:
    """An emergency, a crew that says no, the next one that says yes; older ones go on meanwhile."""
    desk.run("a timer")
    unit = desk.tell("which crew first", emergency(number, desk.now, chance))
    page = _ordered(unit)
    if page is not None and number % 3 == 0:
        unit = desk.tell("a no: which crew next", _said(page, number, PageEvent.DECLINE, desk))
        page = _ordered(unit)
    if page is not None:
        desk.tell("a yes", _said(page, number, PageEvent.ACCEPT, desk))
        desk.tell("en route", _report_of(page.target, "en_route", page.incident, desk, number))
    at_work = [a for a in desk.state.live(Assignment) if a.state in COVERING]
    if len(at_work) > CREWS // 2:
        for status in ("on_scene", "made_safe", "cleared"):
            done = at_work[0]
            desk.tell(status.replace("_", " "), _report_of(done.crew, status, done.incident, desk, number))
        desk.tell("the next ordinary job", JobGiven(
            event_id=f"j{number}", at=desk.now, crew=at_work[0].crew, person="调度"
        ))


def _ordered(unit: Unit) -> Page | None:
    found = [put for put in unit.puts if isinstance(put, Page) and put.target_kind == "crew"]
    return next((page for page in found if page.state == "ordered"), None)


def _said(page: Page, number: int, event: PageEvent, desk: Desk) -> PageReport:
    return PageReport(event_id=f"p{number}/{page.page_id}/{event}", at=desk.now, page_id=page.page_id,
                      event=event, why="")


def _report_of(crew: str, status: str, incident: str, desk: Desk, number: int) -> CrewReport:
    return CrewReport(event_id=f"c{number}/{crew}/{status}", at=desk.now, crew=crew, incident=incident,
                      status=status)  # type: ignore[arg-type]  # one of its words


def _report(desk: Desk) -> Report:
    rows = []
    for kind, values in desk.took.items():
        series = Series.of(values)
        p99 = series.values[min(len(values) - 1, int(len(values) * 0.99))]
        rows.append({
            "decision": kind, "count": len(values), "median ms": f"{series.median:.2f}",
            "p99 ms": f"{p99:.2f}", "max ms": f"{series.worst:.2f}", "p99 × aim 10 ms": against(p99, AIM_MS),
        })
    note = (
        "processor time of one core; "
        f"{TICKETS:,} open tickets, {CREWS} crews at {STATIONS} stations; with taking it over and "
        "looking what is due next; memory only: journal and database are measured by `storm`."
    )
    return Report("Decisions", rows, note, dict(desk.took))
