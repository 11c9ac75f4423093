"""Which crew reaches a place first: every crew with its time, its order, and why it goes or does not."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from dispatch.board import Board
from dispatch.crew_states import UnitState
from dispatch.crews import Crew
from dispatch.distance import Position

ROLLING = (UnitState.RETURNING, UnitState.EN_ROUTE)
STATE_WORDS = {
    UnitState.AVAILABLE: "待命", UnitState.ASSIGNED: "已派单", UnitState.ACKNOWLEDGED: "已接单",
    UnitState.EN_ROUTE: "在途", UnitState.ON_SCENE: "在现场", UnitState.MADE_SAFE: "现场已安全",
    UnitState.RETURNING: "返回途中", UnitState.OFF_DUTY: "下班", UnitState.OUT_OF_SERVICE: "停用",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for."""

    place: Position | None
    """None: unknown; crews of the centre station go first."""
    until: datetime | None = None
    """The band's target."""
    skills: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    incident: str = ""
    """Crews that have this one are not busy with it."""
    drill: bool = False
    needed: bool = False
    """Skills and equipment are the reason to look: who has none of them comes after all who have."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A crew on duty, looked at for one place and moment."""

    crew: Crew
    state: UnitState
    free: bool
    """Whether it may be sent now without taking it from an emergency."""
    own: bool
    """Not a neighbour's."""
    distance_km: float | None
    seconds: float
    """From now until it is there: securing ordinary work, turning out, driving."""
    arrival: datetime | None
    in_time: bool | None
    by_vehicle: bool
    """Its vehicle's position is known; else its station's counts."""
    secure_first: str
    """The ticket of ordinary work that it has in hand."""
    order: tuple[float, ...]
    """Sorts candidates; the last number is the place in the file, so that nothing is left to chance."""
    words: Callable[[], tuple[str, ...]]
    """Makes `why`, which is worded only for those of whom it is told."""
    ties: list[str]
    """What decided between it and the one before."""

    @property
    def out(self) -> bool:
        """Out of service or off duty by its own word, though it is on the roster."""
        return bool(self.order[0])

    @property
    def why(self) -> tuple[str, ...]:
        """In Mandarin, the weightiest first."""
        return (*self.words(), *self.ties)

    @property
    def reason(self) -> str:
        return "；".join(self.why)


def candidates(board: Board, wanted: Wanted) -> list[Candidate]:
    """All crews on duty, who is there first first. Neighbours come after, unless no own crew is in time."""
    ground = _Ground(board, wanted)
    found = [_look(board, wanted, ground, crew, n) for n, crew in enumerate(board.crews_on_duty())]
    own_best = min((c.seconds for c in found if c.own and c.free), default=None)
    too_far = own_best is None or not any(c.free and c.own and c.in_time is not False for c in found)
    gain = board.rules.policy.crews.aid_gain

    def order(candidate: Candidate) -> tuple[float, ...]:
        helps = candidate.own or (
            too_far and own_best is not None and candidate.seconds + gain <= own_best
        )
        return (float(not helps), *candidate.order)

    ordered = sorted(found, key=order)
    return _explain_ties(ordered)


def helping(found: list[Candidate], gain_seconds: float) -> set[str]:
    """Neighbours' crews that go before our own, which all come too late."""
    own = [c for c in found if c.own and c.free]
    if not own or any(c.in_time is not False for c in own):
        return set()
    best = min(c.seconds for c in own)
    return {c.crew.key for c in found if not c.own and c.free and c.seconds + gain_seconds <= best}


def candidate(board: Board, wanted: Wanted, crew: Crew, number: int = 0) -> Candidate:
    """One crew, looked at for itself."""
    return _look(board, wanted, _Ground(board, wanted), crew, number)


class _Ground:
    """What is the same for every crew that is looked at."""

    __slots__ = ("_ways", "goal", "lent", "policy", "roads", "rules", "turnout")

    def __init__(self, board: Board, wanted: Wanted) -> None:
        rules = board.rules
        centre = rules.stations.station(rules.stations.centre_station)
        assert centre is not None, "checked when the file was read"
        self.goal = wanted.place or centre.position
        self.policy = rules.policy.crews
        self.turnout = rules.policy.times.turnout
        self.roads = rules.road_distance()
        self.lent = rules.stations.lent
        self.rules = rules
        self._ways: dict[Position, tuple[float, float]] = {}

    def way(self, start: Position) -> tuple[float, float]:
        """Kilometres and seconds of driving; crews of one station have the same."""
        found = self._ways.get(start)
        if found is None:
            km = self.roads.km(start, self.goal)
            found = self._ways[start] = km, self.rules.drive_seconds(start, self.goal, km)
        return found


