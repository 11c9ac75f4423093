"""What this node is told about another node's work is passed on to that node.

A crew may report on the line of a node that never heard of its incident, a dispatcher may close a
ticket there: what other nodes have open is known, so it is known whose it is.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args

from pydantic import TypeAdapter

from dispatch.commands import AnyCommand, CrewReport
from dispatch.crew_reports import OF_UNIT
from dispatch.decide import crew_incident
from dispatch.links import Link
from dispatch.model import Callback, Incident, Page, Put, Ticket
from dispatch.outage_records import Outage
from dispatch.ownership import owner, root
from dispatch.state import State
from dispatch.ticket_records import Slip, Visit
from dispatch.units import Job

KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(AnyCommand)}
_NAMES: tuple[tuple[str, type[Put]], ...] = (
    ("page_id", Page), ("callback_id", Callback), ("link_id", Link), ("slip", Slip), ("visit", Visit),
    ("outage", Outage), ("incident", Incident), ("ticket", Ticket), ("number", Ticket),
)  # fmt: skip
"""Fields of commands that name a record, the most telling first."""


def meant_for(state: State, command: AnyCommand) -> str:
    """The node that must be told; empty: this one."""
    others = state.elsewhere
    if others is None:
        return ""
    if isinstance(command, CrewReport) and not command.ticket:
        return _of_crew(state, others, command)
    for field, kind in _NAMES:
        key = getattr(command, field, "")
        if not isinstance(key, str) or not key:
            continue
        if state.get(kind, key) is not None:
            return ""
        record = others.get(kind, key)
        if record is not None:
            return _node(others, record)
    return ""


def _of_crew(state: State, others: State, command: CrewReport) -> str:
    """What the crew has in hand says whose it is: an emergency, else ordinary work."""
    if crew_incident(state, command.crew, command.incident) is not None:
        return ""
    theirs = crew_incident(others, command.crew, command.incident)
    if theirs is not None:
        return theirs.node
    if command.incident or command.status in OF_UNIT or state.of_crew(Job, command.crew):
        return ""
    jobs = (others.get(Job, key) for key in sorted(others.of_crew(Job, command.crew)))
    return next((_node(others, job) for job in jobs if job is not None), "")


def _node(state: State, record: Put) -> str:
    """Whose the record is: it says so itself, or its incident or ticket does."""
    node = owner(record)
    if node is not None:
        return node
    of = root(record)
    held = state.get(*of) if of is not None else None
    return (owner(held) or "") if held is not None else ""


def encode(command: AnyCommand) -> dict[str, Any]:
    """As JSON keeps it; `decode` gives the same command back."""
    assert is_dataclass(command)
    content = TypeAdapter(type(command)).dump_python(command, mode="json")
    return {"command": type(command).__name__, "fields": dict(content)}


def decode(content: dict[str, Any]) -> AnyCommand:
    """Raises ValueError for what no version of ours wrote; a field that this version lacks is passed over."""
    kind = KINDS.get(str(content.get("command")))
    if kind is None:
        raise ValueError(f"unknown command {content.get('command')!r}")
    known = {field.name for field in fields(kind)}
    given = {name: value for name, value in dict(content.get("fields", {})).items() if name in known}
    found: AnyCommand = TypeAdapter(kind).validate_python(given)
    return found
