"""More crews for an emergency: as many as its type wants, for help, and one that is free nearer.

Says at once when nobody can be there in time: to the dispatcher, and to the caller the honest time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.board import Board
from dispatch.candidates import Candidate
from dispatch.escalation import (
    awaited,
    begin_again,
    covered,
    ensure_paged,
    page_next,
    ring,
    tell_callers,
)
from dispatch.model import COVERING, RINGING, Assignment, Incident
from dispatch.outbound import NoticeEffect
from dispatch.protocols import needs
from dispatch.recommend import Choice, alone, recommend
from dispatch.states import AssignmentState, IncidentState, PageState
from dispatch.units import CrewUnit
from dispatch.work import Work

MISSED = (PageState.DECLINED, PageState.FAILED, PageState.TIMED_OUT)
GOING = (IncidentState.REPORTED, IncidentState.TAKEN, IncidentState.EN_ROUTE)


def as_many_as_wanted(work: Work, incident_id: str) -> None:
    """Pages the next crew while fewer have it than its type or its crews ask for."""
    incident = work.need(Incident, incident_id)
    if not incident.open or incident.tickets == ():
        return
    if incident.waiting_for == "crew" and not covered(work, incident):
        work.put(incident.model_copy(update={"next_page_at": None, "waiting_for": ""}))
        ensure_paged(work, incident_id)
        return
    there = [a for a in work.assignments(incident_id) if a.state in COVERING and not a.overdue]
    missing = _missing(work, incident, there)
    if missing <= 0 or not there or incident.next_page_at is not None or _crew_rings(work, incident_id):
        return
    page_next(work, incident_id, crews_only=True)
    if _crew_rings(work, incident_id):
        work.history(incident_id, "crew_wanted", missing=missing,
                     why="its type or a call for help wants one more crew")
        return
    _later(work, incident_id, missing)


def _missing(work: Work, incident: Incident, there: list[Assignment]) -> int:
    """How many crews more; one, when only a skill or a piece of equipment is missing that some crew has."""
    need = needs(work.rules, incident)
    safe = incident.state == IncidentState.MADE_SAFE
    wanted = incident.crews_wanted if safe else max(need.crews, incident.crews_wanted)
    if safe and incident.crews_wanted <= 1:
        return 0
    if wanted > len(there):
        return wanted - len(there)
    board = Board(work.rules, work, work.now)
    crews = [crew for a in there if (crew := work.rules.stations.crew(a.crew))]
    skills = [one for one in need.skills if all(board.skilled(crew, (one,)) for crew in crews)]
    pieces = [one for one in need.equipment if all(board.equipped(crew, (one,)) for crew in crews)]
    if safe or not (skills or pieces):
        return 0
    others = [crew for crew in board.crews_on_duty() if crew not in crews]
    to_be_had = any(not board.skilled(crew, (one,)) for one in skills for crew in others) or any(
        not board.equipped(crew, (one,)) for one in pieces for crew in others
    )
    return 1 if to_be_had else 0


def _crew_rings(work: Work, incident_id: str) -> bool:
    return any(page.target_kind == "crew" for page in work.ringing(incident_id))


def _later(work: Work, incident_id: str, missing: int) -> None:
    """No further crew is to be had: the dispatcher hears it, and all are asked again after a while."""
    begin_again(work, incident_id)
    incident = work.need(Incident, incident_id)
    again = timedelta(seconds=work.rules.policy.crews.reinforce_again)
    work.put(incident.model_copy(update={"next_page_at": work.now + again, "waiting_for": "crew"}))
    _notice(work, incident, "no_further_crew", address=_place(incident), missing=str(missing))


def what_if(work: Work, incident_id: str) -> None:
    """Says it once, as soon as it is known, when no crew can be there by the target."""
    incident = work.need(Incident, incident_id)
    before = work.before(Incident, incident_id)
    asked = before is None or (before.latitude, before.longitude, before.target_at) != (
        incident.latitude, incident.longitude, incident.target_at,
    )
    if not incident.located or incident.state != IncidentState.REPORTED or not asked:
        return
    board = Board(work.rules, work, work.now)
    if _rung_in_time(work, board, incident):
        _in_reach(work, incident)
        return
    found = recommend(board, incident, set())
    if not found:
        return  # nobody is on duty: the alarm has said so
    best = min((c for c in found if c.free), key=lambda c: c.seconds, default=None)
    if best is not None and best.arrival is not None and best.arrival <= incident.target_at:
        _in_reach(work, incident)
        return
    _out_of_reach(work, incident, best)


def _rung_in_time(work: Work, board: Board, incident: Incident) -> bool:
    """Whether a crew that is being rung can make it: then nobody else has to be looked at."""
    keys = {page.target for page in work.ringing(incident.key) if page.target_kind == "crew"}
    crews = (crew for key in sorted(keys) if (crew := work.rules.stations.crew(key)))
    rung = (one for crew in crews if (one := alone(board, incident, crew)))
    return any(one.free and one.in_time for one in rung)


def _in_reach(work: Work, incident: Incident) -> None:
    if incident.expected_at is not None:
        work.put(incident.model_copy(update={"expected_at": None}))


def _out_of_reach(work: Work, incident: Incident, best: Candidate | None) -> None:
    again = incident.out_of_reach_at is not None
    arrival = best.arrival if best is not None else None
    work.put(
        incident.model_copy(
            update={"out_of_reach_at": incident.out_of_reach_at or work.now, "expected_at": arrival}
        )
    )
    if best is None or arrival is None:
        work.history(incident.key, "nobody_free", why="no crew can be sent now")
        if not again:
            _notice(work, incident, "nobody_free", address=_place(incident))
        return
    late = max(1, round((arrival - incident.target_at).total_seconds() / 60))
    work.history(incident.key, "out_of_reach", target=best.crew.key, expected=arrival.isoformat(),
                 wanted=incident.target_at.isoformat(), late_minutes=late, why=best.reason)
    if not again:
        _notice(work, incident, "out_of_reach", address=_place(incident), crew=best.crew.name,
                time=_clock(work, arrival), late=str(late))
        tell_callers(work, incident.key, "late")


def offer(work: Work, crew_key: str) -> None:
    """A crew is free, or nearer than it was: the most urgent emergency that it serves better gets it too.

    Also one that it declined while it was busy, or was not reached for: it is still accountable for it.
    """
    crew = work.rules.stations.crew(crew_key)
    mine_now = work.of_crew(Assignment, crew_key)
    if crew is None or any(a.state in (*COVERING, AssignmentState.ASSIGNED) for a in mine_now):
        return
    going = [i for i in work.live(Incident) if i.open and i.located and i.state in GOING]
    board = Board(work.rules, work, work.now)
    for incident in sorted(going, key=lambda i: (i.drill, i.target_at, i.key)):
        mine = work.get(Assignment, f"{incident.key}-{crew_key}")
        if mine is not None and not _ask_again(work, mine):
            continue
        one = alone(board, incident, crew)
        if one is None or not one.free or not (one.own or _own_miss(work, board, incident)):
            continue
        if _better(work, board, incident, one):
            _ring_as_well(work, board, incident, one)
            return


def _ask_again(work: Work, mine: Assignment) -> bool:
    """Whether it has become free since it said no or was not reached: now it may say something else."""
    if mine.state not in (AssignmentState.RELEASED, AssignmentState.DECLINED, AssignmentState.UNREACHED):
        return False
    missed = [page.ended_at for page in work.pages(mine.incident)
              if page.target == mine.crew and page.ended_at is not None and page.state in MISSED]
    unit = work.get(CrewUnit, mine.crew)
    return not missed or (unit is not None and unit.since > max(missed))


def _better(work: Work, board: Board, incident: Incident, one: Candidate) -> bool:
    """Whether it would be there clearly before all who have it or are being rung for it."""
    assert one.arrival is not None, "the incident is located"
    has_it = _has_it(work, incident)
    if not has_it and not awaited(work, incident):
        return True  # a pause of the chain, or a person looks for a crew: here is one
    expected = _expected(work, board, incident)
    if not expected:
        return not has_it
    policy = work.rules.policy.crews
    gain = timedelta(seconds=policy.better_by if one.own else policy.aid_gain)
    best = min(expected)
    in_time_now = one.arrival <= incident.target_at < best
    return in_time_now or one.arrival + gain <= best


def _own_miss(work: Work, board: Board, incident: Incident) -> bool:
    """Whether nobody who has it, or is being rung for it, makes the target: then neighbours help (B6)."""
    if not _has_it(work, incident) and not awaited(work, incident):
        return True
    expected = _expected(work, board, incident)
    return min(expected) > incident.target_at if expected else work.now > incident.target_at


def _has_it(work: Work, incident: Incident) -> list[Assignment]:
    return [a for a in work.assignments(incident.key) if a.state in COVERING and not a.overdue]


def _expected(work: Work, board: Board, incident: Incident) -> list[datetime]:
    """When those who have it will be there; while nobody has it, the free crews that are being rung."""
    has_it = _has_it(work, incident)
    if has_it:
        return [a.forecast_at for a in has_it if a.forecast_at is not None]
    ringing = {page.target for page in work.ringing(incident.key) if page.target_kind == "crew"}
    # A busy crew that is rung may well say no; this one is free.
    crews = (work.rules.stations.crew(key) for key in sorted(ringing))
    rung = (alone(board, incident, crew) for crew in crews if crew is not None)
    return [c.arrival for c in rung if c is not None and c.free and c.arrival is not None]


def _ring_as_well(work: Work, board: Board, incident: Incident, one: Candidate) -> None:
    """It rings besides whoever has it; nobody is released until it has accepted, and then by a person."""
    contacts = tuple(member for member, level in board.on_duty(one.crew) if level == 1)
    contacts = contacts or tuple(member for member, _ in board.on_duty(one.crew))
    mark = f"{incident.step}:{one.crew.key}@1"
    before = work.get(Assignment, f"{incident.key}-{one.crew.key}")
    rung_before = mark in incident.targets_paged and (before is None or not _ask_again(work, before))
    if not contacts or rung_before:
        return
    if any(p.target == one.crew.key and p.state in RINGING for p in work.pages(incident.key)):
        return
    choice = Choice(incident.step, "crew", one.crew.key, contacts, mark, one.distance_km, one.reason)
    ring(work, incident, choice)
    work.history(incident.key, "better_crew", target=one.crew.key, why=one.reason,
                 expected=one.arrival.isoformat() if one.arrival else "")
    _notice(work, incident, "better_crew", address=_place(incident), crew=one.crew.name,
            time=_clock(work, one.arrival or work.now))


def _notice(work: Work, incident: Incident, topic: str, **values: str) -> None:
    text: str = getattr(work.rules.policy.crews.texts, topic)
    work.emit(
        NoticeEffect(to="duty_centre", topic=topic, incident=incident.key, text=text.format(**values),
                     urgent=True)
    )


def _place(incident: Incident) -> str:
    return incident.address or "地址不明"


def _clock(work: Work, moment: datetime) -> str:
    return f"{moment.astimezone(work.rules.timezone):%H:%M}"
