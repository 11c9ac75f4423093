"""`act`, `transfer`, `queue` and `record`: others do something, the caller is never left in silence."""

from __future__ import annotations

from typing import Any

from hotline.flow import commands as do
from hotline.flow import inputs
from hotline.flow.run import Run
from hotline.flow.states import Act, Queue, Record, Transfer
from hotline.flow.verbs.base import Verb, choose, prompt_over

GRACE_SECONDS = 3.0
"""An answer that is promised within a time and does not come so much later is taken as none."""
MUSIC_AFTER_SECONDS = 30.0


class _Act(Verb):
    """The prompt and the action run side by side; the next state waits for both."""

    def enter(self, run: Run, state: Act) -> None:
        seconds = state.seconds or run.defaults.act_seconds
        run.expect("open")
        run.play(state.prompt, bargein=False)
        arguments = {name: run.fill(value) for name, value in state.arguments.items()}
        run.say(do.Act(state.action, arguments, seconds))
        run.change(acting=state.action)
        run.timer("interdigit", seconds + GRACE_SECONDS)

    def input(self, run: Run, state: Act, given: inputs.Input) -> None:
        if prompt_over(run, given):
            if run.at.answer:
                run.go(run.at.answer[0])
        elif isinstance(given, inputs.ActionFinished) and run.at.acting == given.action:
            run.put({name: given.values[name] for name in state.gives if name in given.values})
            self._finished(run, state.outcomes.get(given.outcome, state.unavailable))
        elif isinstance(given, inputs.TimerFired) and run.at.acting:
            self._finished(run, state.unavailable)

    def _finished(self, run: Run, target: str) -> None:
        run.change(acting="")
        run.cancel("interdigit")
        if run.at.playing:
            run.change(answer=(target,))
        else:
            run.go(target)


class _Transfer(Verb):
    """First what is said, then the ringing; while two people talk only they and the caller end it."""

    def enter(self, run: Run, state: Transfer) -> None:
        run.change(typed="")
        run.expect("open")
        self.dial(run, state)
        if not run.play(state.prompt, bargein=False):
            run.music()

    def input(self, run: Run, state: Any, given: inputs.Input) -> None:
        if isinstance(given, inputs.TransferFinished) and run.at.transfer:
            self.finished(run, state, given)
        elif run.at.transfer == "trying":
            self.trying(run, state, given)

    def trying(self, run: Run, state: Any, given: inputs.Input) -> None:
        if prompt_over(run, given):
            run.music()
        elif isinstance(given, inputs.TimerFired) and given.name == "interdigit":
            self.failed(run, state, "no_answer")

    def dial(self, run: Run, state: Transfer | Queue) -> None:
        seconds = run.number(state.seconds, MUSIC_AFTER_SECONDS)
        run.say(do.Transfer(run.fill(state.target), seconds))
        run.change(transfer="trying")
        run.timer("interdigit", seconds + GRACE_SECONDS)

    def finished(self, run: Run, state: Any, given: inputs.TransferFinished) -> None:
        if given.outcome == "answered":
            run.stop_playing()
            run.cancel("noinput", "interdigit", "limit")
            run.change(transfer="talking", secured=True)
        elif run.at.transfer == "talking":
            run.change(transfer="")
            run.go(state.ended)
        else:
            run.change(transfer="")
            self.failed(run, state, "no_answer" if given.outcome == "ended" else given.outcome)

    def failed(self, run: Run, state: Any, why: str) -> None:
        run.go(getattr(state, why) or state.failed)


class _Queue(_Transfer):
    """Music, then a word of comfort or the offer of a call-back, over and over until somebody answers."""

    def enter(self, run: Run, state: Any) -> None:
        run.change(typed="", since=run.at.now, comforts=0)
        run.expect("open")
        self.dial(run, state)
        if not run.play(state.prompt, bargein=True):
            self._music(run, state)

    def trying(self, run: Run, state: Queue, given: inputs.Input) -> None:
        if choose(run, state.choices, given):
            return
        if prompt_over(run, given):
            self._music(run, state)
        elif isinstance(given, inputs.TimerFired) and given.name == "noinput":
            self._comfort(run, state)
            run.change(comforts=run.at.comforts + 1)
        else:
            super().trying(run, state, given)

    def _music(self, run: Run, state: Queue) -> None:
        run.music()
        run.timer("noinput", state.comfort_seconds)

    def _comfort(self, run: Run, state: Queue) -> None:
        prompt = state.comfort[run.at.comforts % len(state.comfort)]
        if state.offer and run.seconds_since(run.at.since) >= run.number(state.offer.after_seconds, 0.0):
            prompt = state.offer.prompt
        if not run.play(prompt, bargein=True):
            self._music(run, state)


class _Record(Verb):
    def enter(self, run: Run, state: Record) -> None:
        run.change(typed="")
        run.expect("open")
        if not run.play(state.prompt, bargein=True):
            self._record(run, state)

    def input(self, run: Run, state: Record, given: inputs.Input) -> None:
        if prompt_over(run, given):
            self._record(run, state)
        elif isinstance(given, inputs.Key) and run.at.playing:
            run.stop_playing()
            run.cancel("limit")
            self._record(run, state)
        elif isinstance(given, inputs.Key) and run.at.recording:
            run.go(state.next)
        elif isinstance(given, inputs.MessageFinished) and run.at.recording:
            run.go(state.next if given.seconds >= state.min_seconds else state.too_short)
        elif isinstance(given, inputs.TimerFired):
            run.go(state.next)

    def _record(self, run: Run, state: Record) -> None:
        run.say(do.RecordMessage(state.max_seconds, state.silence_seconds))
        run.change(recording=True)
        run.timer("noinput", state.max_seconds + GRACE_SECONDS)


ACT, TRANSFER, QUEUE, RECORD = _Act(), _Transfer(), _Queue(), _Record()
