"""For those who look from outside: the crews as the database knows them, without a running engine."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.board import Board
from dispatch.candidates import Candidate, Wanted, candidates
from dispatch.crew_states import JOB_OPEN
from dispatch.distance import Position
from dispatch.errors import UnknownRecord
from dispatch.model import COVERING
from dispatch.protocols import match
from dispatch.recommend import recommend
from dispatch.rules import Rules
from dispatch.state import State
from dispatch.states import AssignmentState
from dispatch.store.port import Store
from dispatch.targets import arrival


def board_of(rules: Rules, store: Store, now: datetime) -> Board:
    """How the crews stand. Raises StoreUnavailable."""
    state = State()
    records, _ = store.load_open(now - timedelta(hours=rules.policy.keep_closed_hours))
    state.adopt(records)
    return Board(rules, state, now)


def for_incident(board: Board, incident_id: str) -> list[Candidate]:
    """Every crew on duty for an incident that has been reported. Raises UnknownRecord."""
    incident = board.incident(incident_id)
    if incident is None:
        raise UnknownRecord(incident_id)
    has_it = {crew.key for crew in board.rules.stations.crews
              if any(a.incident == incident_id and a.state in COVERING for a in board.emergencies(crew.key))}
    return recommend(board, incident, has_it)


def for_place(board: Board, place: Position, hazard: str, where: str = "unknown") -> list[Candidate]:
    """Every crew on duty for an emergency that would be reported there now."""
    rules = board.rules
    roads = rules.road_distance()
    stations = {crew.station for crew in rules.stations.own_crews if board.on_duty(crew)}
    km = min(
        (roads.km(s.position, place) for s in rules.stations.stations if s.key in stations), default=None
    )
    kind = match(rules.incident_types, hazard, where)
    target = arrival(rules, board.now, km)
    return candidates(
        board, Wanted(place, target.at, kind.skills if kind else (), kind.equipment if kind else ()),
    )


def doing(board: Board, crew: str) -> str:
    """The incident or ticket that a crew has in hand; empty: none."""
    taken = board.taken(crew)
    if taken:
        return taken[0].incident
    jobs = [job for job in board.jobs(crew) if job.state in JOB_OPEN]
    held = [a for a in board.emergencies(crew) if a.state == AssignmentState.ASSIGNED]
    return held[0].incident if held else jobs[0].ticket if jobs else ""
