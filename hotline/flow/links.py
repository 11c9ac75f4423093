"""The common keys and phrases that are live in every state which does not use them itself."""

from __future__ import annotations

from collections.abc import Sequence

from hotline.flow import inputs
from hotline.flow.phrases import best
from hotline.flow.run import Run
from hotline.flow.states import Ask, Collect, Goodbye, Say, State, Wait


def link(run: Run, given: inputs.Input) -> bool:
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
    if isinstance(state, Collect):
        return set("0123456789") | set(state.terminators)
    keys = {key for choice in getattr(state, "choices", ()) for key in choice.keys}
    keys |= {*getattr(state, "yes_keys", ()), *getattr(state, "no_keys", ()), *getattr(state, "keys", {})}
    return keys


def _own_phrases(state: State) -> list[Sequence[str]]:
    return [choice.phrases for choice in getattr(state, "choices", ())]
