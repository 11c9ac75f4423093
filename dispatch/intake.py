"""From a record of a call's journal (JSON) to what dispatch is told; records that say nothing to it: None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dispatch.commands import (
    AnyCommand,
    CallbackRequest,
    CallOver,
    CallStarted,
    CrewReport,
    EmergencyReport,
    FactReport,
    PageReport,
    TicketRequest,
)
from dispatch.states import PageEvent

RecordDict = Mapping[str, Any]


def command_of(record: RecordDict) -> AnyCommand | None:
    """Raises KeyError, ValueError or TypeError for what is no record."""
    make = _MAKERS.get(str(record.get("kind")))
    return make(record) if make else None


def _when(record: RecordDict) -> dict[str, Any]:
    at = record["at"]
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return {"event_id": str(record["event_id"]), "at": moment}


def _call(record: RecordDict) -> AnyCommand | None:
    if record.get("direction") != "inbound":
        return None
    return CallStarted(
        **_when(record), call_id=record["call_id"], caller=record["caller"], drill=bool(record.get("drill"))
    )


def _emergency(record: RecordDict) -> AnyCommand:
    return EmergencyReport(
        **_when(record), call_id=record["call_id"], hazard=record["hazard"], place=record["place"],
        by=record["by"], words=record["words"],
    )


def _fact(record: RecordDict) -> AnyCommand:
    return FactReport(
        **_when(record), call_id=record["call_id"], field=record["field"], value=record["value"],
        confirmed=bool(record["confirmed"]), latitude=record.get("latitude"),
        longitude=record.get("longitude"),
    )


def _ticket(record: RecordDict) -> AnyCommand:
    return TicketRequest(
        **_when(record), call_id=record["call_id"], business=record["business"],
        label=record.get("label") or "", fields=dict(record.get("fields") or {}),
    )


def _callback(record: RecordDict) -> AnyCommand:
    return CallbackRequest(
        **_when(record), call_id=record["call_id"], number=record["number"], reason=record["reason"],
        within_seconds=float(record["within_seconds"]),
    )


def _page(event: PageEvent, why: str = "") -> Callable[[RecordDict], AnyCommand]:
    def make(record: RecordDict) -> AnyCommand:
        return PageReport(
            **_when(record), page_id=record["page_id"], event=event, why=str(record.get(why) or "")
        )

    return make


def _crew(record: RecordDict) -> AnyCommand:
    return CrewReport(
        **_when(record), crew=record["crew"], status=record["status"],
        incident=record.get("incident") or "", note=record.get("note") or "",
    )


_MAKERS: dict[str, Callable[[RecordDict], AnyCommand | None]] = {
    "call_arrived": _call,
    "call_ended": lambda record: CallOver(**_when(record), call_id=record["call_id"]),
    "emergency_declared": _emergency,
    "fact_learned": _fact,
    "ticket_requested": _ticket,
    "callback_requested": _callback,
    "page_answered": _page(PageEvent.ANSWER),
    "page_accepted": _page(PageEvent.ACCEPT),
    "page_declined": _page(PageEvent.DECLINE, "reason"),
    "page_failed": _page(PageEvent.FAIL, "why"),
    "crew_reported": _crew,
}
