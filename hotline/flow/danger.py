"""The emergency, live in every state: what declares it, where it leads, and what a worse hazard changes."""

from __future__ import annotations

from hotline.events import Hazard
from hotline.flow import inputs
from hotline.flow.commands import Learn
from hotline.flow.news import owe
from hotline.flow.phrases import said_without
from hotline.flow.run import Run, worse
from hotline.flow.states import Ask, Say, Wait
from hotline.flow.verbs.thinking import interject


def emergency(run: Run, given: inputs.Input) -> bool:
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
        asked = isinstance(run.state, Ask | Say | Wait)
        if asked and not isinstance(given, inputs.Utterance):
            run.hush()
            interject(run, run.flows.common.emergency.advice)
            return True
        owe(run, run.flows.common.emergency.advice)
    return not isinstance(given, inputs.Utterance | inputs.Key)


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
