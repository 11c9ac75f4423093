"""`say` and `wait`: the hotline speaks, the caller may interrupt."""

from __future__ import annotations

from hotline.flow import inputs
from hotline.flow.run import Run
from hotline.flow.states import Say, Wait
from hotline.flow.verbs.base import Verb, choose, prompt_over


class _Say(Verb):
    def enter(self, run: Run, state: Say) -> None:
        run.expect("open")
        if (run.at.typed and state.bargein) or not run.play(state.prompt, state.bargein):
            run.go(state.next)

    def input(self, run: Run, state: Say, given: inputs.Input) -> None:
        if isinstance(given, inputs.Key) and state.bargein:
            run.change(typed=(run.at.typed + given.key)[-20:])
            run.go(state.next)
        elif prompt_over(run, given):
            run.go(state.next)


class _Wait(Verb):
    """Music fills the pause; the prompt ends or is cut by what the caller wants."""

    def enter(self, run: Run, state: Wait) -> None:
        run.change(typed="")
        run.expect("open")
        if not run.play(state.prompt, True):
            self._rest(run, state)

    def input(self, run: Run, state: Wait, given: inputs.Input) -> None:
        if choose(run, state.choices, given):
            return
        if prompt_over(run, given):
            self._rest(run, state)
        elif isinstance(given, inputs.TimerFired):
            run.go(state.next)

    def _rest(self, run: Run, state: Wait) -> None:
        run.music()
        run.timer("noinput", state.seconds)


SAY, WAIT = _Say(), _Wait()
