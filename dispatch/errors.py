"""What may go wrong on the dispatch side; each docstring is the advice that goes with it."""

from __future__ import annotations


class DispatchError(Exception):
    """Something that the caller of dispatch must know about."""


class StoreUnavailable(DispatchError):
    """The database does not answer. Work goes on from memory and the local journal; try again later."""


class StoreTooNew(DispatchError):
    """The database was upgraded by a newer version. Start that version, or restore the older database."""


class UnitRefused(DispatchError):
    """The database answers but does not take this unit of work: a fault to be reported, with the log."""


class DispatchLocked(DispatchError):
    """Another process runs the dispatch of this state directory. Wait until it has drained."""


class UnknownRecord(DispatchError):
    """There is no ticket, incident, page or call-back of that name. Check the number."""


class NotAllowed(DispatchError):
    """A safety rule forbids it; the message says which."""
