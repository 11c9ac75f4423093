"""The flow interpreter: `step(flows, position, input) -> position, commands`.

Pure and total: no clock, no I/O, and no input in any state raises. Until the call is
over something is always going on for the caller (`Position.going_on`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hotline.events import Hazard
from hotline.flow import inputs
from hotline.flow.commands import Command, Enter, Learn, OpenTicket
from hotline.flow.model import FlowSet
from hotline.flow.phrases import best, said_without
from hotline.flow.position import Frame, Position
from hotline.flow.run import Run, worse
from hotline.flow.states import Ask, Goodbye, Queue, Say, State, Wait
from hotline.flow.verbs.asking import note_place
from hotline.flow.verbs.paper import learn
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
        _note_heard(run, given)
        if not _emergency(run, given) and not _link(run, given):
            _told(run, given)
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


# The emergency
def _emergency(run: Run, given: inputs.Input) -> bool:
    """Whether the input was an emergency and has been dealt with."""
    if not run.live:
        return False
    by, hazard = _danger(run, given)
    if not by:
        return False
    if run.at.declared:
        return _worse(run, hazard, given)
    run.declare(by, hazard)
    _note_hazard(run, hazard, given)
    if run.at.transfer == "talking":
        run.change(emergency_owed=True)
    else:
        _jump(run)
    return True


def _danger(run: Run, given: inputs.Input) -> tuple[str, Hazard | None]:
    link = run.flows.common.emergency
    if isinstance(given, inputs.EmergencyHeard):
        return "speech", given.hazard
    if isinstance(given, inputs.Key):
        digits = isinstance(run.state, Ask) and run.state.do == "collect" and given.key.isdigit()
        return ("key", None) if given.key in link.keys and not digits else ("", None)
    if isinstance(given, inputs.Utterance):
        for hazard in link.ranking if given.label is None else ():
            # Words alone decide only where no triage has weighed them (打不着火了 is no fire).
            if any(said_without(given.text, one, link.negations) for one in link.phrases.get(hazard, ())):
                return "speech", hazard
        if given.final and given.label == "leak_emergency":
            return "speech", None
    return "", None


def _worse(run: Run, hazard: Hazard | None, given: inputs.Input) -> bool:
    """In the emergency already: only a worse hazard changes anything, and words go to the question."""
    ranking = run.flows.common.emergency.ranking
    if hazard and worse(ranking, hazard, run.at.variables.get("hazard", "")):
        _note_hazard(run, hazard, given)
        run.say(Learn("hazard", hazard, confirmed=False))
        if run.at.transfer or run.at.gone:
            return not isinstance(given, inputs.Utterance)
        if run.at.acting or not isinstance(run.state, Ask | Say | Wait):
            _owe(run, run.flows.common.emergency.advice)
        elif not (isinstance(given, inputs.Utterance) and given.final):
            run.hush()
            interject(run, run.flows.common.emergency.advice)
            return True
        else:
            _owe(run, run.flows.common.emergency.advice)
            return False
    return not isinstance(given, inputs.Utterance | inputs.Key)


def _note_heard(run: Run, given: inputs.Input) -> None:
    """Keep an address or number that came with any sentence, so that nobody is asked for it again."""
    if not isinstance(given, inputs.Utterance) or not given.final:
        return
    spoken = given.address.get("spoken", "")
    if given.number:
        run.change(variables={**run.at.variables, "heard_number": given.number})
    if spoken:
        note_place(run, spoken, given)
        run.change(variables={**run.at.variables, "heard_address": spoken})
        if run.at.declared and run.live:
            learn(run, "address", spoken, confirmed=False)


def _note_hazard(run: Run, hazard: Hazard | None, given: inputs.Input) -> None:
    values: dict[str, str] = {"hazard": hazard} if hazard else {}
    if isinstance(given, inputs.EmergencyHeard) and given.place != "unknown":
        values["place"] = given.place
    run.change(variables={**run.at.variables, **values})


def _jump(run: Run) -> None:
    """Leave everything and begin the emergency flow."""
    run.hush()
    run.change(typed="", interjections=())
    run.go(f"@{run.flows.common.emergency.flow}")


# Links and news
def _link(run: Run, given: inputs.Input) -> bool:
    """Whether a common key or phrase took the caller somewhere."""
    busy = run.at.transfer == "talking" or run.at.recording
    if not run.flow.links or busy or isinstance(run.state, Goodbye):
        return False
    links = run.flows.common.links
    if isinstance(given, inputs.Key):
        if given.key in _own_keys(run.state):
            return False
        found = next((link for link in links if given.key in link.keys), None)
    elif isinstance(given, inputs.Utterance) and given.final:
        groups: list[Sequence[str]] = [link.phrases for link in links]
        index = best(given.text, [*_own_phrases(run.state), *groups])
        index = None if index is None else index - len(_own_phrases(run.state))
        found = links[index] if index is not None and index >= 0 else None
    else:
        found = None
    if found is None or found.to == f"@{run.at.flow}":
        return False
    if found.to == "repeat" and not isinstance(run.state, Ask | Say | Wait):
        return False
    run.go(found.to)
    return True


def _own_keys(state: State) -> set[str]:
    if state.__class__.__name__ == "Collect":
        return set("0123456789") | set(getattr(state, "terminators", ()))
    keys = {key for choice in getattr(state, "choices", ()) for key in choice.keys}
    keys |= {*getattr(state, "yes_keys", ()), *getattr(state, "no_keys", ()), *getattr(state, "keys", {})}
    return keys


def _own_phrases(state: State) -> list[Sequence[str]]:
    return [choice.phrases for choice in getattr(state, "choices", ())]


def _told(run: Run, given: inputs.Input) -> None:
    """Keep what the controller says, and say it to the caller at the next occasion."""
    if not isinstance(given, inputs.Told):
        return
    run.change(variables={**run.at.variables, **given.values, f"told_{given.topic}": "yes"})
    outermost = run.flows.flows[run.at.frames[0].flow]
    flow = outermost.told.get(given.topic) or (run.flows.common.told.get(given.topic) if run.live else None)
    if flow:
        if isinstance(run.state, Wait) and not run.at.playing:
            run.hush()
            interject(run, flow)
        else:
            _owe(run, flow)


def _owe(run: Run, flow: str) -> None:
    if flow not in run.at.interjections:
        run.change(interjections=(*run.at.interjections, flow))


# Hanging up
def _hung_up(run: Run) -> None:
    """The caller is gone: do the paperwork, then end."""
    run.change(gone=True, interjections=(), playing=False, timers=frozenset(), acting="", transfer="",
               recording=False)
    run.change(emergency_owed=False)
    run.target = _paperwork(run)
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
    """Enter states until one waits for something, or nothing is left.

    A flow that leads to the emergency (“闻到燃气味了吗？”, and silence) declares it, `by` speech or key.
    """
    emergency = f"@{run.flows.common.emergency.flow}"
    for _ in range(MOVES):
        if run.target is None or run.at.over:
            return
        target, run.target = run.target, None
        if target == emergency and not run.at.declared and not run.at.gone:
            run.declare(by, None)
        _enter(run, target)
    _broken(run, "the flow ran in a circle")


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
