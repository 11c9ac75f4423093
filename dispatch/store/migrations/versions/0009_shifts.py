"""When the next shift begins that an open emergency waits for, and when a crew is given its next job."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("incidents", sa.Column("next_shift_at", TIME, nullable=True))
    op.add_column("crew_units", sa.Column("next_job_at", TIME, nullable=True))
