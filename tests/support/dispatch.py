"""A dispatch on a clock that stands still until it is moved, with phones that only take notes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.api import (
    Alarm,
    CallBackOrder,
    CallbackRequest,
    CallbackRules,
    CallerNews,
    CallStarted,
    CrewNotice,
    CrewReport,
    Dispatch,
    EmergencyReport,
    FactReport,
    Incident,
    MemoryStore,
    Notice,
    Page,
    PageEvent,
    PageOrder,
    PageReport,
    PageUpdate,
    Policy,
    Rules,
    Stations,
    Store,
    WelfareCall,
)
from dispatch.deadlines import Band, Beyond
from dispatch.pins import hash_pin
from hotline.yamlfile import load

CONFIG = Path(__file__).parents[2] / "config"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""A Monday, 12:00 in Guangyuan."""
NEAR_WEST, FAR_WEST = (32.4360, 105.8420), (32.4355, 105.7000)
PIN = hash_pin("2580", b"sixteen bytes...")

BANDS = tuple(Band(up_to_km=km, minutes=minutes) for km, minutes in ((5, 15), (10, 30), (20, 60)))


def stations(**changes: Any) -> Stations:
    """Three stations from west to east, crews A, B (west), C (east), D (far)."""
    content: dict[str, Any] = {
        "stations": [
            {"key": "west", "name": "西站", "latitude": 32.4355, "longitude": 105.8412},
            {"key": "east", "name": "东站", "latitude": 32.4302, "longitude": 105.8736},
            {"key": "far", "name": "远站", "latitude": 32.4148, "longitude": 105.7739},
        ],
        "centre_station": "west",
        "crews": [
            {"key": key, "name": f"{key}班", "station": station, "pin_hash": PIN, "duty": "always",
             "members": [{"name": f"{key}1", "phone": f"sip:{key.lower()}1@127.0.0.1"}]}
            for key, station in (("A", "west"), ("B", "west"), ("C", "east"), ("D", "far"))
        ],
        "duty_centre": [{"name": "值班室", "phone": "sip:duty@127.0.0.1"}],
        "leaders": [{"name": "经理", "phone": "+8613800000001"}, {"name": "总监", "phone": "+8613800000002"}],
        "fire": {"name": "119", "phone": "119"},
    }
    return Stations.model_validate(content | changes)


def policy(**changes: Any) -> Policy:
    """The shipped policy with bands of its own and a wait for the place before the first page."""
    shipped = load(CONFIG / "dispatch_policy.yaml", Policy)
    waits = shipped.times.model_copy(update={"unlocated": 20.0})
    bands = {"bands": BANDS, "beyond": Beyond(minutes_per_km=3)}
    return shipped.model_copy(update={"times": waits} | bands | changes)


def rules(**changes: Any) -> Rules:
    made: dict[str, Any] = {
        "policy": policy(), "stations": stations(), "timezone": SHANGHAI,
        "callbacks": CallbackRules(attempts=3),
    }
    return Rules(**(made | changes))


