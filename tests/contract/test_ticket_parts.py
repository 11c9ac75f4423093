"""What hangs on a ticket comes back from every store as it was; old history becomes chains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from dispatch.api import MemoryStore, SqlStore, Store
from dispatch.model import HistoryRow, Put, Ticket, Unit
from dispatch.store.upgrade import config
from dispatch.ticket_records import (
    Attachment,
    Clock,
    Consent,
    Part,
    Point,
    Relation,
    Slip,
    Standing,
    Visit,
)
from dispatch.ticket_states import ClockState, VisitState
from dispatch.verify import verify
from tests.support.dispatch import NOON
from tests.support.postgres import Postgres

N1, N2 = "GS-20261123-0001", "GS-20261123-0002"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SqlStore(f"sqlite:///{tmp_path / 'dispatch.db'}")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        made = SqlStore(server.create_database(f"p{abs(hash(request.node.name)) % 10**9}"))
    made.upgrade()
    yield made
    made.close()


def ticket(number: str, closed: bool = False) -> Ticket:
    return Ticket(
        number=number, business="repair", priority=3, opened_at=NOON, updated_at=NOON,
        closed_at=NOON if closed else None, phase="assigned", assistants=("李四",),
        relations=(Relation(to="20261123-7", relation="partner", partner="12345", author="王芳", at=NOON),),
        customer_flag="watched:欠费",
    )


def parts(number: str) -> list[Put]:
    standing = Standing(reason="customers_wish", author="王芳", begun=NOON, ended=NOON + timedelta(hours=1))
    return [
        Clock(
            clock_id=f"{number}/indoor_repair/complete", ticket=number, business="indoor_repair",
            stage="complete", position=0, state=ClockState.RUNNING, started_at=NOON, promised_at=NOON,
            due_at=NOON + timedelta(hours=1), target_minutes=None, clause="S1 §10", reckoning="因为\x00",
            provisional=True, standings=(standing,), warned=(50, 80), overdue_told=("leaders",), next_at=NOON,
        ),
        Visit(
            visit_id=f"{number}/V1", ticket=number, ordinal=1, state=VisitState.LATE, begins_at=NOON,
            ends_at=NOON + timedelta(hours=2), made_at=NOON, check_at=NOON, told_in_time=False,
            consents=(Consent(at=NOON, answer="wait", by="key"),),
        ),
        Slip(
            slip_id=f"{number}/W1", ticket=number, content="换阀", in_charge="王强", issued_at=NOON,
            issued_by="王芳", reported_at=NOON, parts=(Part(name="阀", quantity="1", fee="35"),),
            points=(Point(text="老化"), Point(text="锈", settled_at=NOON, settled_by="王强", how="除锈")),
        ),
        Attachment(
            attachment_id=f"{number}/F1", ticket=number, what="picture", reference="ab/ab.png",
            sha256="ab" * 32, media_type="image/png", size_bytes=3, added_at=NOON,
        ),
    ]


def clean(records: list[Put]) -> list[Put]:
    """As a database keeps text."""
    return [
        r.model_copy(update={"reckoning": r.reckoning.replace("\x00", "")}) if isinstance(r, Clock) else r
        for r in records
    ]


def test_parts_come_back_with_their_ticket(store: Store) -> None:
    first, second = parts(N1), parts(N2)
    store.save_units([
        Unit(unit_id="1", at=NOON, puts=(ticket(N1), *first)),
        Unit(unit_id="2", at=NOON - timedelta(days=9), puts=(ticket(N2, closed=True), *second)),
    ])
    assert clean(store.of_ticket(N1)) == clean(first)
    assert store.ticket(N1) == ticket(N1)
    records, _ = store.load_open(NOON + timedelta(hours=1))
    loaded = sorted((r for r in records if r.kind not in ("ticket",)), key=lambda r: (r.kind, r.key))
    assert clean(loaded) == clean(sorted(first, key=lambda r: (r.kind, r.key))), "only of what is open"
    left = store.left_open()
    assert [one.key for one in left] == [N2, f"{N2}/W1"], "closed, and something of it is still to be settled"


def test_clocks_and_unsolved_points_are_found(store: Store) -> None:
    clock, _, slip, _ = parts(N1)
    assert isinstance(clock, Clock) and isinstance(slip, Slip)
    unfigured = clock.model_copy(update={"clock_id": "x", "due_at": None, "reckoning": ""})
    over = clock.model_copy(update={"clock_id": "y", "ended_at": NOON, "reckoning": ""})
    settled = slip.model_copy(update={"slip_id": "z", "points": slip.points[1:]})
    store.save_units([Unit(unit_id="1", at=NOON, puts=(ticket(N1), clock, unfigured, over, slip, settled))])
    assert [one.clock_id for one in store.open_clocks()] == [clock.clock_id, "x"], "without a time last"
    assert [one.clock_id for one in store.open_clocks(NOON + timedelta(hours=2))] == [clock.clock_id]
    assert store.open_clocks(NOON) == []
    assert store.unsolved() == [slip]


@pytest.mark.parametrize("which", ["sqlite", "postgresql"])
def test_a_history_of_before_there_were_chains_becomes_them(
    which: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if which == "sqlite":
        store = SqlStore(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        store = SqlStore(request.getfixturevalue("postgres").create_database("oldhistory"))
    with store.writing() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0005")
        insert = text(
            "INSERT INTO history (event_id, at, subject, call_id, what, author, detail) "
            "VALUES (:event, :at, :subject, '', 'ticket_opened', '', '{\"b\": \"乙\", \"a\": \"甲\"}')"
        )
        for number in range(7):
            at = f"2026-11-2{number % 3} 04:00:00.00000{number}+00:00"
            connection.execute(insert, {
                "event": f"e{number}", "subject": (N1, N2)[number % 2],
                "at": at if which == "postgresql" else at.removesuffix("+00:00"),
            })
    store.upgrade()
    assert verify(store, {}).findings == () and verify(store, {}).rows == 7
    row = HistoryRow(event_id="new", at=NOON, subject=N1, what="note", detail={"text": "x"})
    store.save_units([Unit(unit_id="n", at=NOON, history=(row,))])
    verdict = verify(store, {})
    assert (verdict.rows, verdict.chains, verdict.findings) == (8, 2, ())
    assert [r.event_id for r in store.history([N1])][-1] == "new"
    store.close()
