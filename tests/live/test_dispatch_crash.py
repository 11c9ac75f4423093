"""Dispatch is killed again and again, at any moment; in the end nothing is missing and nothing is double."""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dispatch.api import SqlStore, TicketQuery
from tests.support import dispatch_victim
from tests.support.dispatch_victim import CALLS

KILLS = 100


def run(folder: Path, live_seconds: float | None) -> bool:
    """Let the victim run; kill it after so long once it is up. True: it came to its end."""
    heard, up = os.pipe()
    victim = os.fork()
    if victim == 0:
        status = 1
        try:
            dispatch_victim.run(folder, up)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(up)
    if live_seconds is not None:
        os.read(heard, 1)
        time.sleep(live_seconds)  # the moment of the kill, not a wait for something
        os.kill(victim, signal.SIGKILL)
    os.close(heard)
    _, waited = os.waitpid(victim, 0)
    status = os.waitstatus_to_exitcode(waited)
    assert status in (0, -signal.SIGKILL)
    return status == 0


def end_state(folder: Path) -> dict[str, Any]:
    """What the database says in the end, without the names that chance gives."""
    store = SqlStore(f"sqlite:///{folder / 'dispatch.db'}")
    tickets = store.tickets(TicketQuery(limit=1000))
    state: dict[str, Any] = {}
    for ticket in tickets:
        rows = store.history([ticket.number, ticket.incident] if ticket.incident else [ticket.number])
        names = Counter(row.event_id for row in rows)
        assert not [name for name, count in names.items() if count > 1]
        state[ticket.number] = {
            "ticket": (ticket.business, ticket.state, ticket.caller, ticket.address, ticket.call_ids),
            "records": sorted(
                (record.kind, record.key, getattr(record, "state", ""))
                for record in (store.of_incident(ticket.incident) if ticket.incident else ())
            ),
            "ordered": sorted(row.detail["page"] for row in rows if row.what == "page_ordered"),
            "declared": sum(row.what == "emergency_declared" for row in rows),
            "called": sum(row.what == "callback_called" for row in rows),
        }
    store.close()
    return state


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder, None)
    state = end_state(folder)
    assert sum(1 for entry in state.values() if entry["ticket"][0] == "emergency") == CALLS
    return state


def test_killed_at_random_moments_the_end_is_the_same(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    chance = random.Random(20261123)
    kills = 0
    while kills < KILLS and not run(tmp_path, chance.uniform(0, 0.06)):
        kills += 1
    if kills == KILLS:
        assert run(tmp_path, None)
    assert kills > 10
    assert end_state(tmp_path) == undisturbed
    rung = set((tmp_path / "rung").read_text().split())
    ordered = {page for entry in undisturbed.values() for page in entry["ordered"]}
    assert rung == ordered, "every page went out at least once"
