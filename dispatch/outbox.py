"""Sends what dispatch wants done outside, and sends it again until somebody has receipted it."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from dispatch.callbacks import VISIT_LATE, attempt_call_id
from dispatch.effects import (
    Alarm,
    CallBackOrder,
    CallerNews,
    CrewNotice,
    Facts,
    Notice,
    Outlet,
    PageOrder,
    PageUpdate,
    WelfareCall,
)
from dispatch.jobs import work_in_hand
from dispatch.joined import Clearance
from dispatch.model import RINGING, Assignment, Callback, Incident, Page, Ticket
from dispatch.outbound import (
    AlarmEffect,
    CallBackEffect,
    CancelEffect,
    NoticeEffect,
    NotifyCrewEffect,
    OutboxItem,
    PageEffect,
    TellCallerEffect,
    UpdatePageEffect,
    WelfareEffect,
)
from dispatch.protocols import meanings
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.states import CallbackState
from dispatch.ticket_records import Visit
from dispatch.visit_words import spoken

log = structlog.get_logger()
RECEIPTED_BY_SENDING = ("cancel_page", "update_page", "tell_caller")
"""Nothing outside can say more about these than that they were handed over."""
RETRY = timedelta(seconds=1)
"""An order that could not even be handed over is tried again so soon."""

NOTICES_IN_A_TURN = 100
"""A night's overdue promises are told in turns, so that no page waits behind them."""


