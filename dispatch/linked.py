"""What a link stands for, also where another node holds it: what its page shows."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.effects import Facts
from dispatch.following import now_of
from dispatch.links import Link
from dispatch.model import Incident, Page
from dispatch.outbox import Outbox
from dispatch.rules import Rules
from dispatch.state import State


@dataclass(frozen=True, slots=True)
class Linked:
    """A link with what it is about. A joined incident's link is that of the one that has its reports."""

    link: Link
    incident: Incident | None
    page: Page | None
    facts: Facts | None


def linked(state: State, rules: Rules, link_id: str) -> Linked | None:
    """Ours, else another node's as it was read last; None: nobody knows the link."""
    for held in (state, state.elsewhere):
        link = held.get(Link, link_id) if held is not None else None
        if held is None or link is None:
            continue
        if link.incident:
            link = link.model_copy(update={"incident": now_of(held, link.incident)})
        incident = held.get(Incident, link.incident) if link.incident else None
        facts = Outbox(held, rules).facts(incident) if incident is not None else None
        return Linked(link, incident, held.get(Page, link.page), facts)
    return None
