"""The database behind dispatch: SQLite by default, PostgreSQL, and a fake for tests."""

from dispatch.store.memory import MemoryStore
from dispatch.store.port import CallQuery, Store, TicketQuery
from dispatch.store.sql import SqlStore

__all__ = ["CallQuery", "MemoryStore", "SqlStore", "Store", "TicketQuery"]
