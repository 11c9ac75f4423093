"""1,000,000 stored tickets: how much slower what the service asks of its database is than with 10,000."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, insert, text

from bench.figures import Report, Row
from dispatch.api import CallQuery, SqlStore, Ticket, TicketQuery
from dispatch.model import HistoryRow, Unit
from dispatch.states import TicketState
from dispatch.store.rows import to_row
from dispatch.store.tables import AppliedUnitRow, CallTable, TicketRow
from tests.support.postgres import Postgres

Tick = Callable[[float], None]
SMALL, OPEN = 10_000, 200
BEGIN = datetime(2021, 1, 1, tzinfo=UTC)
ROUNDS = 15
BUSINESSES = ("indoor_repair", "complaint", "billing")


def tickets(count: int) -> Iterator[Ticket]:
    """Five years of tickets, the last OPEN of them open."""
    step = timedelta(days=5 * 365) / count
    for number in range(count):
        at = BEGIN + step * number
        is_open = number >= count - OPEN
        yield Ticket(
            number=f"GS-{at:%Y%m%d}-{number:07d}", business=BUSINESSES[number % 3],
            priority=3 + number % 3, opened_at=at, updated_at=at,
            closed_at=None if is_open else at + timedelta(hours=5),
            state=TicketState.OPEN if is_open else TicketState.CLOSED, caller=f"139{number % 300_000:08d}",
            call_ids=(f"c{number}",), address=f"利州东路{number}号",
        )


def filled(store: SqlStore, count: int, tick: Tick) -> None:
    store.upgrade()
    made, done = tickets(count), 0
    while part := list(islice(made, 2_000)):
        calls = [_call(ticket) for ticket in part]
        units = [{"unit_id": f"e:{t.number}", "at": t.opened_at} for t in part]
        with store.writing() as connection:
            for table, rows in ((TicketRow, [to_row(t) for t in part]), (CallTable, calls),
                                (AppliedUnitRow, units)):
                connection.execute(insert(_table(table)), rows)
        done += len(part)
        tick(done / count)
    if store.engine.dialect.name == "postgresql":
        with store.writing() as connection:
            connection.execute(text("ANALYZE"))  # as the server's own housekeeping soon would


def _call(ticket: Ticket) -> dict[str, Any]:
    at, plain = ticket.opened_at, ("purpose", "dialled", "trunk", "sip_call_id", "flow", "flow_version")
    return dict.fromkeys(plain, "") | {
        "call_id": ticket.call_ids[0], "direction": "inbound", "caller": ticket.caller, "drill": False,
        "arrived_at": at, "answered_at": at, "ended_at": at, "ended_by": "", "sip_status": 200,
        "emergency": False,
    }


def _table(row: Any) -> Table:
    return row.__table__  # type: ignore[no-any-return]


def asked(store: SqlStore, count: int) -> dict[str, Callable[[int], object]]:
    """What the service and its people ask, each with a number of the round."""
    end = BEGIN + timedelta(days=5 * 365)
    step = timedelta(days=5 * 365) / count

    def name(round_number: int) -> str:
        number = count // 2 + round_number * 7
        return f"GS-{BEGIN + step * number:%Y%m%d}-{number:07d}"

    return {
        "store a unit of work": lambda n: store.save_units([_unit(count, n)]),
        "read what is open at the start": lambda n: store.load_open(end - timedelta(hours=1)),
        "a ticket by its number": lambda n: store.ticket(name(n)),
        "tickets of a phone": lambda n: store.tickets(TicketQuery(phone=f"139{n * 991:08d}")),
        "open tickets": lambda n: store.tickets(TicketQuery(open_only=True)),
        "the list of tickets": lambda n: store.tickets(TicketQuery()),
        "the list of one business": lambda n: store.tickets(TicketQuery(business="complaint")),
        "a ticket's history": lambda n: store.history([name(n)]),
        "the newest calls": lambda n: store.calls(CallQuery()),
        "calls of a caller": lambda n: store.calls(CallQuery(caller=f"139{n * 991:08d}")),
        "applied units": lambda n: store.stored_units([f"e:{name(n)}", "e:none"]),
    }


def _unit(count: int, number: int) -> Unit:
    at = BEGIN + timedelta(days=5 * 365, seconds=number)
    ticket = Ticket(number=f"GS-NEW-{count}-{number}", business="indoor_repair", priority=3, opened_at=at,
                    updated_at=at, caller="13900000000", call_ids=("n",))
    row = HistoryRow(event_id=f"u{count}-{number}#1", at=at, subject=ticket.number, what="ticket_opened")
    return Unit(unit_id=f"u{count}-{number}", at=at, puts=(ticket,), history=(row,))


def timed(store: SqlStore, count: int) -> dict[str, float]:
    """Milliseconds of the quickest round of each: the others waited for whatever else the machine does."""
    found = {}
    for what, ask in asked(store, count).items():
        ask(0)
        took = []
        for number in range(1, ROUNDS + 1):
            began = time.perf_counter()
            ask(number)
            took.append((time.perf_counter() - began) * 1000)
        found[what] = min(took)
    return found


def report(large: int, tick: Tick) -> Report:
    rows: list[Row] = []
    for number, postgres in enumerate((False, True)):
        name = "PostgreSQL" if postgres else "SQLite"
        small, big = _both(postgres, large, lambda share, n=number: tick((n + share) / 2))  # type: ignore[misc]
        rows += [
            {"database": name, "what": what, f"{SMALL:,} tickets ms": f"{small[what]:.2f}",
             f"{large:,} tickets ms": f"{big[what]:.2f}", "× (aim ≤ 1.2)": f"{big[what] / small[what]:.2f}"}
            for what in small
        ]
    return Report("Stored tickets", rows, f"The quickest of {ROUNDS}; {OPEN} tickets are open in both.")


def _both(postgres: bool, large: int, tick: Tick) -> tuple[dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres() if postgres else None
        try:
            found = []
            for part, count in enumerate((SMALL, large)):
                url = server.create_database(f"n{count}") if server else f"sqlite:///{folder}/n{count}.db"
                store = SqlStore(url)
                filled(store, count, lambda share, p=part: tick(share if p else 0))  # type: ignore[misc]
                found.append(timed(store, count))
                store.close()
            return found[0], found[1]
        finally:
            if server is not None:
                server.remove()


def main() -> None:
    """`python -m bench.million`: one table as JSON, without the bars."""
    print(json.dumps(report(1_000_000, lambda share: None).rows, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
