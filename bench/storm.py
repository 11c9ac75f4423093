"""200 emergencies within a minute: from each report to its first page, with journal and database under it."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.company import emergency, rules
from bench.figures import Report, Row, Series, against
from dispatch.api import Dispatch, PageEvent, PageReport, SqlStore
from tests.support.dispatch import Notes
from tests.support.postgres import Postgres

Tick = Callable[[float], None]
EMERGENCIES, STATIONS, CREWS = 200, 40, 200
AIM_SECONDS = 5.0


class Phones(Notes):
    """Note when the first page of each incident goes out; crews say yes a few seconds later."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, float] = {}
        self.answers: list[tuple[float, str]] = []

    def page(self, order) -> None:  # type: ignore[no-untyped-def]  # as in Notes
        now = time.monotonic()
        self.first.setdefault(order.facts.incident, now)
        self.answers.append((now + 3, order.page_id))


def measure(seconds: float, postgres: bool, tick: Tick) -> Series:
    """Seconds from each report to its first page."""
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres() if postgres else None
        url = server.url if server else f"sqlite:///{folder}/dispatch.db"
        phones = Phones()
        desk = Dispatch(
            rules(STATIONS, CREWS), SqlStore(url), Path(folder), outlet=phones,
            utcnow=lambda: datetime.now(UTC),
        )
        try:
            desk.start()
            return _storm(desk, phones, seconds, tick)
        finally:
            desk.stop(30)
            if server is not None:
                server.remove()


def _storm(desk: Dispatch, phones: Phones, seconds: float, tick: Tick) -> Series:
    chance, begin, waits = random.Random(3), time.monotonic(), []
    plan = sorted(chance.uniform(0, seconds) for _ in range(EMERGENCIES))
    run_at = begin
    for number, offset in enumerate(plan):
        while (now := time.monotonic()) < begin + offset:
            run_at = _meanwhile(desk, phones, now, run_at)
            time.sleep(0.002)
        desk.tell(emergency(number, datetime.now(UTC), chance))
        ticket = desk.tickets_of_call(f"e{number}")[0]
        waits.append(phones.first.get(ticket.incident, float("inf")) - (begin + offset))
        tick(number / EMERGENCIES)
    return Series.of(waits)


def _meanwhile(desk: Dispatch, phones: Phones, now: float, run_at: float) -> float:
    """What the service does between reports: phones that are answered, and the clock."""
    while phones.answers and phones.answers[0][0] <= now:
        _, page_id = phones.answers.pop(0)
        for event in (PageEvent.STARTED, PageEvent.ANSWER, PageEvent.ACCEPT):
            desk.tell(PageReport(event_id=f"{page_id}/{event}", at=datetime.now(UTC), page_id=page_id,
                                 event=event, why=""))
    if now < run_at:
        return run_at
    desk.run()
    return now + 1


def report(seconds: float, tick: Tick) -> Report:
    rows: list[Row] = []
    cases = [(spread, postgres) for spread in (seconds, 0.0) for postgres in (False, True)]
    for number, (spread, postgres) in enumerate(cases):
        found = measure(spread, postgres, lambda share, n=number: tick((n + share) / len(cases)))  # type: ignore[misc]
        rows.append({
            "database": "PostgreSQL" if postgres else "SQLite",
            "reported within": f"{spread:g} s" if spread else "at once", "emergencies": EMERGENCIES,
            **found.told(3), "max × aim 5 s": against(found.worst, AIM_SECONDS),
        })
    return Report(
        "Report → first page (s)", rows,
        f"{CREWS} crews at {STATIONS} stations say yes after 3 s; journal synced to the disk.",
    )