class Outbox:
    """Keeps only when each item was last sent; what is to be sent stands in the state."""

    def __init__(self, state: State, rules: Rules) -> None:
        self._state = state
        self.rules = rules
        self._sent: dict[str, datetime] = {}

    def pump(self, outlet: Outlet, now: datetime) -> list[str]:
        """Send what is due. Returns the effects that are settled by having been sent or being moot."""
        settled, notices = [], 0
        waiting = sorted(self._items(), key=_urgency)
        for item in waiting:
            if self._state.get(OutboxItem, item.key) is None or not self._due(item, now):
                continue
            notices += _patient(item)
            if _patient(item) and notices > NOTICES_IN_A_TURN:
                continue  # due again at once
            self._sent[item.key] = now
            if self._send(outlet, item, now):
                settled.append(item.key)
        self._sent = {item.key: self._sent[item.key] for item in waiting if item.key in self._sent}
        return settled

    def next_due(self, now: datetime) -> datetime | None:
        """When something must be sent or sent again."""
        resend = timedelta(seconds=self.rules.policy.times.resend)
        return min(
            (self._sent[i.key] + resend if i.key in self._sent else now for i in self._items()),
            default=None,
        )

    def any_due(self, now: datetime) -> bool:
        """Whether `pump` would send something."""
        return any(self._due(item, now) for item in self._items())

    def _items(self) -> list[OutboxItem]:
        """What is for the outlet; what is for other nodes goes by dispatch.together."""
        return [item for item in self._state.all(OutboxItem) if item.effect.effect != "forward"]

    def _due(self, item: OutboxItem, now: datetime) -> bool:
        last = self._sent.get(item.key)
        resend = timedelta(seconds=self.rules.policy.times.resend)
        return last is None or now >= last + resend or now < last

    def _send(self, outlet: Outlet, item: OutboxItem, now: datetime) -> bool:
        try:
            sent = self._hand_over(outlet, item, now)
        except Exception:
            # One outlet's fault must not keep the other pages back.
            log.exception("outbox_send_failed", effect=item.effect.effect, effect_id=item.key)
            resend = timedelta(seconds=self.rules.policy.times.resend)
            self._sent[item.key] = now - max(resend - RETRY, timedelta())
            return False
        return not sent or item.effect.effect in RECEIPTED_BY_SENDING

    def _hand_over(self, outlet: Outlet, item: OutboxItem, now: datetime) -> bool:
        """False: it has become pointless."""
        effect = item.effect
        match effect:
            case PageEffect():
                return self._page(outlet, item.key, effect)
            case CancelEffect():
                outlet.cancel(item.key, effect.page_id, effect.why)
            case UpdatePageEffect():
                page = self._state.get(Page, effect.page_id)
                incident = self._state.get(Incident, page.incident) if page else None
                if incident is None:
                    return False
                outlet.update(PageUpdate(item.key, effect.page_id, effect.fields, self.facts(incident)))
            case NotifyCrewEffect():
                return self._notify(outlet, item.key, effect)
            case AlarmEffect():
                self._alarm(outlet, item.key, effect)
            case CallBackEffect():
                return self._call_back(outlet, item.key, effect, now)
            case TellCallerEffect():
                return self._tell(outlet, item.key, effect)
            case WelfareEffect():
                return self._welfare(outlet, item.key, effect)
            case NoticeEffect():
                self._tell_contact(outlet, item, effect)
        return True

    def _page(self, outlet: Outlet, effect_id: str, effect: PageEffect) -> bool:
        page = self._state.get(Page, effect.page_id)
        incident = self._state.get(Incident, page.incident) if page else None
        if page is None or incident is None or page.state not in RINGING:
            return False
        outlet.page(
            PageOrder(
                effect_id=effect_id, page_id=page.page_id, dial=page.phone, target_kind=page.target_kind,
                target=page.target, person=page.person, level=page.level, round=page.round,
                ring_until=page.expires_at, facts=self.facts(incident),
                secure_first=work_in_hand(self._state, page.target),
                channel=page.channel, has_next=bool(page.then_by),
            )
        )
        return True

    def _notify(self, outlet: Outlet, effect_id: str, effect: NotifyCrewEffect) -> bool:
        incident = self._state.get(Incident, effect.incident)
        if incident is None:
            return False
        outlet.notify_crew(
            CrewNotice(
                effect_id=effect_id, notice_id=f"N-{effect_id}", crew=effect.crew,
                dials=self._phones(incident, effect.crew), fields=effect.fields, facts=self.facts(incident),
            )
        )
        return True

    def _welfare(self, outlet: Outlet, effect_id: str, effect: WelfareEffect) -> bool:
        """False: it has said something meanwhile, or is asked again already."""
        incident = self._state.get(Incident, effect.incident)
        mine = self._state.get(Assignment, f"{effect.incident}-{effect.crew}")
        if incident is None or mine is None or mine.welfare_asked != effect.attempt:
            return False
        outlet.ask_welfare(
            WelfareCall(
                effect_id=effect_id, crew=effect.crew, dials=self._phones(incident, effect.crew),
                attempt=effect.attempt, facts=self.facts(incident),
            )
        )
        return True

    def _phones(self, incident: Incident, crew_key: str) -> tuple[str, ...]:
        """First the phone that accepted, then the crew's others."""
        keys = self._state.of_incident(Page, incident.key)
        pages = [page for key in sorted(keys) if (page := self._state.get(Page, key))]
        accepted = [
            page.phone for page in pages
            if page.target == crew_key and page.state == "accepted" and page.channel == "phone"
        ]
        crew = self.rules.stations.crew(crew_key)
        others = [member.phone for member in crew.members] if crew else []
        return tuple(dict.fromkeys((*accepted, *others)))

    def _alarm(self, outlet: Outlet, effect_id: str, effect: AlarmEffect) -> None:
        incident = self._state.get(Incident, effect.incident)
        ticket = self._state.get(Ticket, effect.ticket)
        stations = self.rules.stations
        outlet.alarm(
            Alarm(
                effect_id=effect_id, why=effect.why, incident=effect.incident, ticket=effect.ticket,
                text=getattr(self.rules.policy.alarm_texts, effect.why),
                places=tuple((c.name, c.phone) for c in (*stations.duty_centre, *stations.alarm_places)),
                facts=self.facts(incident) if incident else None,
                drill=bool(incident and incident.drill) or bool(ticket and ticket.drill),
            )
        )

    def _call_back(self, outlet: Outlet, effect_id: str, effect: CallBackEffect, now: datetime) -> bool:
        callback = self._state.get(Callback, effect.callback_id)
        if callback is None or callback.state != CallbackState.CALLING or callback.attempts != effect.attempt:
            return False
        ticket = self._state.get(Ticket, callback.ticket)
        visit = self._state.get(Visit, callback.call_id) if callback.reason == VISIT_LATE else None
        outlet.call_back(
            CallBackOrder(
                effect_id=effect_id, callback_id=callback.key, attempt=effect.attempt,
                call_id=attempt_call_id(callback), number=callback.number,
                reason=callback.reason, ticket=callback.ticket, business=ticket.business if ticket else "",
                ring_until=now + timedelta(seconds=self.rules.callbacks.ring_seconds), drill=callback.drill,
                facts=spoken(self.rules, visit, now) if visit is not None else {},
            )
        )
        return True

    def _tell(self, outlet: Outlet, effect_id: str, effect: TellCallerEffect) -> bool:
        incident = self._state.get(Incident, effect.incident)
        if incident is None:
            return False
        outlet.tell_caller(
            CallerNews(
                effect_id=effect_id, call_id=effect.call_id, topic=effect.topic,
                text=self.caller_text(incident, effect.topic), incident=incident.key,
                ticket=incident.tickets[0], target_at=incident.target_at, forecast_at=self.forecast(incident),
            )
        )
        return True

    def _tell_contact(self, outlet: Outlet, item: OutboxItem, effect: NoticeEffect) -> None:
        incident = self._state.get(Incident, effect.incident)
        ticket = self._state.get(Ticket, effect.ticket)
        outlet.notify(
            Notice(
                effect_id=item.key, to=effect.to, topic=effect.topic, incident=effect.incident,
                ticket=effect.ticket, text=effect.text, urgent=effect.urgent or bool(effect.incident),
                drill=bool(incident and incident.drill) or bool(ticket and ticket.drill),
                created_at=item.created_at, progress=item.progress, agreed=effect.agreed,
                facts=self.facts(incident) if incident else None,
            )
        )

    def forecast(self, incident: Incident) -> datetime | None:
        """When the first crew is expected, as far as it can be said."""
        keys = self._state.of_incident(Assignment, incident.key)
        found = (self._state.get(Assignment, key) for key in keys)
        return min((a.forecast_at for a in found if a and a.forecast_at and not a.released_at), default=None)

    def caller_text(self, incident: Incident, topic: str) -> str:
        """The policy's wording with the honest time: the later of target and forecast."""
        expected = self.forecast(incident) or incident.expected_at or incident.target_at
        honest = max(incident.target_at, expected)
        minutes = max(1, round((honest - incident.reported_at).total_seconds() / 60))
        local = honest.astimezone(self.rules.timezone)
        texts = self.rules.policy.caller_texts
        text: str = getattr(texts, topic)
        return text.format(minutes=minutes, time=f"{local.hour}点{local.minute:02d}分")

    def facts(self, incident: Incident) -> Facts:
        """What a crew must know now."""
        tickets = [t for t in (self._state.get(Ticket, number) for number in incident.tickets) if t]
        ticket = tickets[0] if tickets else None
        return Facts(
            incident=incident.key, ticket=incident.tickets[0] if incident.tickets else "",
            hazard=incident.hazard, place=incident.place, address=incident.address,
            address_detail=ticket.address_detail if ticket else "",
            address_confirmed=incident.address_confirmed, latitude=incident.latitude,
            longitude=incident.longitude, callback_number=ticket.phone if ticket else "",
            reported_at=incident.reported_at, target_at=incident.target_at,
            target_minutes=incident.band_minutes, target_assumed=incident.band_assumed,
            distance_km=incident.distance_km, drill=incident.drill, words=ticket.words if ticket else "",
            other_addresses=self._others(incident, tickets[1:]),
            situation=tuple(dict.fromkeys(
                said for one in tickets for said in meanings(self.rules.incident_types, one.fields))),
        )

    def _others(self, incident: Incident, tickets: list[Ticket]) -> tuple[str, ...]:
        cleared = {
            found.ticket for ticket in tickets
            if (found := self._state.get(Clearance, f"C-{ticket.number}")) and found.state != "waiting"
        }
        said = (t.address for t in tickets if t.address and t.number not in cleared)
        return tuple(dict.fromkeys(address for address in said if address != incident.address))


def _urgency(item: OutboxItem) -> int:
    """Pages first; the call-backs that a flood of callers leaves behind are sent after everything else."""
    if isinstance(item.effect, CallBackEffect):
        return 3
    return 2 if _patient(item) else int(isinstance(item.effect, NoticeEffect))


def _patient(item: OutboxItem) -> bool:
    """A notice that is about no emergency and not urgent."""
    effect = item.effect
    return isinstance(effect, NoticeEffect) and not effect.urgent and not effect.incident
