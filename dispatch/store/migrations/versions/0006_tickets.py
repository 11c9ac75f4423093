"""Clocks, visits, slips and attachments of tickets; the history becomes a chain that is only added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dispatch.store.chains import append_only, chain_what_is_there

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text()
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _times(*names: str, nullable: bool = True) -> list[sa.Column[object]]:
    return [sa.Column(name, TIME, nullable=nullable) for name in names]


def _flags(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def _lists(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, JSON, nullable=False) for name in names]


def _of_ticket(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=f"fk_{table}_ticket_tickets")


def upgrade() -> None:
    for name in ("phase", "customer_flag"):
        op.add_column("tickets", sa.Column(name, TEXT, nullable=False, server_default=""))
    for name in ("assistants", "relations"):
        op.add_column("tickets", sa.Column(name, JSON, nullable=False, server_default="[]"))
    _clocks()
    _visits()
    _slips_and_attachments()
    _chains()


def _clocks() -> None:
    op.create_table(
        "clocks",
        *_texts("clock_id", "ticket", "business", "stage", "after"),
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("state"), *_flags("drill"), *_times("started_at", "promised_at", "due_at"),
        sa.Column("target_minutes", sa.Float(), nullable=True),
        *_texts("urgency", "clause", "reckoning"), *_flags("provisional", "assumed"),
        *_lists("standings", "warned", "overdue_told"), *_times("next_at", "ended_at"),
        sa.Column("late_seconds", sa.Integer(), nullable=True),
        _of_ticket("clocks"),
        sa.PrimaryKeyConstraint("clock_id", name="pk_clocks"),
    )
    for column in ("ticket", "business", "due_at", "ended_at"):
        op.create_index(f"ix_clocks_{column}", "clocks", [column])


def _visits() -> None:
    op.create_table(
        "visits",
        *_texts("visit_id", "ticket"), sa.Column("ordinal", sa.Integer(), nullable=False),
        *_texts("state"), *_flags("drill"), *_times("begins_at", "ends_at", nullable=False),
        *_texts("technician", "technician_phone", "author"), *_times("made_at", nullable=False),
        *_times("check_at", "expected_at"), *_texts("late_reason"), *_times("told_at"),
        sa.Column("told_in_time", sa.Boolean(), nullable=True), *_lists("consents"),
        *_times("en_route_at", "arrived_at", "ended_at"), *_texts("end_reason"),
        _of_ticket("visits"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_visits"),
    )
    for column in ("ticket", "begins_at"):
        op.create_index(f"ix_visits_{column}", "visits", [column])


def _slips_and_attachments() -> None:
    op.create_table(
        "slips",
        *_texts("slip_id", "ticket", "content", "in_charge"), *_times("issued_at", nullable=False),
        *_texts("issued_by"), *_flags("drill"), *_times("begun_at", "reported_at"),
        *_texts("reported_by", "done"), *_lists("parts"), *_texts("fee", "confirmed_by"), *_lists("points"),
        _of_ticket("slips"),
        sa.PrimaryKeyConstraint("slip_id", name="pk_slips"),
    )
    op.create_index("ix_slips_ticket", "slips", ["ticket"])
    op.create_table(
        "ticket_attachments",
        *_texts("attachment_id", "ticket", "what", "reference", "sha256", "media_type"),
        sa.Column("size_bytes", sa.Integer(), nullable=False), *_texts("caption", "call_id", "author"),
        *_times("added_at", nullable=False),
        _of_ticket("ticket_attachments"),
        sa.PrimaryKeyConstraint("attachment_id", name="pk_ticket_attachments"),
    )
    op.create_index("ix_ticket_attachments_ticket", "ticket_attachments", ["ticket"])


def _chains() -> None:
    op.create_table(
        "history_heads",
        *_texts("subject"), sa.Column("seq", sa.Integer(), nullable=False), *_texts("hash"),
        sa.Column("anchored_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_history_heads"),
    )
    op.create_table(
        "history_anchors",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False), *_times("at", nullable=False),
        *_lists("heads"), *_texts("previous", "hash"),
        sa.PrimaryKeyConstraint("number", name="pk_history_anchors"),
    )
    op.add_column("history", sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
    for name in ("previous", "hash"):
        op.add_column("history", sa.Column(name, TEXT, nullable=False, server_default=""))
    connection = op.get_bind()
    chain_what_is_there(connection)
    op.create_index("uq_history_subject_seq", "history", ["subject", "seq"], unique=True)
    append_only(connection)
