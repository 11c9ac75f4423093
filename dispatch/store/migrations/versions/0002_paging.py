"""Paging by several channels: what is settled of an order, links, channels of pages, welfare."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text()
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("progress", JSON, nullable=False, server_default="{}"))
    op.add_column("pages", sa.Column("channel", TEXT, nullable=False, server_default="phone"))
    op.add_column("pages", sa.Column("then_by", JSON, nullable=False, server_default="[]"))
    op.add_column("pages", sa.Column("must_acknowledge", sa.Boolean(), nullable=False,
                                     server_default=sa.false()))
    op.add_column("pages", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("pages", sa.Column("again_at", TIME, nullable=True))
    op.add_column("assignments", sa.Column("welfare_at", TIME, nullable=True))
    op.add_column("assignments", sa.Column("welfare_asked", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "links",
        sa.Column("link_id", TEXT, nullable=False),
        sa.Column("page", TEXT, nullable=False),
        sa.Column("incident", TEXT, nullable=False),
        sa.Column("target_kind", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used", JSON, nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.incident_id"], name="fk_links_incident_incidents"),
        sa.PrimaryKeyConstraint("link_id", name="pk_links"),
    )
    op.create_index("ix_links_incident", "links", ["incident"])
