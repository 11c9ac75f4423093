"""`goodbye`: the last words."""

from __future__ import annotations

from hotline.flow import inputs
from hotline.flow.run import Run
from hotline.flow.states import Goodbye
from hotline.flow.verbs.base import Verb, prompt_over


class _Goodbye(Verb):
    """A last word of the caller does not stop it; a key of a link, or an emergency, still does."""

    def enter(self, run: Run, state: Goodbye) -> None:
        run.change(served=run.at.served or state.served, typed="")
        run.expect("open")
        if not run.play(state.prompt, bargein=False):
            run.finish()

    def input(self, run: Run, state: Goodbye, given: inputs.Input) -> None:
        if prompt_over(run, given):
            run.finish()


GOODBYE = _Goodbye()
