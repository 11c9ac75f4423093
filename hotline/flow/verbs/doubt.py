"""The one short question about danger, before a wish is followed of which triage is not sure."""

from __future__ import annotations

from hotline.flow import inputs
from hotline.flow.run import Run
from hotline.flow.states import Choice
from hotline.flow.template import known
from hotline.flow.verbs.thinking import interject


def ask_first(run: Run, heard: inputs.Utterance, choice: Choice) -> bool:
    """Ask before the choice is taken, at most once in a call; it is taken when there is no danger."""
    link = run.flows.common.emergency
    if heard.denied:
        run.put({link.denied: "yes"})
    settled = known(run.variables.get(link.denied, "")) or run.at.declared
    danger = choice.to == f"@{link.flow}"
    if not heard.doubtful or settled or danger or link.asks is None or not run.live:
        return False
    run.put({name: run.fill(value) for name, value in choice.set.items()})
    run.change(owed=choice.to)
    interject(run, link.asks)
    return True
