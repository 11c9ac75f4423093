"""The people who answer calls: a queue, emergencies first, then in order of arrival.

Callers wait until their patience ends and are called back then (which is counted, not played).
Whoever has begun a talk finishes it, also past the end of the shift.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dispatch.planning.chance import Floats, draws, stream
from dispatch.planning.city import City
from dispatch.planning.demand import DAY, Calls
from dispatch.planning.week import HALF_HOUR, at, weekly

_MACHINE, _PATIENCE = 11, 12
Staff = Callable[[float], int]
"""Seconds from the beginning → how many are there."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What became of every caller who wanted a person, in order of asking."""

    asked: Floats
    """Seconds from the beginning."""
    wait: Floats
    """Seconds until answered, or until he hung up."""
    answered: npt.NDArray[np.bool_]
    talk: Floats
    urgent: npt.NDArray[np.bool_]


def play_calls(city: City, calls: Calls, seed: int, extra_agents: int = 0) -> Queue:
    """The whole period of one city's calls."""
    wants = calls.person
    machine = draws(stream(seed, _MACHINE), city.agents.machine_seconds, len(calls))
    asked = (calls.at + machine)[wants]
    order = np.argsort(asked, kind="stable")
    emergency = [business.key for business in city.demand.businesses].index("emergency")
    patience = stream(seed, _PATIENCE).exponential(city.agents.patience_seconds, len(order))
    return queue(
        asked[order], calls.talk[wants][order], patience, (calls.business == emergency)[wants][order],
        on_duty(city, extra_agents), step=HALF_HOUR,
    )


def on_duty(city: City, extra_agents: int = 0) -> Staff:
    """How many answer at a moment, by the shifts; the extra ones whenever anybody does."""
    table = weekly((some.days, some.start, some.end, some.agents) for some in city.agents.shifts)

    def staff(seconds: float) -> int:
        found = at(table, city.start, seconds)
        return found + extra_agents if found else 0

    return staff


def queue(
    asked: Floats, talk: Floats, patience: Floats, urgent: npt.NDArray[np.bool_], staff: Staff, *,
    step: float = DAY,
) -> Queue:
    """Play it. `step`: how often the staff may change, in seconds; all times of `asked` ascend."""
    player = _Player(asked.tolist(), talk.tolist(), patience.tolist(), urgent.tolist(), staff, step)
    player.play()
    return Queue(asked, np.array(player.wait), np.array(player.answered, dtype=bool), talk, urgent)


class _Player:
    def __init__(
        self, asked: list[float], talk: list[float], patience: list[float], urgent: list[bool],
        staff: Staff, step: float,
    ) -> None:
        self.asked, self.talk, self.patience, self.urgent = asked, talk, patience, urgent
        self.staff, self.step = staff, step
        self.wait = [0.0] * len(asked)
        self.answered = [False] * len(asked)
        self._ends: list[float] = []
        """When each running talk ends."""
        self._waiting: tuple[deque[int], deque[int]] = (deque(), deque())
        """Urgent callers, and the others."""
        self._staff_from, self._agents = -1.0, 0

    def play(self) -> None:
        for index, now in enumerate(self.asked):
            self._until(now)
            self._waiting[0 if self.urgent[index] else 1].append(index)
            self._answer(now)
        while any(self._waiting):
            self._until(self._next_moment(self._staff_from))

    def _until(self, now: float) -> None:
        """Everything that ends or changes before now, in order."""
        while any(self._waiting):
            moment = self._next_moment(self._staff_from)
            if moment > now:
                return
            self._answer(moment)
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)

    def _next_moment(self, since: float) -> float:
        change = since + self.step
        return min(self._ends[0], change) if self._ends else change

    def _answer(self, now: float) -> None:
        """Whoever is free takes the next caller."""
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        if now >= self._staff_from + self.step or self._staff_from < 0:
            self._staff_from = now // self.step * self.step
            self._agents = self.staff(now)
        while len(self._ends) < self._agents and (index := self._next_caller(now)) is not None:
            self.wait[index] = now - self.asked[index]
            self.answered[index] = True
            heapq.heappush(self._ends, now + self.talk[index])

        if not self._agents:
            self._let_go(now)

    def _next_caller(self, now: float) -> int | None:
        self._let_go(now)
        return next((waiting.popleft() for waiting in self._waiting if waiting), None)

    def _let_go(self, now: float) -> None:
        """Who stands first and has hung up meanwhile."""
        for waiting in self._waiting:
            while waiting and now - self.asked[waiting[0]] > self.patience[waiting[0]]:
                index = waiting.popleft()
                self.wait[index] = self.patience[index]
