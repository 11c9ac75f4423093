"""Phones that are answered as people answer them: at once, late, not at all, or with a no."""

from __future__ import annotations

from typing import Protocol

from dispatch.effects import (
    Alarm,
    CallBackOrder,
    CallerNews,
    CrewNotice,
    Notice,
    PageOrder,
    PageUpdate,
    WelfareCall,
)
from dispatch.planning.chance import case, draw
from dispatch.planning.city import City
from dispatch.planning.world import World
from dispatch.states import PageEvent


class Stage(Protocol):
    """What the phones need of the play."""

    city: City
    world: World
    seed: int

    def tell_page(self, page_id: str, event: PageEvent, why: str) -> None: ...

    def receipt(self, effect_id: str) -> None: ...

    def will_take(self, crew: str, nearly_done_seconds: float) -> bool:
        """Whether the crew is free, or will be that soon."""
        ...

    def takes(self, crew: str, incident: str) -> None: ...

    def is_well(self, crew: str, incident: str) -> None: ...

    def is_night(self) -> bool: ...


class PlayedOutlet:
    """Meets `dispatch.effects.Outlet`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._over: set[str] = set()
        self._rung: set[str] = set()
        self.alarms = 0
        """How often the alarm sounded."""
        self.callers_told = 0

    def page(self, order: PageOrder) -> None:
        """Ring; the same order twice is the same call."""
        if order.page_id in self._rung:
            return
        self._rung.add(order.page_id)
        self._after(1, order, PageEvent.STARTED)
        phones, stage = self._stage.city.phones, self._stage
        chance = case(stage.seed, "page", order.facts.incident, order.target, order.round, order.person)
        if order.target_kind == "crew":
            unanswered = phones.unanswered.night if stage.is_night() else phones.unanswered.day
        else:
            unanswered = 1 - phones.people_answer
        if chance.random() < unanswered:
            return
        answered = 1 + draw(chance, phones.answer_seconds)
        decided = answered + draw(chance, phones.decide_seconds)
        unwilling = chance.random() < phones.declined
        self._after(answered, order, PageEvent.ANSWER)
        stage.world.after(decided, lambda: self._decide(order, unwilling))

    def _decide(self, order: PageOrder, unwilling: bool) -> None:
        if order.page_id in self._over or order.target_kind == "fire":
            return
        if order.target_kind == "crew":
            soon = 60 * self._stage.city.phones.nearly_done_minutes
            if unwilling or not self._stage.will_take(order.target, soon):
                self._stage.tell_page(order.page_id, PageEvent.DECLINE, "unwilling" if unwilling else "busy")
                return
        self._stage.tell_page(order.page_id, PageEvent.ACCEPT, "")
        if order.target_kind == "crew":
            self._stage.takes(order.target, order.facts.incident)

    def _after(self, seconds: float, order: PageOrder, event: PageEvent) -> None:
        def tell() -> None:
            if order.page_id not in self._over:
                self._stage.tell_page(order.page_id, event, "")

        self._stage.world.after(seconds, tell)

    def cancel(self, effect_id: str, page_id: str, why: str) -> None:
        self._over.add(page_id)

    def update(self, update: PageUpdate) -> None:
        pass

    def notify_crew(self, notice: CrewNotice) -> None:
        self._stage.receipt(notice.effect_id)

    def alarm(self, alarm: Alarm) -> None:
        self.alarms += 1
        self._stage.receipt(alarm.effect_id)

    def call_back(self, order: CallBackOrder) -> None:
        self._stage.receipt(order.effect_id)

    def tell_caller(self, news: CallerNews) -> None:
        self.callers_told += 1

    def ask_welfare(self, call: WelfareCall) -> None:
        """Asked whether all is well, they say so."""
        self._stage.receipt(call.effect_id)
        self._stage.is_well(call.crew, call.facts.incident)

    def notify(self, notice: Notice) -> None:
        self._stage.receipt(notice.effect_id)
