"""What a crew does once it has taken an emergency: roll, drive, make safe, finish, go home."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from dispatch.commands import AnyCommand, CrewReport, CrewStatus
from dispatch.planning.cases import Case
from dispatch.planning.chance import case
from dispatch.planning.fleet import Drive, Task, Vehicle
from dispatch.planning.travel import Roads
from dispatch.planning.world import World
from dispatch.rules import Rules


class Stage(Protocol):
    """What crews need of the play."""

    world: World
    rules: Rules
    seed: int

    def tell(self, make: Callable[[str, datetime], AnyCommand]) -> None: ...

    def case_of(self, incident_id: str) -> Case: ...

    def is_open(self, incident_id: str) -> bool: ...


class Journeys:
    """All crews of one play."""

    def __init__(self, stage: Stage, roads: Roads) -> None:
        self._stage = stage
        self.roads = roads
        stations = stage.rules.stations
        self.vehicles = {
            crew.key: Vehicle(crew, stations.position_of(crew)) for crew in stations.crews
        }
        self._at_work: dict[str, list[tuple[Vehicle, Task]]] = {}
        """By incident: who has taken it and is not done."""
        self._safe: set[str] = set()

    def will_take(self, crew: str, nearly_done_seconds: float) -> bool:
        vehicle = self.vehicles[crew]
        left = vehicle.free_at - self._stage.world.seconds
        return not vehicle.busy or (len(vehicle.tasks) == 1 and left <= nearly_done_seconds)

    def take(self, crew: str, incident: str) -> None:
        """It said yes on the phone."""
        vehicle = self.vehicles[crew]
        if any(task.incident == incident for task in vehicle.tasks):
            return
        task = Task(incident, self._stage.case_of(incident).number, self._stage.world.seconds)
        vehicle.tasks.append(task)
        self._at_work.setdefault(incident, []).append((vehicle, task))
        if len(vehicle.tasks) == 1:
            self._turn_out(vehicle, task)

    def _chance(self, vehicle: Vehicle, task: Task) -> random.Random:
        return case(self._stage.seed, "drive", vehicle.crew.key, task.case)

    def _turn_out(self, vehicle: Vehicle, task: Task) -> None:
        seconds = self.roads.turnout_seconds(self._chance(vehicle, task), self._stage.world.seconds)
        vehicle.free_at = self._stage.world.seconds + seconds + 3600
        self._stage.world.after(seconds, lambda: self._roll(vehicle, task))

    def _roll(self, vehicle: Vehicle, task: Task) -> None:
        if task.over:
            return
        if not self._stage.is_open(task.incident) or task.incident in self._safe:
            self._leave(vehicle, task)
            return
        at, found = self._stage.world.seconds, self._stage.case_of(task.incident)
        task.rolled_at = at
        start = vehicle.position(at)
        vehicle.drive, vehicle.last_place = None, start
        chance = self._chance(vehicle, task)
        chance.random()
        seconds = self.roads.drive_seconds(chance, start, found.position, at)
        vehicle.driven_km += self.roads.km(start, found.position)
        self._report(vehicle, task, "en_route")
        self._stage.world.after(seconds, lambda: self._arrive(vehicle, task))

    def _arrive(self, vehicle: Vehicle, task: Task) -> None:
        if task.over:
            return
        found, now = self._stage.case_of(task.incident), self._stage.world.seconds
        task.arrived_at, vehicle.last_place = now, found.position
        self._report(vehicle, task, "on_scene")
        first = not any(t.arrived_at is not None for _, t in self._others(vehicle, task))
        if first and task.incident not in self._safe:
            vehicle.free_at = now + found.make_safe_seconds + found.finish_seconds
            self._stage.world.after(found.make_safe_seconds, lambda: self._made_safe(vehicle, task))
        else:
            vehicle.free_at = now + found.second_crew_seconds
            self._stage.world.after(found.second_crew_seconds, lambda: self._leave(vehicle, task))

    def _others(self, vehicle: Vehicle, task: Task) -> list[tuple[Vehicle, Task]]:
        return [pair for pair in self._at_work.get(task.incident, []) if pair[0] is not vehicle]

    def _made_safe(self, vehicle: Vehicle, task: Task) -> None:
        if task.over:
            return
        self._safe.add(task.incident)
        self._report(vehicle, task, "made_safe")
        for other, theirs in self._others(vehicle, task):
            if theirs.arrived_at is None:
                self._leave(other, theirs)
        finish = self._stage.case_of(task.incident).finish_seconds
        self._stage.world.after(finish, lambda: self._leave(vehicle, task))

    def _leave(self, vehicle: Vehicle, task: Task) -> None:
        """Cleared: the next that it has taken, or home."""
        if task.over:
            return
        task.over = True
        now = self._stage.world.seconds
        vehicle.tasks.remove(task)
        self._at_work[task.incident] = self._others(vehicle, task)
        vehicle.count_busy(task.taken_at, now)
        vehicle.cleared += 1
        self._report(vehicle, task, "cleared")
        if vehicle.tasks:
            self._turn_out(vehicle, vehicle.tasks[0])
            return
        place = vehicle.position(now)
        seconds = self.roads.drive_seconds(self._chance(vehicle, task), place, vehicle.home, now)
        vehicle.drive = Drive(place, vehicle.home, now, now + seconds)

    def _report(self, vehicle: Vehicle, task: Task, status: CrewStatus) -> None:
        self._stage.tell(lambda name, now: CrewReport(
            event_id=name, at=now, crew=vehicle.crew.key, status=status, incident=task.incident
        ))
