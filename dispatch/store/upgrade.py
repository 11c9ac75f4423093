"""Brings the tables up to date when the service starts."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from dispatch.errors import StoreTooNew

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 962677
"""PostgreSQL advisory lock: two nodes that start together upgrade one after the other."""


def config() -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return settings


def upgrade(engine: Engine) -> None:
    """Run what is missing, all or nothing. Raises StoreTooNew when a newer version was here."""
    with engine.connect() as plain:
        connection = plain.execution_options(dispatch_write=True)
        with connection.begin():
            upgrade_in(connection)


def upgrade_in(connection: Connection) -> None:
    """The same inside a transaction that is open."""
    settings = config()
    script = ScriptDirectory.from_config(settings)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise StoreTooNew(
            f"the database is at revision {current}, which this version does not know; "
            "start the newer version again, or restore the older database"
        )
    if current != script.get_current_head():
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
