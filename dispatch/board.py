"""The crews at one moment: who is on duty, what each does, where it is. Read only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from dispatch.crew_states import JOB_OPEN, UnitState
from dispatch.crews import Crew
from dispatch.distance import Position
from dispatch.duty import OnDuty, change_of
from dispatch.model import COVERING, HELD, Assignment, Incident, Put
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.units import CrewUnit, DutyChange, Job

Kind = TypeVar("Kind", bound=Put)
_ORDER = ("assigned", "acknowledged", "en_route", "on_scene", "made_safe")


class Records(Protocol):
    """The state, or a unit of work over it."""

    def get(self, kind: type[Kind], key: str) -> Kind | None: ...

    def live(self, kind: type[Kind]) -> list[Kind]: ...

    @property
    def elsewhere(self) -> State | None:
        """What other nodes have open."""
        ...


class Board:
    """Made for one decision; what it finds out is kept as long as it lives."""

    def __init__(self, rules: Rules, records: Records, now: datetime) -> None:
        self.rules = rules
        self.now = now
        self._records = records
        self.local = now.astimezone(rules.timezone)
        self._work: tuple[dict[str, list[Assignment]], dict[str, list[Job]]] | None = None
        self._changes = tuple(change_of(one, rules.timezone) for one in records.live(DutyChange))
        self._duty: dict[str, OnDuty] = {}
        self._skills: dict[str, frozenset[str]] = {}

    def _in_hand(self) -> tuple[dict[str, list[Assignment]], dict[str, list[Job]]]:
        """What each crew has, as it was when that was first asked: many boards are asked for a place only."""
        if self._work is None:
            self._work = {}, {}
            self._take(self._records, *self._work)
            if self._records.elsewhere is not None:
                self._take(self._records.elsewhere, *self._work)
        return self._work

    @staticmethod
    def _take(
        records: Records, assignments: dict[str, list[Assignment]], jobs: dict[str, list[Job]]
    ) -> None:
        for assignment in records.live(Assignment):
            incident = records.get(Incident, assignment.incident)
            if incident is not None and incident.open:
                assignments.setdefault(assignment.crew, []).append(assignment)
        for job in records.live(Job):
            jobs.setdefault(job.crew, []).append(job)

    def unit(self, crew: str) -> CrewUnit | None:
        return self._records.get(CrewUnit, crew)

    def incident(self, key: str) -> Incident | None:
        return self._records.get(Incident, key)

    def on_duty(self, crew: Crew) -> OnDuty:
        """By the roster and its changes; being off duty by one's own word changes nothing here."""
        found = self._duty.get(crew.key)
        if found is None:
            stations, roster = self.rules.stations, self.rules.roster
            found = self._duty[crew.key] = roster.on_duty(stations, crew, self.local, self._changes)
        return found

    def crews_on_duty(self) -> list[Crew]:
        """In the order of the file, neighbours' too."""
        return [crew for crew in self.rules.stations.crews if self.on_duty(crew)]

    def emergencies(self, crew: str) -> list[Assignment]:
        """Its assignments to open incidents, also those that it was only paged for."""
        return self._in_hand()[0].get(crew, [])

    def taken(self, crew: str, *, besides: str = "", drills: bool = True) -> list[Assignment]:
        """Those that it has taken, of other incidents than `besides`."""
        mine = self.emergencies(crew)
        return mine and [
            a for a in mine
            if a.state in COVERING and a.incident != besides and (drills or not a.drill)
        ]

    def jobs(self, crew: str) -> list[Job]:
        """Its ordinary work that is not over, the one in hand first."""
        mine = [job for job in self._in_hand()[1].get(crew, ()) if job.state in JOB_OPEN]
        if len(mine) < 2:
            return mine
        return sorted(mine, key=lambda job: (-_ORDER.index(job.state), job.assigned_at, job.key))

    def standing(self, crew: Crew) -> UnitState:
        """What was said of it, apart from all work."""
        unit = self.unit(crew.key)
        if unit is None:
            return UnitState.AVAILABLE
        if unit.out_at is not None:
            return UnitState.OUT_OF_SERVICE
        if unit.off_duty_at is not None and not self._new_shift(crew, unit.off_duty_at):
            return UnitState.OFF_DUTY
        if unit.returning_until is not None and unit.returning_until > self.now:
            return UnitState.RETURNING
        return UnitState.AVAILABLE

    def _new_shift(self, crew: Crew, since: datetime) -> bool:
        began = self.rules.roster.shift_began(crew, self.local)
        return began is not None and began > since.astimezone(self.rules.timezone).replace(tzinfo=None)

    def state(self, crew: Crew) -> UnitState:
        """The furthest of the work that it has taken, else what was said of it, else that it is paged."""
        mine = self.emergencies(crew.key)
        if not mine and crew.key not in self._in_hand()[1]:
            return self.standing(crew)
        steps = [_ORDER.index(a.state) for a in mine if a.state in COVERING]
        steps += [_ORDER.index(job.state) for job in self.jobs(crew.key)]
        furthest = max(steps, default=-1)
        if furthest > 0:
            return UnitState(_ORDER[furthest])
        standing = self.standing(crew)
        if standing in (UnitState.OUT_OF_SERVICE, UnitState.OFF_DUTY):
            return standing
        if furthest == 0 or any(a.state in HELD for a in mine):
            return UnitState.ASSIGNED
        return standing

    def position(self, crew: Crew) -> tuple[Position, bool]:
        """Where it is taken to be, and whether that was reported lately (else: its station)."""
        unit = self.unit(crew.key)
        fresh = timedelta(seconds=self.rules.policy.crews.position_fresh)
        if (
            unit is not None and unit.position_at is not None and self.now - unit.position_at <= fresh
            and unit.latitude is not None and unit.longitude is not None
        ):
            return Position(unit.latitude, unit.longitude), True
        return self.rules.stations.position_of(crew), False

    def km_from(self, crew: Crew, latitude: float, longitude: float) -> float:
        """By road from where it is."""
        return self.rules.road_distance().km(self.position(crew)[0], Position(latitude, longitude))

    def skilled(self, crew: Crew, skills: Sequence[str]) -> tuple[str, ...]:
        """Which of these skills nobody of the crew on duty has."""
        if not skills:
            return ()
        have = self._skills.get(crew.key)
        if have is None:
            found = self.rules.roster.skills_of(crew, self.on_duty(crew), self.local.date())
            have = self._skills[crew.key] = found
        return tuple(skill for skill in skills if skill not in have)

    def equipped(self, crew: Crew, equipment: Iterable[str]) -> tuple[str, ...]:
        """Which of these pieces the crew lacks."""
        return tuple(piece for piece in equipment if not self.rules.stations.has(crew, piece))
