"""What the link pages show and tell: between the web and dispatch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from dispatch.api import Dispatch, DispatchError, Facts, Link, LinkAction, LinkStep, link_actions
from hotline.paging.composing import plain
from hotline.paging.settings import Texts
from hotline.web.link_pages import NotPossibleError

ACTION: TypeAdapter[LinkAction] = TypeAdapter(LinkAction)
Fact = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class LinkView:
    """Meets `hotline.web.link_pages.View`."""

    title: str
    drill: bool
    facts: tuple[Fact, ...]
    actions: tuple[str, ...]
    taking: bool
    over: bool


class LinkDesk:
    """Meets `hotline.web.link_pages.Desk`."""

    def __init__(
        self, dispatch: Dispatch, texts: Texts, zone: ZoneInfo, utcnow: Callable[[], datetime]
    ) -> None:
        self._dispatch, self._texts, self._zone, self._utcnow = dispatch, texts, zone, utcnow

    def look(self, link_id: str) -> LinkView | None:
        """What may be seen: nothing of an incident that is over."""
        found = self._dispatch.linked(link_id)
        if found is None or self._utcnow() >= found.link.expires_at:
            return None
        link, incident = found.link, found.incident
        over = bool(link.incident) and (incident is None or not incident.open)
        actions = () if over else link_actions(link, incident, found.page)
        facts = found.facts if not over else None
        return LinkView(
            title=self._title(link, facts), drill=link.drill, facts=self._facts(facts) if facts else (),
            actions=actions, taking=link.target_kind == "crew", over=over,
        )

    def step(self, link_id: str, action: str, note: str, position: tuple[float, float] | None) -> None:
        """Raises NotPossibleError. The same button pressed twice tells the same thing once."""
        link = self._dispatch.report_link(link_id)
        if link is None:
            raise NotPossibleError
        latitude, longitude = position if position is not None else (None, None)
        told = link.used.get(action, 0)
        try:
            self._dispatch.tell(
                LinkStep(
                    event_id=f"link:{link_id}:{action}:{told}", at=self._utcnow(), link_id=link_id,
                    action=ACTION.validate_python(action), note=note, latitude=latitude, longitude=longitude,
                )
            )
        except DispatchError as error:
            raise NotPossibleError(str(error)) from error

    def _title(self, link: Link, facts: Facts | None) -> str:
        if facts is None:
            return "燃气热线通知" if link.target_kind == "contact" else "燃气抢险任务"
        hazard = self._texts.hazards.get(facts.hazard, self._texts.hazards.get("other", ""))
        return f"{self._texts.places.get(facts.place, '')}{hazard}"

    def _facts(self, facts: Facts) -> tuple[Fact, ...]:
        address = plain(facts.address) or self._texts.no_address
        if facts.address and not facts.address_confirmed:
            address += self._texts.unconfirmed
        phone = plain(facts.callback_number)
        number = "".join(char for char in phone if char in "+0123456789")
        rows = (
            ("地址", address, ""), ("补充", plain(facts.address_detail), ""), ("报警人", phone, number),
            ("要求到达", f"{facts.target_at.astimezone(self._zone):%H:%M}", ""), ("单号", facts.incident, ""),
        )
        return tuple(row for row in rows if row[1])
