"""Who hears of an incident by its protocol, when, and that he did (B7, B8, B8a, B10).

Each telling is a record: due, sent, or dropped with the reason; sending goes through the outbox,
which repeats it until somebody has taken it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from dispatch.incident_types import Crowd, IncidentType, Tell
from dispatch.joined import Telling
from dispatch.letters import supply_letter
from dispatch.model import Incident
from dispatch.outbound import NoticeEffect
from dispatch.protocols import type_of
from dispatch.work import Work

DRILL = "【演习】"
DRILL_NAMES = "drill_tells"
"""Field of a drill's ticket: parties outside the company that the drill is agreed with, by commas."""
UNKNOWN_ADDRESS = "（地址正在核实）"


def plan(work: Work, incident_id: str, kind: IncidentType, when: str) -> None:
    """Everything of the type that this moment brings."""
    for tell in kind.tell:
        if tell.when == when:
            _plan(work, incident_id, kind, tell)


def moment(work: Work, incident_id: str, when: str) -> None:
    """A crew has it, is there, has made it safe; or it is over."""
    kind = type_of(work.rules.incident_types, work.need(Incident, incident_id))
    if kind is not None:
        plan(work, incident_id, kind, when)


def crowd(work: Work, incident_id: str, step: Crowd) -> None:
    """The leaders hear how many have reported it, once for each step of the policy."""
    types = work.rules.incident_types
    for to in step.tell:
        text = types.crowd_text.format_map(blanks(work, incident_id))
        _put(work, incident_id, Tell(to=to, text=types.crowd_text), f"crowd_{step.reports}", text)


def send(work: Work, telling_id: str) -> None:
    """It is due: send it, unless what it was to prevent has come or the incident is over."""
    one = work.need(Telling, telling_id)
    incident = work.need(Incident, one.incident)
    happened = {"covered": incident.accepted_at, "on_scene": incident.on_scene_at,
                "made_safe": incident.made_safe_at}
    why = ""
    if not incident.open and not one.topic.endswith(".closed"):
        why = "the incident is over"
    elif one.unless and happened[one.unless] is not None:
        why = f"{one.unless} by then"
    if why:
        work.put(one.model_copy(update={"due_at": None, "dropped_why": why}))
        work.history(one.incident, "not_told", target=one.to, title=one.title, why=why)
        return
    # A drill's telling to somebody outside is planned only where the drill names him.
    work.emit(NoticeEffect(to=one.to, topic=one.topic, incident=one.incident, ticket=one.ticket,
                           text=one.letter or one.text, urgent=True, agreed=incident.drill))
    work.put(one.model_copy(update={"due_at": None, "sent_at": work.now}))
    work.history(one.incident, "told", target=one.to, title=one.title, topic=one.topic, clause=one.clause,
                 in_writing="yes" if one.letter else "")


def blanks(work: Work, incident_id: str) -> dict[str, str]:
    """What the texts' places in braces stand for."""
    incident = work.need(Incident, incident_id)
    tickets = work.tickets(incident)
    kind = type_of(work.rules.incident_types, incident)
    local = incident.reported_at.astimezone(work.rules.timezone)
    return {
        "title": kind.title if kind else incident.hazard,
        "address": incident.address or UNKNOWN_ADDRESS, "reports": str(len(incident.tickets)),
        "ticket": incident.tickets[0] if incident.tickets else "",
        "phone": next((t.phone for t in tickets if t.phone), "未知"),
        "reported": f"{local.month}月{local.day}日{local.hour}时{local.minute:02d}分",
        "company": work.rules.company,
    }


def _plan(work: Work, incident_id: str, kind: IncidentType, tell: Tell) -> None:
    incident = work.need(Incident, incident_id)
    known: dict[str, str] = {}
    for ticket in work.tickets(incident):
        known |= ticket.fields
    if any(known.get(name) != value for name, value in tell.only_if.items()):
        return
    party = work.rules.incident_types.parties[tell.to]
    if party.by_crew:
        work.history(incident_id, "crew_tells", target=tell.to, title=party.title, text=tell.text)
        return
    if incident.drill and party.outside and tell.to not in _agreed(known):
        work.history(incident_id, "not_told", target=tell.to, title=party.title,
                     why="a drill: nobody outside the company is told")
        return
    text = tell.text.format_map(blanks(work, incident_id))
    _put(work, incident_id, tell, f"{kind.key}.{tell.when}", text)


def _put(work: Work, incident_id: str, tell: Tell, topic: str, text: str) -> None:
    incident = work.need(Incident, incident_id)
    told = work.of_incident(Telling, incident_id)
    if any(one.to == tell.to and one.topic == topic and one.clause == tell.clause for one in told):
        return
    mark = DRILL if incident.drill else ""
    letter = supply_letter(work.rules, incident, work.tickets(incident), work.now) if tell.in_writing else ""
    one = work.put(
        Telling(
            telling_id=f"{incident_id}-T{len(told) + 1:02d}", incident=incident_id,
            ticket=incident.tickets[0] if incident.tickets else "", to=tell.to,
            title=work.rules.incident_types.parties[tell.to].title, topic=topic, text=mark + text,
            clause=tell.clause, unless=tell.unless, due_at=work.now + timedelta(minutes=tell.after_minutes),
            letter=mark + letter if letter else "",
        )
    )
    if tell.after_minutes <= 0:
        send(work, one.key)


def _agreed(known: Mapping[str, str]) -> list[str]:
    return [name.strip() for name in known.get(DRILL_NAMES, "").split(",")]
