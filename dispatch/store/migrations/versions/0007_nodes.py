"""Several nodes on one database: whose each record is, who lives, what is passed on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text()
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for table in ("incidents", "tickets", "callbacks", "outbox"):
        op.add_column(table, sa.Column("node", TEXT, nullable=False, server_default=""))
    op.create_table(
        "nodes",
        sa.Column("node", TEXT, nullable=False),
        sa.Column("lease_until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_nodes"),
    )
    op.create_table(
        "forwarded",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("command", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forwarded"),
        sa.UniqueConstraint("event_id", name="uq_forwarded_event_id"),
    )
    op.create_index("ix_forwarded_node", "forwarded", ["node"])
