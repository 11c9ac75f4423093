"""Incident types, joined reports, cleared addresses, tellings, outages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text()
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, TIME, nullable=True) for name in names]


def _of_incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["incident"], ["incidents.incident_id"], name=f"fk_{table}_incident_incidents"
    )


def upgrade() -> None:
    for name in ("incident_type", "type_by", "joined_into", "target_clause", "target_reckoning"):
        op.add_column("incidents", sa.Column(name, TEXT, nullable=False, server_default=""))
    op.add_column("incidents", sa.Column("worse_at", TIME, nullable=True))
    op.create_table(
        "joins",
        *_texts("join_id", "ticket", "incident", "was", "state", "by", "reason", "ended_by", "end_reason"),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        *_times("ended_at"),
        _of_incident("joins"),
        sa.PrimaryKeyConstraint("join_id", name="pk_joins"),
    )
    op.create_table(
        "clearances",
        *_texts("clearance_id", "incident", "ticket", "state", "by", "recheck", "note"),
        *_times("at"),
        _of_incident("clearances"),
        sa.PrimaryKeyConstraint("clearance_id", name="pk_clearances"),
    )
    op.create_table(
        "tellings",
        *_texts("telling_id", "incident", "ticket", "to", "title", "topic", "text", "clause", "unless",
                "dropped_why", "letter"),
        *_times("due_at", "sent_at"),
        _of_incident("tellings"),
        sa.PrimaryKeyConstraint("telling_id", name="pk_tellings"),
    )
    op.create_table(
        "outages",
        *_texts("outage_id", "cause", "what", "area", "reason", "incident", "by", "restored_by"),
        sa.Column("places", JSON, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("expected_at", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("remarks", JSON, nullable=False),
        *_times("restored_at", "reported_at", "report_at"),
        sa.PrimaryKeyConstraint("outage_id", name="pk_outages"),
    )
    for table, columns in {
        "joins": ("ticket", "incident"), "clearances": ("ticket", "incident"), "tellings": ("incident",),
        "outages": ("starts_at", "incident", "restored_at"),
    }.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
