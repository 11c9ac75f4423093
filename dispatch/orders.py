"""What people may order by hand, from a command line or a desk: a command by its name and fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dispatch.commands import (
    AddressCleared,
    AnyCommand,
    CrewReport,
    JoinIncidents,
    OutageAnnounced,
    OutageChanged,
    OutageOver,
    RefuseJoin,
    SplitReport,
    StandDown,
    TicketClosed,
    TicketRequest,
    TicketTaken,
    UpgradeIncident,
)
from dispatch.crew_commands import DutyChanged, DutyChangeWithdrawn, JobGiven, JobWithdrawn
from dispatch.errors import NotAllowed
from dispatch.ticket_commands import (
    Advanced,
    AttachmentAdded,
    ClockPaused,
    ClockResumed,
    CustomerAnswered,
    HandOver,
    LeakSuspected,
    NoteAdded,
    PointSettled,
    SlipIssued,
    SlipReported,
    TicketEdited,
    TicketRelated,
    VisitBooked,
    VisitReport,
)

BY_PEOPLE: dict[str, type] = {
    kind.__name__: kind for kind in (
        AddressCleared, Advanced, AttachmentAdded, ClockPaused, ClockResumed, CrewReport, CustomerAnswered,
        DutyChangeWithdrawn, DutyChanged, HandOver, JobGiven, JobWithdrawn, JoinIncidents, LeakSuspected,
        NoteAdded, OutageAnnounced, OutageChanged, OutageOver, PointSettled, RefuseJoin, SlipIssued,
        SlipReported, SplitReport, StandDown, TicketClosed, TicketEdited, TicketRelated, TicketRequest,
        TicketTaken, UpgradeIncident, VisitBooked, VisitReport,
    )
}


def command_of(name: str, fields: Mapping[str, Any], event_id: str, at: datetime) -> AnyCommand:
    """The command that is meant. Raises NotAllowed for one that people do not give, or a faulty field."""
    kind = BY_PEOPLE.get(name)
    if kind is None:
        raise NotAllowed(f"there is no order {name}; there are {', '.join(BY_PEOPLE)}")
    known = {field.name for field in dataclasses.fields(kind)} - {"event_id", "at"}
    strange = sorted(set(fields) - known)
    if strange:
        raise NotAllowed(f"{name} has no field {strange[0]}; it has {', '.join(sorted(known))}")
    try:
        made: AnyCommand = TypeAdapter(kind).validate_python({**fields, "event_id": event_id, "at": at})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise NotAllowed(f"{name}: {faults}") from error
    return _aware(made)


def _aware(command: AnyCommand) -> AnyCommand:
    for field in dataclasses.fields(command):
        value = getattr(command, field.name)
        if isinstance(value, datetime) and value.tzinfo is None:
            raise NotAllowed(f"{type(command).__name__}.{field.name}: a moment needs its zone, as +08:00")
    return command
