"""Alembic runs this for `Store.upgrade`, with the connection and transaction that it is given."""

from __future__ import annotations

from alembic import context

from dispatch.store import tables  # noqa: F401 - fills the metadata
from dispatch.store.columns import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
