"""A dispatch with the shipped protocols, the shipped joining policy and the deployed standard."""

from __future__ import annotations

from typing import Any

from dispatch.api import IncidentTypes, Joining, OutagePolicy, Rules
from dispatch.commands import AddressCleared, JoinIncidents, SplitReport
from dispatch.model import Incident, Ticket
from hotline.standards import load_standard
from hotline.yamlfile import load
from tests.support.dispatch import CONFIG, NEAR_WEST, Desk, rules

HOME = {"community": "滨江花园", "building": "3", "room": "101"}
TYPES = load(CONFIG / "incident_types.yaml", IncidentTypes)


def protocol_rules(**changes: Any) -> Rules:
    made: dict[str, Any] = {
        "incident_types": TYPES, "joining": load(CONFIG / "joining.yaml", Joining),
        "outages": load(CONFIG / "outages.yaml", OutagePolicy), "company": "广元燃气",
        "standard": load_standard(CONFIG / "service_standards", "guangyuan-2022"),
    }
    return rules(**(made | changes))


def report(
    desk: Desk, call_id: str, at: tuple[float, float] | None = NEAR_WEST, *, caller: str = "",
    hazard: str = "smell", place: str = "indoor", drill: bool = False, **parts: str,
) -> Incident:
    """Somebody reports a leak and says where it is. Returns the incident that has the report."""
    desk.start_call(call_id, caller=caller or f"1390000{abs(hash(call_id)) % 10000:04d}", drill=drill)
    desk.emergency(call_id, hazard=hazard, place=place)
    if at is not None or parts:
        say_where(desk, call_id, at, **parts)
    return desk.incident(call_id)


def say_where(
    desk: Desk, call_id: str, at: tuple[float, float] | None = NEAR_WEST, **parts: str
) -> None:
    known = HOME | parts
    known = {name: value for name, value in known.items() if value}
    desk.learn("address", "".join(known.values()), at=at, call_id=call_id, parts=known)


def ticket_of(desk: Desk, call_id: str) -> Ticket:
    return next(t for t in desk.dispatch.tickets_of_call(call_id) if t.incident)


def join(desk: Desk, one: Incident, into: Incident, person: str = "王调度", reason: str = "同一处") -> None:
    desk.dispatch.tell(JoinIncidents(event_id=desk.name(), at=desk.now, incident=one.key, into=into.key,
                                     person=person, reason=reason))


def split(desk: Desk, call_id: str, person: str = "王调度", reason: str = "不是一处") -> None:
    desk.dispatch.tell(SplitReport(event_id=desk.name(), at=desk.now, ticket=ticket_of(desk, call_id).number,
                                   person=person, reason=reason))


def clear(desk: Desk, call_id: str, by: str, recheck: Any = "no_gas", note: str = "") -> None:
    desk.dispatch.tell(AddressCleared(event_id=desk.name(), at=desk.now, by=by, recheck=recheck, note=note,
                                      ticket=ticket_of(desk, call_id).number))
