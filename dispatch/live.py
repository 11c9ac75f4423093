"""Which records something may still happen to; the others are kept only for late events and people's eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dispatch.joined import Clearance, Join, Telling
from dispatch.links import Link
from dispatch.model import COVERING, HELD, RINGING, Assignment, Callback, CallNotes, Incident, Page, Ticket
from dispatch.outage_records import Outage
from dispatch.outbound import OutboxItem
from dispatch.record import Record
from dispatch.states import CallbackState
from dispatch.ticket_records import Attachment, Clock, Slip, Visit
from dispatch.units import DutyChange, Job

_BUSY = frozenset((*COVERING, *HELD))
_RINGING = frozenset(RINGING)
_LIVE: dict[type[Record], Callable[[Any], bool]] = {
    Incident: lambda incident: incident.closed_at is None,
    Ticket: lambda ticket: ticket.closed_at is None,
    Assignment: lambda assignment: assignment.state in _BUSY,
    Page: lambda page: page.state in _RINGING or page.again_at is not None,
    Callback: lambda callback: callback.state != CallbackState.DONE,
    CallNotes: lambda notes: notes.ended_at is None,
    Link: lambda _: False,
    Join: lambda join: join.state == "proposed",
    Clearance: lambda clearance: clearance.state == "waiting",
    Telling: lambda telling: telling.due_at is not None,
    Outage: lambda outage: not outage.over,
    Job: lambda job: job.ended_at is None,
    DutyChange: lambda change: change.withdrawn_at is None,
    Clock: lambda clock: clock.ended_at is None,
    Visit: lambda visit: visit.ended_at is None,
    Slip: lambda slip: slip.reported_at is None or bool(slip.open_points),
    Attachment: lambda _: False,
    OutboxItem: lambda item: item.receipted_at is None,
}


def is_live(record: Record) -> bool:
    """Whether rules that look for what is going on must see it; a kind without a rule here always is."""
    rule = _LIVE.get(type(record))
    return rule is None or rule(record)
