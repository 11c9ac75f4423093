"""The flow interpreter: `step(flows, position, input) -> position, commands`.

Pure and total: no clock, no I/O, and no input in any state raises. Until the call is
over something is always going on for the caller (`Position.going_on`).
"""

from __future__ import annotations

from dataclasses import replace

from hotline.flow import inputs
from hotline.flow.commands import Command, Enter, OpenTicket
from hotline.flow.danger import emergency
from hotline.flow.links import link
from hotline.flow.model import FlowSet
from hotline.flow.news import note_heard, told
from hotline.flow.position import Frame, Position
from hotline.flow.run import Run
from hotline.flow.states import Ask, Queue, Say, State, Wait
from hotline.flow.verbs.table import VERBS
from hotline.flow.verbs.thinking import interject

Result = tuple[Position, tuple[Command, ...]]
MOVES = 200
"""Entries of states within one step; a checked flow needs a dozen."""


def start(flows: FlowSet, entry: str, connected: inputs.Connected) -> Result:
    """Begin a call in the flow `entry`; an unknown name begins in the flow that brings a person."""
    name = entry if entry in flows.flows else flows.common.fallback
    flow = flows.flows[name]
    variables = {**flows.common.variables, **connected.facts}
    position = Position((Frame(name, flow.start, dict(flow.variables)),), variables, connected.now)
    run = Run(flows, position)
    run.target = flow.start
    _move(run)
    return run.result()


def step(flows: FlowSet, position: Position, given: inputs.Input) -> Result:
    """Take one input. What a state has no use for is ignored; hang-up and emergency never are."""
    if position.over:
        return position, ()
    run = Run(flows, replace(position, now=given.now))
    if isinstance(given, inputs.HungUp):
        _hung_up(run)
    elif not _stale(run, given):
        note_heard(run, given)
        if not emergency(run, given) and not link(run, given):
            told(run, given)
            VERBS[type(run.state)].input(run, run.state, given)
    _move(run, by="key" if isinstance(given, inputs.Key) else "speech")
    return run.result()


def _stale(run: Run, given: inputs.Input) -> bool:
    """A timer that was cancelled meanwhile; one that runs has now run out."""
    if not isinstance(given, inputs.TimerFired):
        return False
    running = given.name in run.at.timers
    run.change(timers=run.at.timers - {given.name})
    return not running


# Hanging up
def _hung_up(run: Run) -> None:
    """The caller is gone: do the paperwork, then end. Who was talking to a person left nothing undone."""
    talked = run.at.transfer == "talking"
    run.change(gone=True, interjections=(), playing=False, timers=frozenset(), acting="", transfer="",
               recording=False)
    run.change(emergency_owed=False)
    run.target = None if talked else _paperwork(run)
    if run.target is None:
        run.finish()


def _paperwork(run: Run) -> str | None:
    """The nearest hang-up exit: the state's, its flow's, or that of a flow further down the stack."""
    if run.state.hangup:
        return run.state.hangup
    while True:
        if run.flow.hangup:
            return run.flow.hangup
        if len(run.at.frames) == 1:
            return None
        run.change(frames=run.at.frames[:-1])


# Moving on
def _move(run: Run, by: str = "speech") -> None:
    """Enter states until one waits for something, or nothing is left. A circle leads to a person."""
    if _settled(run, by):
        return
    run.target = f"@{run.flows.common.fallback}"
    if not _settled(run, by):
        _broken(run, "the flow ran in a circle")


def _settled(run: Run, by: str) -> bool:
    """Move on; False when it takes too many moves.

    A flow that leads to the emergency (“闻到燃气味了吗？”, and silence) declares it, `by` speech or key.
    """
    danger = f"@{run.flows.common.emergency.flow}"
    for _ in range(MOVES):
        if run.target is None or run.at.over:
            return True
        target, run.target = run.target, None
        if target == danger and not run.at.declared and not run.at.gone:
            run.declare(by, None)
        _enter(run, target)
    return False


def _enter(run: Run, target: str) -> None:
    if not run.at.gone:
        run.hush()
    if run.at.emergency_owed and not run.at.gone:
        run.change(emergency_owed=False)
        target = f"@{run.flows.common.emergency.flow}"
    _place(run, target)
    state = run.state
    if run.at.gone and VERBS[type(state)].waits:
        run.finish()
        return
    if not run.at.gone and run.at.interjections and isinstance(state, Ask | Say | Wait | Queue):
        flow, *rest = run.at.interjections
        run.change(interjections=tuple(rest))
        interject(run, flow)
        return
    if _too_often(run, state):
        return
    run.say(Enter(run.at.flow, run.at.state))
    VERBS[type(state)].enter(run, state)


def _place(run: Run, target: str) -> None:
    """Set the frames to a target."""
    if target == "repeat":
        return
    if target.startswith("@"):
        flow = run.flows.flows[target[1:]]
        run.change(frames=(Frame(flow.flow, flow.start, dict(flow.variables)),))
    else:
        run.top(replace(run.at.frames[-1], state=target))


def _too_often(run: Run, state: State) -> bool:
    """Count the entry; one too many leads elsewhere."""
    name = f"{run.at.flow}.{run.at.state}"
    count = run.at.visits.get(name, 0) + 1
    run.change(visits={**run.at.visits, name: count})
    if state.limit is not None and state.over and count > state.limit:
        run.go(state.over)
        return True
    visits = run.defaults.visits
    if count <= visits:
        return False
    if count > 2 * visits:
        _broken(run, "the flow went in circles")
    elif run.at.flow != run.flows.common.fallback:
        run.go(f"@{run.flows.common.fallback}")
    return run.target is not None or run.at.over


def _broken(run: Run, why: str) -> None:
    """A flow that the checker should have refused: the matter is written down before the call ends."""
    run.target = None
    if not run.at.secured:
        number = run.at.variables.get("callback_number") or run.at.variables.get("caller", "")
        run.say(OpenTicket("callback", None, {"callback_number": number, "description": why}))
        run.change(secured=True)
    run.finish()