class Notes:
    """An outlet that writes down what it is asked for and receipts like the call side does."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.orders: list[Any] = []
        self.desk: Desk | None = None
        self.broken = False

    def _note(self, order: Any, line: str) -> None:
        if self.broken:
            raise ConnectionError("the edge is away")
        self.orders.append(order)
        self.lines.append(line)

    def _receipt(self, effect_id: str) -> None:
        if self.desk is not None:
            self.desk.dispatch.receipt(effect_id)

    def page(self, order: PageOrder) -> None:
        self._note(order, f"ring {order.target}/{order.person}")
        if self.desk is not None:
            self.desk.page(order.page_id, PageEvent.STARTED)

    def cancel(self, effect_id: str, page_id: str, why: str) -> None:
        self._note(page_id, f"cancel {page_id[-4:]}: {why}")

    def update(self, update: PageUpdate) -> None:
        self._note(update, f"update {update.page_id[-4:]}: {','.join(update.fields)}")

    def notify_crew(self, notice: CrewNotice) -> None:
        self._note(notice, f"tell {notice.crew}: {','.join(notice.fields)}")
        self._receipt(notice.effect_id)

    def alarm(self, alarm: Alarm) -> None:
        self._note(alarm, f"alarm {alarm.why}")
        self._receipt(alarm.effect_id)

    def call_back(self, order: CallBackOrder) -> None:
        self._note(order, f"call back {order.number} ({order.attempt})")
        self._receipt(order.effect_id)

    def tell_caller(self, news: CallerNews) -> None:
        self._note(news, f"caller hears {news.topic}")

    def ask_welfare(self, call: WelfareCall) -> None:
        self._note(call, f"ask {call.crew} ({call.attempt})")
        self._receipt(call.effect_id)

    def notify(self, notice: Notice) -> None:
        self._note(notice, f"notify {notice.to}: {notice.topic}")
        self._receipt(notice.effect_id)


class Desk:
    """Speaks to dispatch like the call side; one call for short."""

    def __init__(self, folder: Path, store: Store | None = None, **options: Any) -> None:
        self.now = options.pop("now", NOON)
        self.notes = options.pop("notes", None) or Notes()
        self.store = store if store is not None else MemoryStore()
        self.folder = folder
        self._numbers = options.pop("numbers", None) or itertools.count(1)
        ids = options.pop("ids", None) or itertools.count(1)
        chosen = options.pop("rules", None) or rules()
        self.dispatch = Dispatch(
            chosen, self.store, folder, outlet=self.notes, utcnow=lambda: self.now, fsync=False,
            threaded=False, new_id=lambda: f"t{next(ids)}", **options,
        )
        self.dispatch.start()
        self.notes.desk = self

    def name(self, call_id: str = "c") -> str:
        return f"{call_id}/{next(self._numbers)}"

    def wait(self, seconds: float, step: float = 1) -> None:
        """Let time pass, running dispatch every `step` seconds as the reactor does."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now = min(end, self.now + timedelta(seconds=step))
            self.dispatch.run()

    def start_call(self, call_id: str = "c", caller: str = "13900001111", drill: bool = False) -> None:
        self.dispatch.tell(
            CallStarted(event_id=self.name(call_id), at=self.now, call_id=call_id, caller=caller, drill=drill)
        )

    def emergency(self, call_id: str = "c", hazard: str = "smell", **fields: Any) -> Incident:
        self.dispatch.tell(
            EmergencyReport(
                event_id=self.name(call_id), at=self.now, call_id=call_id, hazard=hazard,
                place=fields.pop("place", "indoor"), **fields,
            )
        )
        return self.incident(call_id)

    def learn(self, field: str, value: str, confirmed: bool = True, at: tuple[float, float] | None = None,
              call_id: str = "c", parts: dict[str, str] | None = None) -> None:
        latitude, longitude = at if at else (None, None)
        self.dispatch.tell(
            FactReport(
                event_id=self.name(call_id), at=self.now, call_id=call_id, field=field, value=value,
                confirmed=confirmed, latitude=latitude, longitude=longitude, parts=parts or {},
            )
        )

    def located(self, call_id: str = "c", **fields: Any) -> Incident:
        """An emergency near the west station, whose nearest crews are A and B."""
        self.emergency(call_id, **fields)
        self.learn("address", "利州东路10号", at=NEAR_WEST, call_id=call_id)
        return self.incident(call_id)

    def page(self, page_id: str, event: PageEvent, why: str = "") -> None:
        self.dispatch.tell(
            PageReport(event_id=self.name(page_id), at=self.now, page_id=page_id, event=event, why=why)
        )

    def ringing(self, target: str, call_id: str = "c") -> Page:
        """The page that rings at that crew or place now."""
        pages = self.dispatch.pages(self.incident(call_id).key)
        return next(p for p in reversed(pages) if p.target == target and p.state in ("ringing", "answered"))

    def accept(self, target: str, call_id: str = "c") -> None:
        page = self.ringing(target, call_id)
        self.page(page.page_id, PageEvent.ANSWER)
        self.page(page.page_id, PageEvent.ACCEPT)

    def crew(self, crew: str, status: Any, incident: str = "") -> None:
        self.dispatch.tell(
            CrewReport(event_id=self.name(crew), at=self.now, crew=crew, status=status, incident=incident)
        )

    def ask_callback(
        self, number: str, reason: str = "refused", within: float = 30, call_id: str = "r"
    ) -> None:
        self.dispatch.tell(
            CallbackRequest(event_id=self.name(call_id), at=self.now, call_id=call_id, number=number,
                            reason=reason, within_seconds=within)
        )

    def incident(self, call_id: str = "c") -> Incident:
        ticket = next(t for t in self.dispatch.tickets_of_call(call_id) if t.incident)
        found = self.dispatch.incident(ticket.incident)
        assert found is not None
        return found

    def history(self, subject: str) -> list[str]:
        """What happened to it, in order, without the numbers."""
        self.dispatch.run()
        return [row.what for row in self.store.history([subject])]

    def stop(self) -> None:
        self.dispatch.stop()

    def crash_and_start(self, store: Store | None = None, **options: Any) -> Desk:
        """As after SIGKILL: nothing in memory is left."""
        self.dispatch._journal.close()
        options.setdefault("now", self.now)
        options.setdefault("numbers", self._numbers)
        options.setdefault("ids", itertools.count(1000))
        return Desk(self.folder, store if store is not None else self.store, **options)