def _look(board: Board, wanted: Wanted, ground: _Ground, crew: Crew, number: int) -> Candidate:
    policy = ground.policy
    state = board.state(crew)
    start, by_vehicle = board.position(crew)
    km, driving = ground.way(start)
    busy = board.taken(crew.key, besides=wanted.incident, drills=wanted.drill)
    jobs = board.jobs(crew.key)
    in_hand = jobs[0] if jobs and jobs[0].state in ("on_scene", "made_safe") else None
    secure = policy.secure if in_hand is not None else 0.0
    rolls = by_vehicle and (state in ROLLING or in_hand is not None)
    turnout = 0.0 if rolls else ground.turnout
    seconds = secure + turnout + driving
    arrival = None if wanted.place is None else board.now + timedelta(seconds=seconds)
    lacks_skill = board.skilled(crew, wanted.skills)
    lacks_equipment = board.equipped(crew, wanted.equipment)
    penalty = (
        policy.missing_skill * bool(lacks_skill) + policy.missing_equipment * bool(lacks_equipment)
        + policy.busy_load * len(jobs)
    )
    asked = len(wanted.skills + wanted.equipment)
    useless = wanted.needed and len(lacks_skill + lacks_equipment) == asked
    works = bool(jobs or board.emergencies(crew.key))
    standing = board.standing(crew) if works else state
    out = standing in (UnitState.OUT_OF_SERVICE, UnitState.OFF_DUTY) and state == standing
    late = arrival is not None and wanted.until is not None and arrival > wanted.until
    words = lambda: (  # noqa: E731  # it closes over all that was found out
        *_whereabouts(km if wanted.place else None, seconds, by_vehicle),
        *(_late(arrival, wanted.until) if late else ()),
        *(("正在处理另一起险情",) if busy else ()),
        *((f"{STATE_WORDS[standing]}：{_said(board, crew)}",) if out else ()),
        *((f"在做工单{in_hand.ticket}，须先处理安全",) if in_hand else ()),
        *((f"另有{len(jobs)}个普通任务",) if jobs and in_hand is None else ()),
        *((f"缺少技能{'、'.join(lacks_skill)}",) if lacks_skill else ()),
        *((f"缺少装备{'、'.join(lacks_equipment)}",) if lacks_equipment else ()),
        *((f"{STATE_WORDS[state]}",) if not busy and not out else ()),
        *(("外单位支援",) if ground.lent(crew) else ()),
    )
    return Candidate(
        crew=crew, state=state, free=not busy and not out, own=not ground.lent(crew),
        distance_km=None if wanted.place is None else km, seconds=seconds, arrival=arrival,
        in_time=None if arrival is None or wanted.until is None else not late, by_vehicle=by_vehicle,
        secure_first=in_hand.ticket if in_hand else "",
        order=(float(out), float(useless), round(seconds + penalty, 1), float(len(jobs)), float(number)),
        words=words, ties=[],
    )


def _whereabouts(km: float | None, seconds: float, by_vehicle: bool) -> tuple[str, ...]:
    if km is None:
        return ("地址未知，按中心站排列",)
    source = "车辆位置" if by_vehicle else "驻地"
    return (f"从{source}出发{km:.1f}公里，约{max(1, round(seconds / 60))}分钟到达",)


def _late(arrival: datetime | None, until: datetime | None) -> tuple[str, ...]:
    assert arrival is not None and until is not None, "only what is late is explained"
    return (f"比要求晚{max(1, round((arrival - until).total_seconds() / 60))}分钟",)


def _said(board: Board, crew: Crew) -> str:
    unit = board.unit(crew.key)
    return unit.reason or "没有说明" if unit is not None else "没有说明"


def _explain_ties(ordered: list[Candidate]) -> list[Candidate]:
    """Who is level with the one before says what decided: fewer jobs, else the order of the file."""
    for before, one in pairwise(ordered):
        if one.own == before.own and one.order[:3] == before.order[:3]:
            what = "任务较多" if one.order[3] > before.order[3] else "按名册次序"
            one.ties.append(f"与{before.crew.name}同时到达，{what}排后")
    return ordered


def considered(found: Collection[Candidate]) -> list[dict[str, Any]]:
    """For people and programs: every crew in order, with its time and its reasons."""
    return [
        {
            "crew": c.crew.key, "name": c.crew.name, "station": c.crew.station, "state": c.state.value,
            "free": c.free, "own": c.own,
            "distance_km": None if c.distance_km is None else round(c.distance_km, 2),
            "minutes": round(c.seconds / 60, 1), "arrival": c.arrival, "in_time": c.in_time,
            "position": "vehicle" if c.by_vehicle else "station", "why": list(c.why),
        }
        for c in found
    ]
