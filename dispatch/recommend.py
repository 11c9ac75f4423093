"""Who is rung next: a pure reading of chain, roster, positions and what has been tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dispatch.board import Board, Kind
from dispatch.candidates import Candidate, Wanted, candidate, candidates, helping
from dispatch.crews import Contact, Crew
from dispatch.distance import Position
from dispatch.model import Incident, TargetKind
from dispatch.policy import Step
from dispatch.protocols import needs
from dispatch.rules import Rules
from dispatch.state import State

NOBODY_ON_DUTY = ("crews", "nobody on duty")
CREW_STEPS = ("free_crews", "all_crews", "mutual_aid")


class Nothing:
    """Crews of which nothing is known but the roster."""

    elsewhere: State | None = None

    def get(self, kind: type[Kind], key: str) -> Kind | None:
        return None

    def live(self, kind: type[Kind]) -> list[Kind]:
        return []


NOTHING = Nothing()


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
    why: str = ""
    """Why this crew and not another one."""


@dataclass(slots=True)
class Search:
    """What was looked at; `passed_over` says why somebody was not rung."""

    choice: Choice | None = None
    passed_over: list[tuple[str, str]] = field(default_factory=list)


def place_of(incident: Incident) -> Position | None:
    if incident.latitude is None or incident.longitude is None:
        return None
    return Position(incident.latitude, incident.longitude)


def crew_distance_km(
    rules: Rules, crew: Crew, place: Position | None, board: Board | None = None
) -> float | None:
    """From where its vehicle is, if that is known, else from its station."""
    if place is None:
        return None
    start = rules.stations.position_of(crew) if board is None else board.position(crew)[0]
    return rules.road_distance().km(start, place)


def nearest_station_km(rules: Rules, now: datetime, place: Position, board: Board | None = None) -> float:
    """From the nearest of our stations on duty; with nobody on duty, from the nearest of all."""
    board = board or Board(rules, NOTHING, now)
    own = rules.stations.own_crews
    keys = {crew.station for crew in own if board.on_duty(crew)} or {crew.station for crew in own}
    roads = rules.road_distance()
    return min(roads.km(s.position, place) for s in rules.stations.stations if s.key in keys)


def ranked(
    rules: Rules, now: datetime, place: Position | None, board: Board | None = None
) -> list[tuple[Crew, float | None]]:
    """Crews on duty, who is there first first; for an unknown place those of the centre station."""
    found = candidates(board or Board(rules, NOTHING, now), Wanted(place))
    return [(one.crew, one.distance_km) for one in found]


def recommend(board: Board, incident: Incident, has_it: set[str]) -> list[Candidate]:
    """Every crew on duty for this incident, who should go next first; with what is still lacking there."""
    return candidates(board, wanted_for(board, incident, has_it))


def alone(board: Board, incident: Incident, crew: Crew) -> Candidate | None:
    """One crew for this incident, without looking at the others; None when it is not on duty."""
    return candidate(board, wanted_for(board, incident, set()), crew) if board.on_duty(crew) else None


def wanted_for(board: Board, incident: Incident, has_it: set[str]) -> Wanted:
    """What the incident still needs besides the crews that have it."""
    rules = board.rules
    need = needs(rules, incident)
    there = [crew for key in has_it if (crew := rules.stations.crew(key))]
    skills = tuple(s for s in need.skills if all(board.skilled(crew, (s,)) for crew in there))
    equipment = tuple(e for e in need.equipment if all(board.equipped(crew, (e,)) for crew in there))
    return Wanted(
        place_of(incident), incident.target_at, skills, equipment, incident.key, incident.drill,
        needed=bool(there) and bool(skills or equipment),
    )


def next_target(rules: Rules, incident: Incident, now: datetime, *, busy: set[str], has_it: set[str],
                informed: set[str], board: Board | None = None, reinforcement: bool = False) -> Search:
    """The next of the chain, or no choice when the chain has ended.

    `busy`: crews with another incident; `has_it`: crews that have this one; `informed`: kinds of
    people (`fire` …) of this incident who have picked up before; `board`: how the crews stand;
    `reinforcement`: a crew has it, so nobody who is out of service or off duty is rung for it.
    """
    search = Search()
    chain = rules.policy.chain
    board = board or Board(rules, NOTHING, now)
    found: list[Candidate] | None = None
    for index in range(incident.step, len(chain)):
        step = chain[index]
        if step.who in CREW_STEPS:
            found = recommend(board, incident, has_it) if found is None else found
            if reinforcement:
                found = [one for one in found if not one.out]
            search.choice = _crew(board, incident, index, step, found, busy, has_it, search)
        else:
            search.choice = _people(rules, incident, index, step, informed, search)
        if search.choice is not None:
            return search
    return search


def _crew(
    board: Board, incident: Incident, index: int, step: Step, found: list[Candidate],
    busy: set[str], has_it: set[str], search: Search,
) -> Choice | None:
    tried = [mark for mark in incident.targets_paged if mark.startswith(f"{index}:")]
    if step.at_most is not None and len(tried) >= step.at_most:
        return None
    if not found:
        search.passed_over.append(NOBODY_ON_DUTY)
    aid = helping(found, board.rules.policy.crews.aid_gain)
    for one in found:
        crew = one.crew
        if crew.key in has_it or not _meant(step, one, aid):
            continue
        rung = _rung_level(incident, crew.key)
        contacts = tuple(c for c, level in board.on_duty(crew) if rung < level <= step.on_call)
        if not contacts:
            if rung == 0:
                search.passed_over.append((crew.key, f"nobody on call level {step.on_call}"))
            continue
        if step.who == "free_crews" and (crew.key in busy or not one.free):
            why = "busy with another incident" if crew.key in busy else one.reason
            search.passed_over.append((crew.key, why))
            continue
        mark = f"{index}:{crew.key}@{step.on_call}"
        return Choice(index, "crew", crew.key, contacts, mark, one.distance_km, one.reason)
    return None


def _meant(step: Step, one: Candidate, aid: set[str]) -> bool:
    """Neighbours have a step of their own, and come earlier only where every own crew is too late."""
    return not one.own if step.who == "mutual_aid" else one.own or one.crew.key in aid


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
