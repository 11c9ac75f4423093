"""Lists of tickets follow an index, however many were ever closed."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_tickets_priority_opened_at", "tickets", ["priority", "opened_at"])
    op.create_index(
        "ix_tickets_business_priority_opened_at", "tickets", ["business", "priority", "opened_at"]
    )

