"""What dispatch wants done outside, as phone calls: pages, news for crews, alarms, call-backs.

The `call_id` of a page or call-back comes from its order, so the same order given twice (after a
crash, or because no receipt came) is the same call and rings once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from dispatch.api import (
    VISIT_LATE,
    Alarm,
    CallBackOrder,
    CallerNews,
    CrewNotice,
    Facts,
    Notice,
    PageOrder,
    PageUpdate,
    WelfareCall,
)
from hotline.ipc import Job, Purpose
from hotline.service.call_names import MARK, call_name, prefix
from hotline.service.gathering import Gathering
from hotline.settings import Settings

OVER, STOOD_DOWN = "over", "stood_down"
ADDRESSES_WAITING, GAS_STILL_OFF, MORE_REPORTS = "addresses_waiting", "gas_still_off", "reports"
"""Fields of an update and of a notice that say that the incident needs nobody any more."""


PHONE = "phone"
"""The channel that is a call."""


class EdgeAwayError(Exception):
    """No phone can be rung now; dispatch keeps the order and gives it again."""


class Lines(Protocol):
    def originate(self, job: Job) -> bool: ...


class Workers(Protocol):
    def tell(self, call_id: str, topic: str, values: dict[str, str]) -> bool: ...

    def hang_up(self, call_id: str, reason: str) -> bool: ...

    def connected(self, call_id: str) -> bool: ...


class Messages(Protocol):
    """Whatever is no phone call (hotline.service.paging)."""

    def page(self, order: PageOrder) -> None: ...

    def cancel(self, page_id: str) -> None: ...

    def notify(self, notice: Notice) -> None: ...


class PhoneOutlet:
    """Implements `dispatch.effects.Outlet` by real calls."""

    def __init__(
        self,
        settings: Settings,
        edge: Lines,
        workers: Workers,
        utcnow: Callable[[], datetime],
        running: Callable[[str], bool],
        originated: Callable[[Job, str], None],
        calls: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """`running(call_id)`: that call was begun and is not over.

        `originated(job, effect_id)` is told of each call that is begun; `calls()`: all that go on.
        """
        self._settings = settings
        self._edge = edge
        self._workers = workers
        self._utcnow = utcnow
        self._running = running
        self._originated = originated
        self._calls = calls
        self._gathering = Gathering()
        self._zone = ZoneInfo(settings.timezone)
        self._rung: dict[tuple[str, str], datetime] = {}
        self.messages: Messages | None = None
        """Set before dispatch begins; without it an order for a message is kept and comes again."""

    def page(self, order: PageOrder) -> None:
        """Ring a crew's (or leader's, or duty centre's) phone and ask for acceptance."""
        if order.channel != PHONE:
            self._written().page(order)
            return
        facts = {
            **self.spoken(order.facts),
            "page_id": order.page_id,
            "crew": order.target,
            "person": order.person,
            "ring_seconds": self._seconds_until(order.ring_until),
            "secure_first": order.secure_first,
        }
        self._ring(
            "page", order.page_id, self._entry(order), order.dial, facts, order.facts.drill, order.effect_id
        )

    def cancel(self, effect_id: str, page_id: str, why: str) -> None:
        self._workers.hang_up(page_id, why)
        if self.messages is not None:
            self.messages.cancel(page_id)

    def notify(self, notice: Notice) -> None:
        self._written().notify(notice)

    def ring_contact(self, notice: Notice, person: str, dial: str, text: str) -> bool:
        """Phone somebody with a notice. False: it rings already, or no call can be made now."""
        effect = f"{notice.effect_id}{MARK}{person}"
        if self._rings_still(effect, dial, prefix(notice.effect_id, f"{MARK}{person}")):
            return False
        drill = "yes" if notice.drill else "no"
        facts = {"text": text, "drill": drill, "person": person, "topic": notice.topic,
                 "incident": notice.incident, "ticket": notice.ticket, "ring_seconds": self._ring_seconds()}
        call_id = call_name(notice.effect_id, f"{MARK}{person}", self._utcnow())
        try:
            self._ring("notify", call_id, self._settings.outbound.contact, dial, facts, notice.drill, effect)
        except EdgeAwayError:
            self._rung.pop((effect, dial), None)
            return False
        return True

    def ask_welfare(self, call: WelfareCall) -> None:
        """Phone a crew on scene: 1 all is well, 2 help is needed."""
        facts = {**self.spoken(call.facts), "crew": call.crew, "ring_seconds": self._ring_seconds()}
        for number, dial in enumerate(call.dials, 1):
            if not self._rings_still(call.effect_id, dial, prefix(call.effect_id, str(number))):
                call_id = call_name(call.effect_id, str(number), self._utcnow())
                self._ring("notify", call_id, self._settings.outbound.welfare, dial, facts, call.facts.drill,
                           call.effect_id)

    def _written(self) -> Messages:
        if self.messages is None:
            raise EdgeAwayError
        return self.messages

    def update(self, update: PageUpdate) -> None:
        if OVER in update.fields:
            self._workers.hang_up(update.page_id, "the incident is over")
            return
        self._workers.tell(update.page_id, "page_facts", self.spoken(update.facts))

    def notify_crew(self, notice: CrewNotice) -> None:
        """Phone a crew on its way with what is new."""
        facts = {
            **self.spoken(notice.facts),
            "crew": notice.crew,
            "fields": ",".join(notice.fields),
            "stood_down": "yes" if STOOD_DOWN in notice.fields else "",
            "addresses_waiting": "yes" if ADDRESSES_WAITING in notice.fields else "",
            "gas_still_off": "yes" if GAS_STILL_OFF in notice.fields else "",
            "more_reports": "yes" if MORE_REPORTS in notice.fields else "",
            "ring_seconds": str(self._settings.agents.ring_seconds),
        }
        for number, dial in enumerate(notice.dials, 1):
            if self._rings_still(notice.effect_id, dial, prefix(notice.notice_id, str(number))):
                continue
            call_id = call_name(notice.notice_id, str(number), self._utcnow())
            self._ring(
                "notify", call_id, self._settings.outbound.notice, dial, facts, notice.facts.drill,
                notice.effect_id,
            )

    def alarm(self, alarm: Alarm) -> None:
        """Nobody took it: every named place with a phone is rung at once. A flood of them rings once."""
        speaks_for = self._gathering.rings(alarm.why, alarm.incident, alarm.effect_id, self._utcnow())
        if not speaks_for:
            return
        facts = self.spoken(alarm.facts) if alarm.facts is not None else {}
        count = f"共{speaks_for}起。" if speaks_for > 1 else ""
        facts |= {"reason": alarm.text + count, "ring_seconds": str(self._settings.agents.ring_seconds)}
        for number, (place, dial) in enumerate(alarm.places, 1):
            name = prefix(alarm.effect_id, str(number))
            if dial and not self._rings_still(alarm.effect_id, dial, name):
                call_id = call_name(alarm.effect_id, str(number), self._utcnow())
                self._ring(
                    "notify", call_id, self._settings.outbound.alarm, dial, {**facts, "place_name": place},
                    alarm.drill, alarm.effect_id,
                )

    def call_back(self, order: CallBackOrder) -> None:
        facts = {
            "caller": order.number,
            "callback_id": order.callback_id,
            "reason": order.reason,
            "ticket": order.ticket,
            "ring_seconds": self._seconds_until(order.ring_until),
        }
        flows = self._settings.outbound
        entry = flows.visit if order.reason == VISIT_LATE else flows.callback
        self._ring(
            "callback", order.call_id, entry, order.number, {**facts, **order.facts}, order.drill,
            order.effect_id,
        )

    def tell_caller(self, news: CallerNews) -> None:
        """Only a call that is still up can be told; who has hung up is not rung for it."""
        values = {
            "text": news.text,
            "ticket": news.ticket,
            "incident": news.incident,
            "target_minutes": self._minutes_ahead(news.target_at),
            "forecast_minutes": self._minutes_ahead(news.forecast_at),
        }
        self._workers.tell(news.call_id, news.topic, values)

    def spoken(self, facts: Facts) -> dict[str, str]:
        """An incident as variables of a flow."""
        return {
            "incident": facts.incident,
            "ticket": facts.ticket,
            "hazard": facts.hazard,
            "place": facts.place,
            "address": facts.address,
            "address_detail": facts.address_detail,
            "address_confirmed": "yes" if facts.address_confirmed else "no",
            "callback_number": facts.callback_number,
            "target_time": facts.target_at.astimezone(self._zone).isoformat(),
            "target_minutes": self._minutes_until(facts.target_at),
            "distance_km": "" if facts.distance_km is None else f"{facts.distance_km:.1f}",
            "drill": "yes" if facts.drill else "no",
            "words": facts.words,
            "other_addresses": "，".join(facts.other_addresses),
            "situation": "，".join(facts.situation),
        }

    def _ring(
        self,
        purpose: Purpose,
        call_id: str,
        entry: str,
        dial: str,
        facts: dict[str, str],
        drill: bool,
        effect_id: str,
    ) -> None:
        if self._running(call_id) or self._workers.connected(call_id):
            return
        job = Job(call_id=call_id, purpose=purpose, entry=entry, dial=dial, facts=facts, drill=drill)
        if not self._edge.originate(job):
            raise EdgeAwayError
        self._originated(job, effect_id)

    def settled(self, effect_id: str) -> set[str]:
        """An alarm was confirmed: the others that it spoke for are heard too."""
        return self._gathering.settled(effect_id)

    def _rings_still(self, effect_id: str, dial: str, name: str) -> bool:
        """Whether this phone was rung for this order so short a time ago that it may still ring.

        `name`: with what the names of its calls begin; one that our predecessor began counts too.
        """
        if any(call_id.startswith(name) for call_id in self._calls()):
            return True
        now = self._utcnow()
        ring = timedelta(seconds=2 * self._settings.agents.ring_seconds)
        self._rung = {key: at for key, at in self._rung.items() if now - at < ring}
        if (effect_id, dial) in self._rung:
            return True
        self._rung[effect_id, dial] = now
        return False

    def _entry(self, order: PageOrder) -> str:
        """Crews and the duty centre take the job; leaders and 119 are told of it and confirm."""
        taking = order.target_kind in ("crew", "duty_centre")
        return self._settings.outbound.page if taking else self._settings.outbound.alarm

    def _ring_seconds(self) -> str:
        return str(self._settings.agents.ring_seconds)

    def _seconds_until(self, then: datetime) -> str:
        return f"{max((then - self._utcnow()).total_seconds(), 1.0):.1f}"

    def _minutes_ahead(self, then: datetime | None) -> str:
        """Empty for what is not known or past: nobody is promised a moment that is over."""
        if then is None or then <= self._utcnow():
            return ""
        return str(max(math.ceil((then - self._utcnow()).total_seconds() / 60), 1))

    def _minutes_until(self, then: datetime) -> str:
        return str(max(round((then - self._utcnow()).total_seconds() / 60), 0))
