"""Which type an incident has, what it needs, whom it is told to: pure readings of the incident types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.incident_types import IncidentType, IncidentTypes, Question, Upgrade
from dispatch.model import Incident, Ticket
from dispatch.rules import Rules

YES = "yes"


@dataclass(frozen=True, slots=True)
class Needs:
    """What must drive out for an incident, all its crews together."""

    skills: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    crews: int = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """The type an incident has by what is known now, and why it is not the one it had."""

    type: IncidentType | None
    why: str = ""


def needs(rules: Rules, incident: Incident) -> Needs:
    """Skills, equipment and crews by its type, and more crews the more people report it."""
    types = rules.incident_types
    kind = type_of(types, incident)
    crowd = max((step.crews for step in types.crowd if len(incident.tickets) >= step.reports), default=1)
    if kind is None:
        return Needs(crews=crowd)
    return Needs(kind.skills, kind.equipment, max(kind.crews, crowd))


def type_of(types: IncidentTypes, incident: Incident) -> IncidentType | None:
    """The type on record; for an incident of before types were kept, that of hazard and place."""
    return types.get(incident.incident_type) or match(types, incident.hazard, incident.place)


def match(types: IncidentTypes, hazard: str, place: str) -> IncidentType | None:
    """The first type for this hazard and place; an unknown hazard is `other`, an unknown place stays so."""
    found = (one for one in types.types if one.covers(hazard, place or "unknown"))
    return next(found, None) or (match(types, "other", place) if hazard != "other" else None)


def judge(
    types: IncidentTypes, incident: Incident, hazards: Iterable[tuple[str, str]],
    fields: Sequence[Mapping[str, str]], now: datetime,
) -> Judged:
    """The worst type that the facts give; never one of a lower rank than it had.

    `hazards`: hazard and place of every report; `fields`: what each report says besides.
    """
    found = [one for hazard, place in hazards if (one := match(types, hazard, place)) is not None]
    best = Judged(max(found, key=lambda one: one.rank, default=None))
    before = types.get(incident.incident_type)
    if before is not None and (best.type is None or before.rank > best.type.rank or incident.type_by):
        best = Judged(before)
    while best.type is not None:
        step = next((one for one in best.type.upgrades if _holds(one, incident, fields, now)), None)
        worse = types.get(step.to) if step else None
        if step is None or worse is None:
            break
        best = Judged(worse, step.why)
    return best


def better(types: IncidentTypes, incident: Incident, hazard: str) -> bool:
    """Whether that hazard would be less than the one on record."""
    now, then = match(types, hazard, incident.place), match(types, incident.hazard, incident.place)
    return now is not None and then is not None and now.rank < then.rank


def worst_hazard(types: IncidentTypes, reports: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Hazard and place of the report whose type ranks highest; the first of equals."""
    def rank(report: tuple[str, str]) -> int:
        kind = match(types, *report)
        return kind.rank if kind is not None else 0

    return max(reports, key=rank)


def questions(types: IncidentTypes, incident: Incident, known: Mapping[str, str]) -> tuple[Question, ...]:
    """What is still to be asked, in order. A type without questions of its own has those of its hazard."""
    kind = type_of(types, incident)
    if kind is not None and not kind.ask:
        kind = match(types, incident.hazard, incident.place)
    return tuple(one for one in kind.ask if not known.get(one.key) and _due(one, known)) if kind else ()


def next_question(
    types: IncidentTypes, incident: Incident, known: Mapping[str, str], asked: Collection[str]
) -> Question | None:
    """The next one; `asked`: keys of those that this call has heard. None: enough, or nothing is left."""
    if len(asked) >= types.ask_at_most:
        return None
    return next((one for one in questions(types, incident, known) if one.key not in asked), None)


def _due(question: Question, known: Mapping[str, str]) -> bool:
    return all(known.get(name) == value for name, value in question.only_if.items())


def meanings(types: IncidentTypes, fields: Mapping[str, str]) -> tuple[str, ...]:
    """What a crew must know of a caller's answers, in its terms."""
    every = (question for kind in types.types for question in kind.ask if question.key in fields)
    found = (question.means(fields[question.key]) for question in every)
    return tuple(dict.fromkeys(meaning for meaning in found if meaning))


def checklist(types: IncidentTypes, incident: Incident) -> tuple[str, ...]:
    """What the crew goes through; last those that only somebody on the scene can tell."""
    kind = type_of(types, incident)
    if kind is None:
        return ()
    parties = [types.parties[tell.to] for tell in kind.tell]
    told = [f"告知{party.title}" for party in parties if party.by_crew]
    return (*kind.checklist, *dict.fromkeys(told))


def order(types: IncidentTypes, incident: Incident) -> tuple[int, int, datetime, str]:
    """Sorts open incidents, the most urgent first: rank of the type, number of reports, target."""
    kind = type_of(types, incident)
    return (-(kind.rank if kind else 0), -len(incident.tickets), incident.target_at, incident.key)


def next_upgrade_hours(types: IncidentTypes, incident: Incident) -> float | None:
    """After how many open hours the next worsening by time is to be looked at."""
    kind = type_of(types, incident)
    if kind is None or incident.made_safe_at is not None:
        return None
    return min((one.hours_open for one in kind.upgrades if one.hours_open is not None), default=None)


def said(tickets: Iterable[Ticket]) -> list[Mapping[str, str]]:
    return [ticket.fields for ticket in tickets]


def _holds(
    rule: Upgrade, incident: Incident, fields: Sequence[Mapping[str, str]], now: datetime
) -> bool:
    if rule.reports is not None and len(incident.tickets) < rule.reports:
        return False
    if rule.hours_open is not None:
        open_hours = (now - incident.reported_at).total_seconds() / 3600
        if incident.made_safe_at is not None or open_hours < rule.hours_open:
            return False
    return all(any(one.get(name) == value for one in fields) for name, value in rule.fields.items())
