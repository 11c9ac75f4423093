"""How callers fare who want a person, hour by hour, and how many people it takes by theory and by play."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dispatch.planning import erlang
from dispatch.planning.chance import Floats
from dispatch.planning.city import City
from dispatch.planning.demand import DAY, HOUR
from dispatch.planning.figures import Share, Times, share, times
from dispatch.planning.operators import Queue, on_duty

BUSY_DAY = 0.9
"""A busy day: one that so many days do not pass."""


@dataclass(frozen=True, slots=True)
class AgentHour:
    """One hour of the day, over all working days (Monday to Friday) of the period."""

    hour: int
    calls: float
    """Callers who want a person in a mean hour."""
    busy_day_calls: float
    on_duty: int
    within: float | None
    """The share answered within the company's time."""
    mean_wait: float | None
    occupancy: float
    """The share of the agents' time that they talk."""
    needed: int
    """By Erlang C, for the company's wish in a mean hour."""
    needed_busy_day: int


@dataclass(frozen=True, slots=True)
class Answering:
    """The whole period."""

    callers: int
    answered: int
    hung_up: Share
    within: Share
    """Answered within the company's time, of all who asked for a person."""
    wanted_share: float
    within_seconds: float
    wait: Times
    """Of those who were answered."""
    emergency_wait: Times
    """Of emergencies: their crew is paged meanwhile, whoever answers."""
    mean_talk_seconds: float
    hours: tuple[AgentHour, ...]


def answering(city: City, queue: Queue) -> Answering:
    limit = city.agents.answer_within_seconds
    good = queue.answered & (queue.wait <= limit)
    asked = queue.asked.tolist()
    talk = float(queue.talk.mean()) if len(queue.talk) else 0.0
    return Answering(
        callers=len(asked), answered=int(queue.answered.sum()),
        hung_up=share(zip(asked, (~queue.answered).tolist(), strict=True)),
        within=share(zip(asked, good.tolist(), strict=True)), wanted_share=city.agents.wanted_share,
        within_seconds=limit, wait=times(queue.wait[queue.answered].tolist()),
        emergency_wait=times(queue.wait[queue.answered & queue.urgent].tolist()), mean_talk_seconds=talk,
        hours=_hours(city, queue, good, talk),
    )


def _hours(city: City, queue: Queue, good: npt.NDArray[np.bool_], talk: float) -> tuple[AgentHour, ...]:
    days = (queue.asked // DAY).astype(int)
    weekday = (days + city.start.weekday()) % 7
    working = sum(1 for day in range(city.days) if (day + city.start.weekday()) % 7 < 5)
    if not working:
        return ()
    hour = (queue.asked % DAY // HOUR).astype(int)
    office = weekday < 5
    staff = on_duty(city)
    monday = (-city.start.weekday()) % 7 * DAY
    return tuple(
        _hour(city, queue, good, talk, number, office & (hour == number), days, working,
              staff(monday + number * HOUR))
        for number in range(24)
    )


def _hour(
    city: City, queue: Queue, good: npt.NDArray[np.bool_], talk: float, number: int,
    mine: npt.NDArray[np.bool_], days: npt.NDArray[np.int64], working: int, agents: int,
) -> AgentHour:
    counts = np.zeros(working)
    per_day = np.unique(days[mine], return_counts=True)[1]
    counts[: len(per_day)] = per_day
    mean, busy = float(counts.mean()), float(np.quantile(counts, BUSY_DAY))
    answered = queue.wait[mine & queue.answered]
    return AgentHour(
        hour=number, calls=mean, busy_day_calls=busy, on_duty=agents,
        within=float(good[mine].mean()) if mine.any() else None,
        mean_wait=float(answered.mean()) if len(answered) else None,
        occupancy=_occupancy(queue.talk[mine & queue.answered], agents, working),
        needed=_needed(city, mean, talk), needed_busy_day=_needed(city, busy, talk),
    )


def _occupancy(talk: Floats, agents: int, working: int) -> float:
    there = agents * working * HOUR
    return float(talk.sum()) / there if there else 0.0


def _needed(city: City, calls: float, talk: float) -> int:
    if not calls or not math.isfinite(talk) or not talk:
        return 0
    wish = city.agents
    return erlang.servers_for(calls * talk / HOUR, talk, wish.answer_within_seconds, wish.wanted_share)
