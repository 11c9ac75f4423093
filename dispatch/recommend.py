"""Who is rung next: a pure reading of chain, roster, positions and what has been tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dispatch.crews import Contact, Crew
from dispatch.distance import Position
from dispatch.model import Incident, TargetKind
from dispatch.policy import Step
from dispatch.rules import Rules

NOBODY_ON_DUTY = ("crews", "nobody on duty")


@dataclass(frozen=True, slots=True)
class Choice:
    """Ring these people together."""

    step: int
    kind: TargetKind
    target: str
    contacts: tuple[Contact, ...]
    mark: str
    """Kept in `Incident.targets_paged`, so that nobody is rung twice in a round."""
    distance_km: float | None = None


@dataclass(slots=True)
class Search:
    """What was looked at; `passed_over` says why somebody was not rung."""

    choice: Choice | None = None
    passed_over: list[tuple[str, str]] = field(default_factory=list)


def place_of(incident: Incident) -> Position | None:
    if incident.latitude is None or incident.longitude is None:
        return None
    return Position(incident.latitude, incident.longitude)


def crew_distance_km(rules: Rules, crew: Crew, place: Position | None) -> float | None:
    if place is None:
        return None
    return rules.road_distance().km(rules.stations.position_of(crew), place)


def nearest_station_km(rules: Rules, now: datetime, place: Position) -> float:
    """From the nearest station on duty; with nobody on duty, from the nearest of all."""
    crews = rules.stations.crews_on_duty(now, rules.timezone)
    keys = {crew.station for crew in crews} or {station.key for station in rules.stations.stations}
    roads = rules.road_distance()
    return min(roads.km(s.position, place) for s in rules.stations.stations if s.key in keys)


def ranked(rules: Rules, now: datetime, place: Position | None) -> list[tuple[Crew, float | None]]:
    """Crews on duty, the nearest first; for an unknown place those of the centre station."""
    stations = rules.stations
    crews = stations.crews_on_duty(now, rules.timezone)
    centre = stations.station(stations.centre_station)
    assert centre is not None, "checked when the file was read"
    goal = centre.position if place is None else place
    roads = rules.road_distance()
    used = {crew.station for crew in crews}
    # Measured once for each station: a routing service may be slow, and crews share stations.
    away = {s.key: roads.km(s.position, goal) for s in stations.stations if s.key in used}
    nearest = sorted(crews, key=lambda crew: away[crew.station])
    return [(crew, None if place is None else away[crew.station]) for crew in nearest]


def next_target(rules: Rules, incident: Incident, now: datetime, *, busy: set[str], has_it: set[str],
                informed: set[str]) -> Search:
    """The next of the chain, or no choice when the chain has ended.

    `busy`: crews with another incident; `has_it`: crews that have this one; `informed`: kinds of
    people (`fire` …) of this incident who have picked up before.
    """
    search = Search()
    chain = rules.policy.chain
    for index in range(incident.step, len(chain)):
        step = chain[index]
        if step.who in ("free_crews", "all_crews"):
            search.choice = _crew(rules, incident, now, index, step, busy, has_it, search)
        else:
            search.choice = _people(rules, incident, index, step, informed, search)
        if search.choice is not None:
            return search
    return search


def _crew(
    rules: Rules, incident: Incident, now: datetime, index: int, step: Step,
    busy: set[str], has_it: set[str], search: Search,
) -> Choice | None:
    tried = [mark for mark in incident.targets_paged if mark.startswith(f"{index}:")]
    if step.at_most is not None and len(tried) >= step.at_most:
        return None
    crews = ranked(rules, now, place_of(incident))
    if not crews:
        search.passed_over.append(NOBODY_ON_DUTY)
    for crew, distance_km in crews:
        if crew.key in has_it:
            continue
        rung = _rung_level(incident, crew.key)
        local = now.astimezone(rules.timezone)
        contacts = tuple(c for c, level in crew.on_duty(local) if rung < level <= step.on_call)
        if not contacts:
            if rung == 0:
                search.passed_over.append((crew.key, f"nobody on call level {step.on_call}"))
            continue
        if step.who == "free_crews" and crew.key in busy:
            search.passed_over.append((crew.key, "busy with another incident"))
            continue
        mark = f"{index}:{crew.key}@{step.on_call}"
        return Choice(index, "crew", crew.key, contacts, mark, distance_km)
    return None


def _people(
    rules: Rules, incident: Incident, index: int, step: Step, informed: set[str], search: Search
) -> Choice | None:
    stations = rules.stations
    kinds: dict[str, tuple[TargetKind, tuple[Contact, ...]]] = {
        "duty_centre": ("duty_centre", stations.duty_centre),
        "leaders": ("leader", stations.leaders),
        "fire": ("fire", (stations.fire,)),
    }
    kind, contacts = kinds[step.who]
    mark = f"{index}:{step.who}"
    if mark in incident.targets_paged:
        return None
    if incident.drill and kind == "fire":
        search.passed_over.append((step.who, "a drill: 119 is not rung"))
        return None
    if incident.round > 0 and not step.every_round and kind in informed:
        search.passed_over.append((step.who, "informed in an earlier round"))
        return None
    return Choice(index, kind, step.who, contacts, mark)


def _rung_level(incident: Incident, crew: str) -> int:
    """Up to which on-call level the crew has been rung in this round."""
    marks = (mark.split(":", 1)[1] for mark in incident.targets_paged)
    levels = [int(mark.rsplit("@", 1)[1]) for mark in marks if mark.rsplit("@", 1)[0] == crew and "@" in mark]
    return max(levels, default=0)
