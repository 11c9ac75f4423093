"""What a verb is, and what several of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hotline.flow import inputs
from hotline.flow.phrases import best, clean, phrase_score
from hotline.flow.run import Run
from hotline.flow.states import Choice


class Verb:
    """Behaviour of one kind of state. The default ignores what the state has no use for."""

    waits = True
    """False: it goes on within the step, and may be used for paperwork after a hang-up."""

    def enter(self, run: Run, state: Any) -> None:
        """Begin the state: leave something going on, or `run.go(...)`."""
        raise NotImplementedError

    def input(self, run: Run, state: Any, given: inputs.Input) -> None:
        """React; everything not named here is ignored, as VoiceXML discards what no one waits for."""


def pick(choices: Sequence[Choice], text: str) -> Choice | None:
    """The choice whose phrases fit best."""
    index = best(text, [choice.phrases for choice in choices])
    return None if index is None else choices[index]


def mostly_said(choice: Choice, text: str) -> bool:
    """Whether one of the choice's phrases is at least half of what was said: then it was the answer."""
    said = len(clean(text))
    return any(phrase_score(text, phrase) >= said for phrase in choice.phrases) and said > 0


def pick_key(choices: Sequence[Choice], key: str) -> Choice | None:
    return next((choice for choice in choices if key in choice.keys), None)


def take(run: Run, choice: Choice) -> None:
    """Follow a choice."""
    run.put({name: run.fill(value) for name, value in choice.set.items()})
    run.go(choice.to)


def prompt_over(run: Run, given: inputs.Input) -> bool:
    """Whether the prompt that played has ended, told or by its limit."""
    told = isinstance(given, inputs.PromptFinished)
    late = isinstance(given, inputs.TimerFired) and given.name == "limit"
    if not run.at.playing or not (told or late):
        return False
    if late:
        run.stop_playing()
    run.change(playing=False)
    run.cancel("limit")
    return True


def choose(run: Run, choices: Sequence[Choice], given: inputs.Input) -> bool:
    """Follow the choice that a key or a final utterance takes. False when it takes none."""
    choice = None
    if isinstance(given, inputs.Key):
        choice = pick_key(choices, given.key)
    elif isinstance(given, inputs.Utterance) and given.final:
        choice = pick(choices, given.text)
    if choice:
        take(run, choice)
    return choice is not None
