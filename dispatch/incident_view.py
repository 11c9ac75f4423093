"""What may be looked up about incidents, from memory: their order, joins, addresses, tellings, outages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeVar

from dispatch.engine import Engine
from dispatch.incident_types import IncidentType, Question
from dispatch.joined import Clearance, Join, Telling
from dispatch.model import Assignment, Incident, Ticket
from dispatch.outage_records import Outage
from dispatch.outages import concerns
from dispatch.protocols import checklist, next_question, order, questions, type_of

Part = TypeVar("Part", Join, Clearance, Telling, Assignment)


class IncidentView:
    """Belongs to `Dispatch`; reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def queue(self) -> list[Incident]:
        """Open incidents, the most urgent first: worst type, most reports, earliest target."""
        types = self._engine.rules.incident_types
        return sorted(self._engine.state.open_incidents(), key=lambda incident: order(types, incident))

    def type_of(self, incident: Incident) -> IncidentType | None:
        return type_of(self._engine.rules.incident_types, incident)

    def checklist(self, incident: Incident) -> tuple[str, ...]:
        """What the crew goes through on the scene."""
        return checklist(self._engine.rules.incident_types, incident)

    def questions(self, ticket: Ticket) -> tuple[Question, ...]:
        """What this caller has not said yet, in the order in which it is to be asked."""
        incident = self._engine.state.get(Incident, ticket.incident) if ticket.incident else None
        if incident is None:
            return ()
        return questions(self._engine.rules.incident_types, incident, ticket.fields)

    def next_question(
        self, ticket: Ticket, asked: Collection[str], known: Mapping[str, str]
    ) -> Question | None:
        """What to ask this caller now; `known`: answers that may not be on the ticket yet."""
        incident = self._engine.state.get(Incident, ticket.incident) if ticket.incident else None
        if incident is None or not incident.open:
            return None
        return next_question(self._engine.rules.incident_types, incident, {**ticket.fields, **known}, asked)

    def joins(self, incident_id: str) -> list[Join]:
        return self._of(Join, incident_id)

    def proposals(self) -> list[Join]:
        """What a dispatcher is asked: are these one leak?"""
        found = (join for join in self._engine.state.live(Join) if join.state == "proposed")
        return sorted(found, key=lambda join: (-join.score, join.at))

    def clearances(self, incident_id: str) -> list[Clearance]:
        return self._of(Clearance, incident_id)

    def waiting(self, incident_id: str) -> list[Ticket]:
        """Reports of a joined incident whose address nobody has cleared, in the order of coming."""
        incident = self._engine.state.get(Incident, incident_id)
        if incident is None or len(incident.tickets) < 2:
            return []
        open_ = {one.ticket for one in self.clearances(incident_id) if one.state == "waiting"}
        found = (self._engine.state.get(Ticket, number) for number in incident.tickets if number in open_)
        return [ticket for ticket in found if ticket is not None]

    def tellings(self, incident_id: str) -> list[Telling]:
        return self._of(Telling, incident_id)

    def forecast(self, incident: Incident, now: datetime) -> datetime | None:
        """When the first crew is expected; None when nobody has it, or when that moment is past."""
        found = self._of(Assignment, incident.key)
        times = [a.forecast_at for a in found if a.forecast_at and not a.released_at and not a.cleared_at]
        nearest = min(times, default=None)
        return nearest if nearest is not None and nearest > now else None

    def outage(self, outage_id: str) -> Outage | None:
        return self._engine.state.get(Outage, outage_id)

    def outages(self) -> list[Outage]:
        """Announced and running ones, by their beginning."""
        return sorted(self._engine.state.live(Outage), key=lambda one: (one.starts_at, one.key))

    def outage_at(self, address: str, now: datetime) -> Outage | None:
        """The outage that concerns an address now or next (A7); a drill's concerns nobody."""
        found = (one for one in self.outages() if not one.drill and concerns(one, address, now))
        return next(found, None)

    def _of(self, kind: type[Part], key: str) -> list[Part]:
        state = self._engine.state
        return [one for name in sorted(state.of_incident(kind, key)) if (one := state.get(kind, name))]
