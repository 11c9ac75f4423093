"""What this node is told about another node's work is passed on to that node.

A crew may report on the line of a node that never heard of its incident, a dispatcher may close a
ticket there: what other nodes have open is known, so it is known whose it is.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args

from pydantic import TypeAdapter

from dispatch.commands import AnyCommand, CrewReport
from dispatch.decide import crew_incident
from dispatch.model import Callback, Incident, Page, Put, Ticket
from dispatch.state import State

KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(AnyCommand)}
_NAMES: tuple[tuple[str, type[Put]], ...] = (
    ("page_id", Page), ("callback_id", Callback), ("incident", Incident), ("ticket", Ticket),
    ("number", Ticket),
)  # fmt: skip
"""Fields of commands that name a record, the most telling first."""


def meant_for(state: State, command: AnyCommand) -> str:
    """The node that must be told; empty: this one."""
    others = state.elsewhere
    if others is None:
        return ""
    if isinstance(command, CrewReport):
        if crew_incident(state, command.crew, command.incident) is not None:
            return ""
        theirs = crew_incident(others, command.crew, command.incident)
        return theirs.node if theirs is not None else ""
    for field, kind in _NAMES:
        key = getattr(command, field, "")
        if not key:
            continue
        if state.get(kind, key) is not None:
            return ""
        record = others.get(kind, key)
        if record is not None:
            return _node(others, record)
    return ""


def _node(state: State, record: Put) -> str:
    if isinstance(record, Page):
        incident = state.get(Incident, record.incident)
        return incident.node if incident is not None else ""
    return str(getattr(record, "node", ""))


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
