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

    def crews_wanted(self, incident_id: str) -> int: ...


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
        self._lead: dict[str, str] = {}
        """Who arrived first and does the work, by incident."""

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
        if not self._stage.is_open(task.incident):
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
        if task.incident not in self._lead:
            self._lead[task.incident] = vehicle.crew.key
            vehicle.free_at = now + found.make_safe_seconds + found.finish_seconds
            self._stage.world.after(found.make_safe_seconds, lambda: self._made_safe(vehicle, task))
        else:
            self._find_another(vehicle, task)
        self._send_home(task.incident)

    def _find_another(self, vehicle: Vehicle, task: Task) -> None:
        """It stays until the first has done when the engine wants both, else for a look."""
        if len(self._on(task.incident)) <= self._stage.crews_wanted(task.incident):
            first = self.vehicles[self._lead[task.incident]]
            vehicle.free_at = max(first.free_at, self._stage.world.seconds)
            return
        stay = self._stage.case_of(task.incident).second_crew_seconds
        vehicle.free_at = self._stage.world.seconds + stay
        self._stage.world.after(stay, lambda: self._leave(vehicle, task))

    def _send_home(self, incident: str) -> None:
        """The dispatcher turns back who is still far, once as many as are wanted are there."""
        here = [pair for pair in self._on(incident) if pair[1].arrived_at is not None]
        if len(here) >= self._stage.crews_wanted(incident):
            for vehicle, task in self._on(incident):
                if task.arrived_at is None:
                    self._leave(vehicle, task)

    def _on(self, incident: str) -> list[tuple[Vehicle, Task]]:
        """Who has taken it and is not done."""
        return list(self._at_work.get(incident, []))

    def _made_safe(self, vehicle: Vehicle, task: Task) -> None:
        if task.over:
            return
        self._report(vehicle, task, "made_safe")
        finish = self._stage.case_of(task.incident).finish_seconds
        self._stage.world.after(finish, lambda: self._done(vehicle, task))

    def _done(self, vehicle: Vehicle, task: Task) -> None:
        """The first crew has finished: the leak is re-checked, and the others leave with it."""
        if task.over:
            return
        self._report(vehicle, task, "rechecked", "no_gas")
        for other, theirs in self._on(task.incident):
            self._leave(other, theirs)

    def _leave(self, vehicle: Vehicle, task: Task) -> None:
        """Cleared: the next that it has taken, or home."""
        if task.over:
            return
        task.over = True
        now = self._stage.world.seconds
        vehicle.tasks.remove(task)
        self._at_work[task.incident] = [pair for pair in self._on(task.incident) if pair[1] is not task]
        vehicle.count_busy(task.taken_at, now)
        vehicle.cleared += 1
        self._report(vehicle, task, "cleared")
        if vehicle.tasks:
            self._turn_out(vehicle, vehicle.tasks[0])
            return
        place = vehicle.position(now)
        seconds = self.roads.drive_seconds(self._chance(vehicle, task), place, vehicle.home, now)
        vehicle.drive = Drive(place, vehicle.home, now, now + seconds)

    def _report(self, vehicle: Vehicle, task: Task, status: CrewStatus, note: str = "") -> None:
        place = vehicle.position(self._stage.world.seconds)
        self._stage.tell(lambda name, now: CrewReport(
            event_id=name, at=now, crew=vehicle.crew.key, status=status, incident=task.incident, note=note,
            latitude=place.latitude, longitude=place.longitude,
        ))
