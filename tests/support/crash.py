"""Runs a dispatch in a process of its own, kills it at a moment of choice, and looks at what is left."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from dispatch.api import SqlStore, TicketQuery
from tests.support import dispatch_victim


def run(folder: Path, live_seconds: float | None, **script: Any) -> bool:
    """Let the victim run; kill it after so long once it is up. True: it came to its end.

    `script`: `calls` and `every` of `dispatch_victim.script`.
    """
    heard, up = os.pipe()
    victim = os.fork()
    if victim == 0:
        status = 1
        try:
            dispatch_victim.run(folder, up, **script)
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
    tickets = store.tickets(TicketQuery(limit=10_000))
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


def rung(folder: Path) -> list[str]:
    """The pages that went out, as often as they did."""
    return (folder / "rung").read_text().split()


def ordered(state: dict[str, Any]) -> set[str]:
    """The pages that were ordered, by an end state."""
    return {page for entry in state.values() for page in entry["ordered"]}
