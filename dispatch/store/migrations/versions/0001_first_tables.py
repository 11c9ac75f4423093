"""The first tables: tickets, incidents, pages, calls, history, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text()
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "applied_units",
        sa.Column("unit_id", TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("unit_id", name="pk_applied_units"),
    )
    op.create_index("ix_applied_units_at", "applied_units", ["at"])
    op.create_table(
        "call_notes",
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("caller", TEXT, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("call_id", name="pk_call_notes"),
    )
    op.create_index("ix_call_notes_ended_at", "call_notes", ["ended_at"])
    op.create_table(
        "calls",
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("caller", TEXT, nullable=False),
        sa.Column("dialled", TEXT, nullable=False),
        sa.Column("trunk", TEXT, nullable=False),
        sa.Column("sip_call_id", TEXT, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("flow_version", TEXT, nullable=False),
        sa.Column("arrived_at", TIME, nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", TEXT, nullable=False),
        sa.Column("sip_status", sa.Integer(), nullable=True),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_arrived_at", "calls", ["arrived_at"])
    op.create_index("ix_calls_caller", "calls", ["caller"])
    op.create_index("ix_calls_sip_call_id", "calls", ["sip_call_id"])
    op.create_table(
        "counters",
        sa.Column("day", TEXT, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_counters"),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("what", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sa.UniqueConstraint("event_id", name="uq_history_event_id"),
    )
    op.create_index("ix_history_call_id", "history", ["call_id"])
    op.create_index("ix_history_subject", "history", ["subject"])
    op.create_table(
        "incidents",
        sa.Column("incident_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("hazard", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("address_confirmed", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("located_by", TEXT, nullable=False),
        sa.Column("reported_at", TIME, nullable=False),
        sa.Column("distance_km", sa.Double(), nullable=True),
        sa.Column("band_minutes", sa.Double(), nullable=False),
        sa.Column("band_assumed", sa.Boolean(), nullable=False),
        sa.Column("beyond_bands", sa.Boolean(), nullable=False),
        sa.Column("target_at", TIME, nullable=False),
        sa.Column("tickets", JSON, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("targets_paged", JSON, nullable=False),
        sa.Column("next_page_at", TIME, nullable=True),
        sa.Column("waiting_for", TEXT, nullable=False),
        sa.Column("news", JSON, nullable=False),
        sa.Column("news_due_at", TIME, nullable=True),
        sa.Column("caller_message", TEXT, nullable=False),
        sa.Column("taken_by", TEXT, nullable=False),
        sa.Column("first_page_at", TIME, nullable=True),
        sa.Column("accepted_at", TIME, nullable=True),
        sa.Column("en_route_at", TIME, nullable=True),
        sa.Column("on_scene_at", TIME, nullable=True),
        sa.Column("made_safe_at", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("closed_by", TEXT, nullable=False),
        sa.Column("close_reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_closed_at", "incidents", ["closed_at"])
    op.create_index("ix_incidents_reported_at", "incidents", ["reported_at"])
    op.create_index("ix_incidents_state", "incidents", ["state"])
    op.create_table(
        "journal_offsets",
        sa.Column("journal", TEXT, nullable=False),
        sa.Column("next_offset", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("journal", name="pk_journal_offsets"),
    )
    op.create_table(
        "outbox",
        sa.Column("effect_id", TEXT, nullable=False),
        sa.Column("effect", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("receipted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("effect_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_receipted_at", "outbox", ["receipted_at"])
    op.create_table(
        "tickets",
        sa.Column("number", TEXT, nullable=False),
        sa.Column("business", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("call_ids", JSON, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("caller", TEXT, nullable=False),
        sa.Column("callback_number", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("address_fields", JSON, nullable=False),
        sa.Column("address_detail", TEXT, nullable=False),
        sa.Column("address_confirmed", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("hazard", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("incident", TEXT, nullable=False),
        sa.Column("related", JSON, nullable=False),
        sa.Column("close_reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_tickets"),
    )
    op.create_index("ix_tickets_business", "tickets", ["business"])
    op.create_index("ix_tickets_callback_number", "tickets", ["callback_number"])
    op.create_index("ix_tickets_caller", "tickets", ["caller"])
    op.create_index("ix_tickets_closed_at", "tickets", ["closed_at"])
    op.create_index("ix_tickets_incident", "tickets", ["incident"])
    op.create_index("ix_tickets_opened_at", "tickets", ["opened_at"])
    op.create_index("ix_tickets_state_priority_opened_at", "tickets", ["state", "priority", "opened_at"])
    op.create_table(
        "assignments",
        sa.Column("assignment_id", TEXT, nullable=False),
        sa.Column("incident", TEXT, nullable=False),
        sa.Column("crew", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("distance_km", sa.Double(), nullable=True),
        sa.Column("assigned_at", TIME, nullable=False),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("en_route_by", TIME, nullable=True),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("reinforced", sa.Boolean(), nullable=False),
        sa.Column("forecast_at", TIME, nullable=True),
        sa.Column("en_route_at", TIME, nullable=True),
        sa.Column("on_scene_at", TIME, nullable=True),
        sa.Column("made_safe_at", TIME, nullable=True),
        sa.Column("cleared_at", TIME, nullable=True),
        sa.Column("declined_at", TIME, nullable=True),
        sa.Column("decline_reason", TEXT, nullable=False),
        sa.Column("released_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.incident_id"], name="fk_assignments_incident_incidents",
        ),
        sa.PrimaryKeyConstraint("assignment_id", name="pk_assignments"),
    )
    op.create_index("ix_assignments_crew", "assignments", ["crew"])
    op.create_index("ix_assignments_incident", "assignments", ["incident"])
    op.create_table(
        "attachments",
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_attachments_call_id_calls"),
        sa.PrimaryKeyConstraint("event_id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_call_id", "attachments", ["call_id"])
    op.create_table(
        "call_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_call_events_call_id_calls"),
        sa.PrimaryKeyConstraint("id", name="pk_call_events"),
        sa.UniqueConstraint("event_id", name="uq_call_events_event_id"),
    )
    op.create_index("ix_call_events_call_id", "call_events", ["call_id"])
    op.create_table(
        "callbacks",
        sa.Column("callback_id", TEXT, nullable=False),
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("ticket", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", TIME, nullable=True),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_callbacks_ticket_tickets"),
        sa.PrimaryKeyConstraint("callback_id", name="pk_callbacks"),
    )
    op.create_index("ix_callbacks_done_at", "callbacks", ["done_at"])
    op.create_index("ix_callbacks_state", "callbacks", ["state"])
    op.create_index("ix_callbacks_ticket", "callbacks", ["ticket"])
    op.create_table(
        "legs",
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("leg_id", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("remote", TEXT, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("sip_status", sa.Integer(), nullable=True),
        sa.Column("cause", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_legs_call_id_calls"),
        sa.PrimaryKeyConstraint("call_id", "leg_id", name="pk_legs"),
    )
    op.create_table(
        "pages",
        sa.Column("page_id", TEXT, nullable=False),
        sa.Column("incident", TEXT, nullable=False),
        sa.Column("target_kind", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("phone", TEXT, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reinforcement", sa.Boolean(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("ordered_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("why", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.incident_id"], name="fk_pages_incident_incidents"),
        sa.PrimaryKeyConstraint("page_id", name="pk_pages"),
    )
    op.create_index("ix_pages_incident", "pages", ["incident"])
    op.create_table(
        "ticket_calls",
        sa.Column("ticket", TEXT, nullable=False),
        sa.Column("call_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_ticket_calls_ticket_tickets"),
        sa.PrimaryKeyConstraint("ticket", "call_id", name="pk_ticket_calls"),
    )
    op.create_index("ix_ticket_calls_call_id", "ticket_calls", ["call_id"])
    op.create_table(
        "transcripts",
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("call_id", TEXT, nullable=False),
        sa.Column("leg_id", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_transcripts_call_id_calls"),
        sa.PrimaryKeyConstraint("event_id", name="pk_transcripts"),
    )
    op.create_index("ix_transcripts_call_id", "transcripts", ["call_id"])
