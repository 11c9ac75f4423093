"""Plays the emergencies of a city through the real engine: callers, phones, crews and a clock that jumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta

from dispatch.commands import (
    AnyCommand,
    CallOver,
    CallStarted,
    CrewReport,
    EmergencyReport,
    FactReport,
    PageReport,
    Receipt,
)
from dispatch.model import Incident
from dispatch.planning.cases import Case, make_cases
from dispatch.planning.city import City
from dispatch.planning.core import Core
from dispatch.planning.demand import DAY, HOUR, Calls
from dispatch.planning.journey import Journeys
from dispatch.planning.outlet import PlayedOutlet
from dispatch.planning.records import CrewYear, Emergency, Played, by_case, case_number, emergency_of
from dispatch.planning.travel import Roads
from dispatch.planning.world import World
from dispatch.protocols import needs
from dispatch.rules import Rules
from dispatch.states import PageEvent

Progress = Callable[[float], None]
"""Told the share that is done."""
LONGEST_TAIL = 2 * DAY
"""What is open at the end may go on for so long."""


def no_progress(share: float) -> None:
    pass


class Play:
    """One run."""

    def __init__(self, city: City, rules: Rules, calls: Calls, seed: int) -> None:
        self.city, self.rules, self.seed = city, rules, seed
        self.world = World(first_moment(city, rules))
        self.core = Core(rules, self.world.now)
        self.cases = {case.number: case for case in make_cases(city, calls, seed)}
        self.closed: dict[str, Emergency] = {}
        self._case_of: dict[str, int] = {}
        self.outlet = PlayedOutlet(self)
        self.journeys = Journeys(self, Roads(city, rules.road_distance()))
        self._names = 0
        self.core.state.watchers.append(self._watch)

    def run(self, progress: Progress = no_progress) -> Played:
        """Everything until the last emergency is closed."""
        for case in self.cases.values():
            self.world.at(case.at, lambda case=case: self._call(case))  # type: ignore[misc]
        end, told = self.city.days * DAY, 0.0
        while (moment := self._next()) is not None and moment < end + LONGEST_TAIL:
            if moment >= told:
                progress(min(1.0, moment / end))
                told = moment + end / 200
            self._step(moment)
        return self._outcome()

    def _next(self) -> float | None:
        wake = self.core.next_wake(self.world.now)
        planned = self.world.next_at()
        moments = [m for m in (planned, self.world.since_begin(wake) if wake else None) if m is not None]
        return min(moments, default=None)

    def _step(self, moment: float) -> None:
        planned = self.world.next_at()
        if planned is not None and planned <= moment:
            self.world.step()
            return
        self.world.seconds = max(self.world.seconds, moment)
        self.core.run(self.outlet, self.world.now)

    # ---- told by callers, phones and crews
    def tell(self, make: Callable[[str, datetime], AnyCommand]) -> None:
        """A command with a name of its own and the time."""
        self._names += 1
        now = self.world.now
        self.core.tell(make(f"p{self._names}", now), self.outlet, now)

    def receipt(self, effect_id: str) -> None:
        self.world.after(0, lambda: self.tell(
            lambda name, now: Receipt(event_id=name, at=now, effect_id=effect_id)
        ))

    def case_of(self, incident_id: str) -> Case:
        """Raises LookupError for an incident that nobody has played."""
        if incident_id not in self._case_of:
            incident = self.core.state.get(Incident, incident_id)
            if incident is None:
                raise LookupError(incident_id)
            self._case_of[incident_id] = case_number(self.core.state, incident)
        return self.cases[self._case_of[incident_id]]

    def _call(self, case: Case) -> None:
        self.tell(lambda name, now: CallStarted(
            event_id=name, at=now, call_id=case.call_id, caller=f"139{case.number:08d}"
        ))
        self.world.at(case.declared_at, lambda: self._declare(case))
        self.world.at(
            max(case.at + case.talk_seconds, case.declared_at, case.located_at or 0) + 1,
            lambda: self.tell(lambda name, now: CallOver(event_id=name, at=now, call_id=case.call_id)),
        )

    def _declare(self, case: Case) -> None:
        known = case.located_at is None
        self.tell(lambda name, now: EmergencyReport(
            event_id=name, at=now, call_id=case.call_id, hazard=case.hazard, place=case.place,
            file_address=f"地址{case.number}" if known else "",
            file_latitude=case.position.latitude if known else None,
            file_longitude=case.position.longitude if known else None,
        ))
        if case.located_at is not None:
            self.world.at(case.located_at, lambda: self._locate(case))

    def _locate(self, case: Case) -> None:
        self.tell(lambda name, now: FactReport(
            event_id=name, at=now, call_id=case.call_id, field="address", value=f"地址{case.number}",
            confirmed=True, latitude=case.position.latitude, longitude=case.position.longitude,
        ))

    # ---- asked by phones and crews
    def tell_page(self, page_id: str, event: PageEvent, why: str) -> None:
        self.tell(lambda name, now: PageReport(event_id=name, at=now, page_id=page_id, event=event, why=why))

    def will_take(self, crew: str, nearly_done_seconds: float) -> bool:
        return self.journeys.will_take(crew, nearly_done_seconds)

    def takes(self, crew: str, incident: str) -> None:
        self.journeys.take(crew, incident)

    def is_well(self, crew: str, incident: str) -> None:
        self.world.after(5, lambda: self.tell(lambda name, now: CrewReport(
            event_id=name, at=now, crew=crew, status="well", incident=incident
        )))

    def is_night(self) -> bool:
        return self.journeys.roads.is_night(self.world.seconds)

    def is_open(self, incident_id: str) -> bool:
        incident = self.core.state.get(Incident, incident_id)
        return incident is not None and incident.open

    def crews_wanted(self, incident_id: str) -> int:
        """As many as the incident's type and its crews ask for."""
        incident = self.core.state.get(Incident, incident_id)
        return max(1, incident.crews_wanted, needs(self.rules, incident).crews) if incident else 1

    # ---- the outcome
    def _watch(self, record: object) -> None:
        if isinstance(record, Incident) and record.closed_at is not None and record.key not in self.closed:
            number = self.case_of(record.key).number
            self.closed[record.key] = emergency_of(self.core.state, record, number, self.world.begin)

    def _outcome(self) -> Played:
        open_now = self.core.state.open_incidents()
        rows = dict(self.closed)
        for incident in open_now:
            number = self.case_of(incident.key).number
            rows[incident.key] = emergency_of(self.core.state, incident, number, self.world.begin)
        return Played(
            emergencies=by_case(rows), crews=tuple(self._crew_years()), alarms=self.outlet.alarms,
            decisions=self.core.told + self.core.runs, unfinished=len(open_now),
        )

    def _crew_years(self) -> Iterator[CrewYear]:
        duty = duty_hours(self.rules, self.world.begin, self.city.days)
        for key, vehicle in self.journeys.vehicles.items():
            yield CrewYear(
                key=key, name=vehicle.crew.name, station=vehicle.crew.station, duty_hours=duty.get(key, 0.0),
                busy_hours=vehicle.busy_seconds / HOUR, tasks=vehicle.cleared, driven_km=vehicle.driven_km,
                busy_by_hour=tuple(vehicle.busy_by_hour),
            )


def first_moment(city: City, rules: Rules) -> datetime:
    """Local midnight of the first day."""
    return datetime.combine(city.start, time(), rules.timezone).astimezone(UTC)


def duty_hours(rules: Rules, begin: datetime, days: int) -> Counter[str]:
    """How many hours each crew is on duty, by the roster, asked every hour."""
    found: Counter[str] = Counter()
    for hour in range(days * 24):
        now = begin + timedelta(hours=hour, minutes=30)
        found.update(crew.key for crew in rules.stations.crews_on_duty(now, rules.timezone))
    return found
