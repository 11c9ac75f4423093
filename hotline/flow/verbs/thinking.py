"""`branch`, `set`, `schedule`, `call` and `return`: nothing that the caller notices."""

from __future__ import annotations

from dataclasses import replace

from hotline.flow import hours
from hotline.flow.position import Frame
from hotline.flow.run import Run
from hotline.flow.states import Branch, Call, Case, Return, Schedule, Set
from hotline.flow.template import known
from hotline.flow.verbs.base import Verb


class _Thinking(Verb):
    waits = False


class _Branch(_Thinking):
    def enter(self, run: Run, state: Branch) -> None:
        holding = (case.to for case in state.cases if holds(case, run.variables.get(case.when, "")))
        run.go(next(holding, state.otherwise))


class _Set(_Thinking):
    def enter(self, run: Run, state: Set) -> None:
        run.put({name: run.fill(value) for name, value in state.values.items()})
        run.go(state.next)


class _Schedule(_Thinking):
    def enter(self, run: Run, state: Schedule) -> None:
        office = run.flows.common.hours[state.hours]
        run.go(state.open if hours.is_open(office, run.at.now) else state.closed)


class _Call(_Thinking):
    def enter(self, run: Run, state: Call) -> None:
        called = run.flows.flows[state.flow]
        given = {name: run.fill(value) for name, value in state.arguments.items()}
        frame = Frame(called.flow, called.start, {**called.variables, **given})
        run.change(frames=(*run.at.frames, frame))
        run.go(called.start)


class _Return(_Thinking):
    """Goes back into the calling flow; an interjection enters the state below once more."""

    def enter(self, run: Run, state: Return) -> None:
        if len(run.at.frames) < 2:
            run.go(None)
            return
        frame = run.at.frames[-1]
        values = {name: run.variables.get(name, "") for name in run.flow.returns}
        run.change(frames=run.at.frames[:-1])
        run.put(values)
        below = run.state
        if frame.interjection:
            run.go(_after(run, frame))
        elif isinstance(below, Call):
            run.go(below.exits.get(state.outcome))
        else:
            run.go(None)


def _after(run: Run, frame: Frame) -> str:
    """Back to the interrupted state; after the question about danger to where the caller wanted to go."""
    owed = run.at.owed
    if not owed or frame.flow != run.flows.common.emergency.asks:
        return "repeat"
    run.change(owed="")
    return owed


def holds(case: Case, value: str) -> bool:
    """Whether a case of a branch is true of a variable's value."""
    if case.known is not None and case.known != known(value):
        return False
    if case.is_ and value not in case.is_:
        return False
    if case.at_least is None:
        return True
    try:
        return float(value) >= case.at_least
    except ValueError:
        return False


def interject(run: Run, flow: str) -> None:
    """Say a sub-flow now and come back to the state that is interrupted."""
    called = run.flows.flows[flow]
    frames = run.at.frames
    if frames[-1].flow == flow and frames[-1].interjection:
        frames = frames[:-1]
    frame = Frame(flow, called.start, dict(called.variables), interjection=True)
    run.change(frames=(*frames, replace(frame)))
    run.go(called.start)


BRANCH, SET, SCHEDULE, CALL, RETURN = _Branch(), _Set(), _Schedule(), _Call(), _Return()
