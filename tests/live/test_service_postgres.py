"""The whole service on a real PostgreSQL: killed under a call; and two machines of which one dies."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.api import SqlStore, TicketQuery
from dispatch.model import Assignment, Incident, Page
from tests.live.harness.service import wait_until
from tests.live.harness.town import Town
from tests.support.postgres import Postgres

LEASE_SECONDS = 3


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def store(postgres: Postgres) -> Iterator[SqlStore]:
    made = SqlStore(postgres.url)
    yield made
    made.close()


def leak(town: Town) -> str:
    """A caller says that gas leaks and stays on the line; the call's id."""
    phone = town.caller()
    phone.say(town.line("leak"), delay_seconds=1)
    call_id = town.ring(phone)
    town.watch.wait_for("emergency_declared", 30, call_id=call_id)
    return call_id


def test_the_database_dies_under_an_emergency_and_all_is_stored_when_it_is_back(
    postgres: Postgres, store: SqlStore, tmp_path: Path
) -> None:
    with Town(tmp_path / "town", {"database.url": postgres.url}) as town:
        postgres.stop()  # like kill -9
        call_id = leak(town)
        town.crew.wait_for("incoming", 30)
        town.crew.answer()
        town.crew.wait_for("answered", 10)
        town.crew.press_later("1", delay_seconds=1)
        town.watch.wait_for("page_accepted", 30)
        postgres.start()
        town.service.wait_until(lambda: call_id in town.stored_tickets(), 60, "has stored no ticket")

        def stored() -> bool:
            found = [t for t in store.tickets(TicketQuery()) if call_id in t.call_ids]
            parts = store.of_incident(found[0].incident) if found else []
            return any(isinstance(one, Assignment) and one.state == "acknowledged" for one in parts)

        town.service.wait_until(stored, 30, "has not stored that a crew has it")
        [ticket] = [t for t in store.tickets(TicketQuery()) if call_id in t.call_ids]
        rows = [row.what for row in store.history([ticket.incident])]
        assert rows.count("emergency_declared") == 1


def test_when_one_of_two_machines_dies_the_other_pages_on(
    postgres: Postgres, store: SqlStore, tmp_path: Path
) -> None:
    shared = {"database.url": postgres.url, "dispatch.lease_seconds": LEASE_SECONDS}
    with contextlib.ExitStack() as stack:
        first = Town(tmp_path / "a", {**shared, "dispatch.node": "A"}, page_seconds=60)
        second = Town(tmp_path / "b", {**shared, "dispatch.node": "B"}, page_seconds=60)
        stack.enter_context(first)
        stack.enter_context(second)
        call_id = leak(first)
        first.crew.wait_for("incoming", 30)

        def page_stored() -> bool:
            found = [t for t in store.tickets(TicketQuery()) if call_id in t.call_ids and t.incident]
            return bool(found) and any(isinstance(one, Page) for one in store.of_incident(found[0].incident))

        wait_until(page_stored, 30, "the first machine has not stored its page")
        for pid in first.service.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        second.crew.wait_for("incoming", 40)
        second.crew.answer()
        second.crew.wait_for("answered", 10)
        second.crew.press_later("1", delay_seconds=1)
        second.watch.wait_for("page_accepted", 30)
        [ticket] = [t for t in store.tickets(TicketQuery()) if call_id in t.call_ids]
        assert ticket.number.partition("-A")[2], "it keeps the number that the first machine gave"

        def taken() -> bool:
            parts = store.of_incident(ticket.incident)
            owners = {one.node for one in parts if isinstance(one, Incident)}
            crews = [one for one in parts if isinstance(one, Assignment) and one.state == "acknowledged"]
            return owners == {"B"} and len(crews) == 1

        wait_until(taken, 30, "the second machine has not taken it")
        pages = [one for one in store.of_incident(ticket.incident) if isinstance(one, Page)]
        assert len({page.page_id for page in pages}) == len(pages) >= 2
