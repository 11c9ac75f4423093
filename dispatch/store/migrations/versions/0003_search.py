"""Full text over what was said (dispatch.store.search).

What is stored already is indexed by and by, in the background: paging must not wait for it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_backlog",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("upto_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_backlog"),
    )
    op.execute("INSERT INTO search_backlog (id, upto_id) SELECT 1, coalesce(max(id), 0) FROM call_events")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE transcript_search (id bigint PRIMARY KEY, grams tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_transcript_search_grams ON transcript_search USING gin (grams)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE transcript_search"
            " USING fts5(grams, content='', columnsize=0, tokenize='ascii')"
        )
