"""Several nodes on one database: each works on what it was told, and sees what the others work on.

A ticket, an incident, a call-back and an order belong to one node (`node`; empty: to the only one
there is); everything else belongs with the incident or ticket that it names. What no ticket or
incident stands behind (running numbers, crews as units, the roster) is everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dispatch.model import Callback, Incident, Put, Ticket
from dispatch.outbound import OutboxItem

Root = tuple[type[Put], str]
OWNED = (Incident, Ticket, Callback, OutboxItem)
"""Records that say themselves whose they are."""


def owner(record: Put) -> str | None:
    """The node that a record names; None when it is not for the record itself to say."""
    return record.node if isinstance(record, OWNED) else None


def root(record: Put) -> Root | None:
    """The incident or ticket that a record goes with; None for what is everybody's."""
    if isinstance(record, OWNED):
        return type(record), record.key
    incident = getattr(record, "incident", "")
    if isinstance(incident, str) and incident:
        return Incident, incident
    ticket = getattr(record, "ticket", "")
    if isinstance(ticket, str) and ticket:
        return Ticket, ticket
    return None


def divide(
    records: Iterable[Put], node: str, known: Callable[[Root], bool] = lambda _: False
) -> tuple[list[Put], list[Put]]:
    """What is this node's, or everybody's, and what is another's.

    `known`: whether this node is known to hold the root, for records whose root is not among them.
    """
    records = list(records)
    others = {
        (type(record), record.key) for record in records if owner(record) not in (None, "", node)
    }
    mine = {(type(record), record.key) for record in records if owner(record) in ("", node)}
    kept: list[Put] = []
    elsewhere: list[Put] = []
    for record in records:
        of = root(record)
        foreign = of is not None and of not in mine and (of in others or not known(of))
        (elsewhere if foreign else kept).append(record)
    return kept, elsewhere
