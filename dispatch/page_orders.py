"""One person is paged: by every channel of the step at once, and by the next when one never gets through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dispatch.crews import Contact
from dispatch.model import Incident, Page, TargetKind
from dispatch.outbound import PageEffect
from dispatch.policy import Step
from dispatch.rules import Rules
from dispatch.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Whom to page, and as what."""

    kind: TargetKind
    target: str
    contact: Contact
    level: int
    """Step of the chain, from 1."""
    reinforcement: bool = False
    attempt: int = 1
    distance_km: float | None = None


def ways(contact: Contact, step: Step) -> list[tuple[str, tuple[str, ...]]]:
    """Each channel that begins at once, with those that may follow it. A phone when nothing else is there."""
    found = []
    for group in step.channels:
        usable = tuple(name for name in group if contact.address(name) is not None)
        if usable:
            found.append((usable[0], usable[1:]))
    return found or [("phone", ())]


def order_pages(work: Work, incident: Incident, order: Order) -> None:
    """All channels of the step together."""
    step = step_of(work.rules, order.level)
    for channel, then_by in ways(order.contact, step):
        _order(work, incident, order, step, channel, then_by)


def order_next(work: Work, incident: Incident, page: Page) -> bool:
    """The page's channel will never get through: the next one at once. False: there is none."""
    contact = contact_of(work.rules, page)
    usable = [name for name in page.then_by if contact is not None and contact.address(name) is not None]
    if contact is None or not usable:
        return False
    order = _order_of(page, contact, page.attempt)
    step = step_of(work.rules, page.level)
    work.history(incident.key, "next_channel", person=page.person, channel=usable[0], was=page.channel,
                 why=page.why)
    _order(work, incident, order, step, usable[0], tuple(usable[1:]))
    return True


def order_again(work: Work, incident: Incident, page: Page) -> bool:
    """The same person once more. False: he is not in the files any more."""
    contact = contact_of(work.rules, page)
    if contact is None:
        return False
    order_pages(work, incident, _order_of(page, contact, page.attempt + 1))
    return True


def step_of(rules: Rules, level: int) -> Step:
    """The step that a page belongs to, also when the chain has become shorter meanwhile."""
    chain = rules.policy.chain
    return chain[min(max(level, 1), len(chain)) - 1]


def contact_of(rules: Rules, page: Page) -> Contact | None:
    """Who was paged, as the files name him now."""
    stations = rules.stations
    crew = stations.crew(page.target) if page.target_kind == "crew" else None
    people: dict[TargetKind, Sequence[Contact]] = {
        "crew": crew.members if crew is not None else (),
        "duty_centre": stations.duty_centre, "leader": stations.leaders, "fire": (stations.fire,),
    }
    return next((one for one in people[page.target_kind] if one.name == page.person), None)


def _order_of(page: Page, contact: Contact, attempt: int) -> Order:
    return Order(kind=page.target_kind, target=page.target, contact=contact, level=page.level,
                 reinforcement=page.reinforcement, attempt=attempt)


def _order(
    work: Work, incident: Incident, order: Order, step: Step, channel: str, then_by: tuple[str, ...]
) -> None:
    number = len(work.pages(incident.key)) + 1
    seconds = step.page_seconds or work.rules.policy.times.page
    page = work.put(
        Page(
            page_id=f"{incident.key}-P{number:03d}", incident=incident.key, target_kind=order.kind,
            target=order.target, person=order.contact.name, phone=order.contact.address(channel) or "",
            channel=channel, then_by=then_by, must_acknowledge=step.acknowledge != 1, attempt=order.attempt,
            level=order.level, round=incident.round + 1, reinforcement=order.reinforcement,
            drill=incident.drill, ordered_at=work.now, expires_at=work.now + timedelta(seconds=seconds),
        )
    )
    work.emit(PageEffect(page_id=page.page_id))
    work.history(
        incident.key, "page_ordered", page=page.page_id, target=order.target, person=order.contact.name,
        level=page.level, round=page.round, channel="" if channel == "phone" else channel,
        attempt="" if order.attempt == 1 else order.attempt,
        distance_km="" if order.distance_km is None else round(order.distance_km, 2),
    )
