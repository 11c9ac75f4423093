"""Where a fact of a call belongs on the ticket, and which word counts."""

from __future__ import annotations

from typing import Any

from dispatch.commands import FactReport
from dispatch.model import CallNotes, Fact, Ticket
from dispatch.work import Work

ADDRESS_PARTS = ("district", "street", "number", "community", "building", "unit", "room")
_PLAIN = {
    "callback_number": "callback_number", "hazard": "hazard", "place": "place", "words": "words",
    "description": "description", "address_detail": "address_detail", "landmark": "address_detail",
}


def note_fact(work: Work, command: FactReport) -> None:
    """Keep it for tickets that are opened later in the same call."""
    notes = work.get(CallNotes, command.call_id) or CallNotes(call_id=command.call_id, started_at=command.at)
    fact = Fact(
        field=command.field, value=command.value, confirmed=command.confirmed,
        latitude=command.latitude, longitude=command.longitude, parts=dict(command.parts),
    )
    others = tuple(known for known in notes.facts if known.field != fact.field)
    work.put(notes.model_copy(update={"facts": (*others, fact)}))


def apply_fact(ticket: Ticket, fact: FactReport | Fact) -> tuple[Ticket, tuple[str, ...]]:
    """The ticket with the fact on it, and which of its fields changed."""
    changes = _changes(ticket, fact)
    changed = {name: value for name, value in changes.items() if getattr(ticket, name) != value}
    return ticket.model_copy(update=changed), tuple(changed)


def _changes(ticket: Ticket, fact: FactReport | Fact) -> dict[str, Any]:
    if fact.field == "address":
        return _address(ticket, fact)
    part = fact.field.removeprefix("address.").removeprefix("address_")
    if part in ADDRESS_PARTS:
        return {"address_fields": ticket.address_fields | {part: fact.value}}
    if fact.field in ("hazard", "place") and not fact.value:
        return {}
    if fact.field in _PLAIN:
        return {_PLAIN[fact.field]: fact.value}
    return {"fields": ticket.fields | {fact.field: fact.value}}


def _address(ticket: Ticket, fact: FactReport | Fact) -> dict[str, Any]:
    """A confirmed address is changed only by a confirmed one; coordinates belong to their address."""
    if ticket.address_confirmed and not fact.confirmed:
        return {}
    located = fact.latitude is not None and fact.longitude is not None
    changes: dict[str, Any] = {"address": fact.value, "address_confirmed": fact.confirmed}
    if fact.parts or fact.value != ticket.address:
        changes["address_fields"] = {part: fact.parts[part] for part in ADDRESS_PARTS if fact.parts.get(part)}
    if located:
        changes |= {"latitude": fact.latitude, "longitude": fact.longitude}
    return changes
