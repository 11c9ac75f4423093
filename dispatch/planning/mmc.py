"""The real engine as a textbook's queue: everything at one place, crews that answer at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from dispatch.incident_types import IncidentTypes
from dispatch.joining_policy import Joining
from dispatch.planning.cases import Case
from dispatch.planning.chance import Floats, stream
from dispatch.planning.city import City
from dispatch.planning.demand import Calls
from dispatch.planning.plan import planned
from dispatch.planning.play import Play
from dispatch.policy import Step
from dispatch.rules import Rules

_EVEN = {"median": 1e-6, "spread": 0}


def play_engine(
    rules: Rules, servers: int, load: float, count: int, service_seconds: float, seed: int
) -> Floats:
    """How long each emergency waited until a crew had it, in seconds."""
    city = _city(servers)
    chance = stream(seed, 22)
    at = np.cumsum(chance.exponential(service_seconds / load, count))
    needs = chance.exponential(service_seconds, count)
    play = Play(city, planned(city, _patient(rules)), _nobody(), seed)
    middle = play.rules.stations.stations[0].position
    play.cases = {
        number: Case(
            number=number, at=begin, declared_at=begin, located_at=None, hazard="smell", place="indoor",
            position=middle, make_safe_seconds=0.0, finish_seconds=need, second_crew_seconds=0.0,
            talk_seconds=0.0,
        )
        for number, (begin, need) in enumerate(zip(at.tolist(), needs.tolist(), strict=True))
    }
    rows = sorted(play.run().emergencies, key=lambda row: row.case)
    return np.array([row.on_scene for row in rows if row.on_scene is not None])


def _patient(rules: Rules) -> Rules:
    """As a textbook has it: one crew for one emergency, nobody is asked twice, nobody is reinforced.

    With no crew free the chain pauses for a day, so that only a crew's becoming free ends a wait.
    """
    policy = rules.policy
    chain = (Step(who="free_crews"), Step(who="duty_centre", alarm=True))
    times = policy.times.model_copy(update={"repeat": 86_400.0, "welfare": 86_400.0})
    crews = policy.crews.model_copy(update={"better_by": 86_400.0})
    patient = policy.model_copy(update={"chain": chain, "times": times, "crews": crews})
    return replace(rules, policy=patient, incident_types=IncidentTypes(), joining=Joining())


def _city(servers: int) -> City:
    day = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}
    kind = {"hazard": "smell", "place": "indoor", "share": 1, "make_safe_minutes": _EVEN,
            "finish_minutes": _EVEN}
    business = {"key": "emergency", "name": "抢险", "calls_per_1000_households": 0, "hours": "even",
                "weekdays": "even", "months": "even", "person_share": 0, "talk_seconds": _EVEN}
    place = {"latitude": 32.0, "longitude": 105.0}
    return City.model_validate({
        "title": "M/M/c", "start": date(2026, 1, 1), "days": 3660, "centre_station": "s",
        "areas": [{"key": "a", "name": "a", "households": 1, "radius_km": 0.001} | place],
        "stations": [{"key": "s", "name": "s"} | place],
        "crews": [{"key": str(number), "station": "s"} for number in range(1, servers + 1)],
        "profiles": {"hours": {"even": [1] * 24}, "weekdays": {"even": [1] * 7},
                     "months": {"even": [1] * 12}},
        "demand": {"businesses": [business]},
        "emergencies": {"kinds": [kind], "declared_seconds": _EVEN, "file_share": 1, "located_seconds": _EVEN,
                        "second_crew_minutes": _EVEN},
        "phones": {"night": ["22:00", "07:00"], "answer_seconds": _EVEN, "decide_seconds": _EVEN,
                   "unanswered": {"day": 0, "night": 0}, "declined": 0, "nearly_done_minutes": 0,
                   "people_answer": 0},
        "travel": {"turnout_day_seconds": _EVEN, "turnout_night_seconds": _EVEN, "kmh_by_hour": [60] * 24,
                   "variation": 0},
        "agents": {"shifts": [day | {"agents": 1}], "machine_seconds": _EVEN, "patience_seconds": 1,
                   "answer_within_seconds": 1, "wanted_share": 0.5},
    })


def _nobody() -> Calls:
    empty = np.zeros(0)
    return Calls(empty, empty.astype(int), empty.astype(bool), empty, empty, empty)
