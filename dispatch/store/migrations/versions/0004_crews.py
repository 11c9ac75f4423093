"""Crews as units, their ordinary work, changes of the roster; help, re-check, open points."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text()
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _time(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=nullable)


def upgrade() -> None:
    op.add_column("incidents", sa.Column("crews_wanted", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("incidents", _time("out_of_reach_at"))
    op.add_column("incidents", _time("expected_at"))
    op.add_column("assignments", sa.Column("help_asked", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("assignments", _time("rechecked_at"))
    op.add_column("assignments", sa.Column("unsolved", JSON, nullable=False, server_default="[]"))
    op.create_table(
        "crew_units",
        _text("crew"), _text("state"), _time("since", False),
        sa.Column("latitude", sa.Float(), nullable=True), sa.Column("longitude", sa.Float(), nullable=True),
        _time("position_at"), _text("position_from"), _time("returning_until"), _time("off_duty_at"),
        _time("out_at"), _text("reason"), _text("author"),
        sa.PrimaryKeyConstraint("crew", name="pk_crew_units"),
    )
    op.create_table(
        "jobs",
        _text("job_id"), _text("ticket"), _text("crew"), _text("state"),
        sa.Column("drill", sa.Boolean(), nullable=False),
        _time("assigned_at", False), _text("assigned_by"), _text("why"), _time("due_at"),
        sa.Column("distance_km", sa.Float(), nullable=True),
        _time("acknowledged_at"), _time("en_route_at"), _time("on_scene_at"), _time("made_safe_at"),
        _time("ended_at"), _text("end_reason"), _text("preempted_by"),
        sa.Column("unsolved", JSON, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_jobs_ticket_tickets"),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    for column in ("ticket", "crew", "assigned_at", "ended_at"):
        op.create_index(f"ix_jobs_{column}", "jobs", [column])
    op.create_table(
        "duty_changes",
        *(_text(name) for name in ("change_id", "change", "crew", "member", "substitute", "substitute_crew")),
        _time("start", False), _time("end", False), sa.Column("on_call", sa.Integer(), nullable=False),
        _text("author"), _text("approved_by"), _text("reason"), _time("at", False), _time("withdrawn_at"),
        _text("withdrawn_by"),
        sa.PrimaryKeyConstraint("change_id", name="pk_duty_changes"),
    )
    op.create_index("ix_duty_changes_crew", "duty_changes", ["crew"])
    op.create_index("ix_duty_changes_end", "duty_changes", ["end"])
