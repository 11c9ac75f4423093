"""What the controller tells, and what any sentence of the caller holds: kept as variables, said in time."""

from __future__ import annotations

from hotline.flow import inputs
from hotline.flow.run import Run
from hotline.flow.states import Wait
from hotline.flow.verbs.asking import dialable, note_place
from hotline.flow.verbs.paper import learn
from hotline.flow.verbs.thinking import interject


def told(run: Run, given: inputs.Input) -> None:
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
            owe(run, flow)


def owe(run: Run, flow: str) -> None:
    if flow not in run.at.interjections:
        run.change(interjections=(*run.at.interjections, flow))


def note_heard(run: Run, given: inputs.Input) -> None:
    """Keep an address or number that came with any sentence, so that nobody is asked for it again."""
    if not isinstance(given, inputs.Utterance) or not given.final:
        return
    spoken = given.address.get("spoken", "")
    if dialable(given.number):
        run.change(variables={**run.at.variables, "heard_number": given.number})
    if spoken:
        note_place(run, spoken, given)
        run.change(variables={**run.at.variables, "heard_address": spoken})
        if run.at.declared and run.live and getattr(run.state, "takes", "") != "address":
            learn(run, "address", spoken, confirmed=False)
