"""One step under way: what has changed so far and what is to be done.

The verbs of the grammar (`hotline/flow/verbs/`) work on a `Run`; it starts from one
position and is frozen into the next.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hotline.events import Hazard
from hotline.flow import commands as do
from hotline.flow import template
from hotline.flow.model import Defaults, Flow, FlowSet
from hotline.flow.position import Frame, Position
from hotline.flow.states import AnyState, Prompt

PROMPT_MARGIN_SECONDS = 15.0
"""A prompt that has not told its end so long after its estimated one is taken as finished."""
TIMERS: tuple[do.TimerName, ...] = ("noinput", "interdigit", "limit")


class Run:
    """A draft of the next position and the commands that lead there."""

    def __init__(self, flows: FlowSet, position: Position) -> None:
        self.flows = flows
        self.at = position
        self.commands: list[do.Command] = []
        self.target: str | None = None
        """Where the verb wants to go; the machine goes there when the verb has returned."""

    # What stands where the call is
    @property
    def flow(self) -> Flow:
        return self.flows.flows[self.at.flow]

    @property
    def state(self) -> AnyState:
        return self.flow.states[self.at.state]

    @property
    def defaults(self) -> Defaults:
        return self.flows.common.defaults

    @property
    def variables(self) -> Mapping[str, str]:
        return ChainMap(self.at.frames[-1].local, self.at.variables)

    @property
    def live(self) -> bool:
        """Whether the emergency is live here: in every flow but those that say why not."""
        return all(self.flows.flows[frame.flow].emergency is None for frame in self.at.frames)

    def fill(self, text: str) -> str:
        return template.fill(text, self.variables, self.flows.common.words)

    def number(self, text: str, otherwise: float) -> float:
        """A template that stands for a number; `otherwise` when it is none or not positive."""
        try:
            value = float(self.fill(text))
        except ValueError:
            return otherwise
        return value if 0 < value < 1e6 else otherwise

    def seconds_since(self, then: str) -> float:
        """Time that has passed; 0 when one of the two is no time."""
        try:
            return (datetime.fromisoformat(self.at.now) - datetime.fromisoformat(then)).total_seconds()
        except (ValueError, TypeError):
            return 0.0

    # Changes
    def change(self, **fields: Any) -> None:
        self.at = replace(self.at, **fields)

    def put(self, values: Mapping[str, str]) -> None:
        """Set variables: the flow's own where it has them, else call-wide."""
        top = self.at.frames[-1]
        own = self.flows.flows[top.flow].variables
        local = {name: value for name, value in values.items() if name in own}
        rest = {name: value for name, value in values.items() if name not in own}
        if local:
            self.top(replace(top, local={**top.local, **local}))
        if rest:
            self.change(variables={**self.at.variables, **rest})

    def top(self, frame: Frame) -> None:
        self.change(frames=(*self.at.frames[:-1], frame))

    def go(self, target: str | None) -> None:
        """Leave for `target`; unset: where failures of this flow lead."""
        self.target = target or self.flow.fails or f"@{self.flows.common.fallback}"

    # Commands
    def say(self, command: do.Command) -> None:
        self.commands.append(command)

    def play(self, prompt: Prompt, bargein: bool) -> bool:
        """Play a prompt, with a limit should its end never be told. False when there is nothing to say."""
        segments = template.render(prompt, self.variables, self.flows.common.words)
        if not segments:
            return False
        self.say(do.Play(segments, bargein))
        self.change(playing=True, music=False)
        seconds = template.estimate_seconds(segments, self.defaults.characters_per_second)
        self.timer("limit", 2 * seconds + PROMPT_MARGIN_SECONDS)
        return True

    def music(self) -> None:
        """Fill a pause; the next prompt replaces it."""
        self.say(do.PlayHoldMusic())
        self.change(music=True)

    def stop_playing(self) -> None:
        if self.at.playing or self.at.music:
            self.say(do.StopPlaying())
            self.change(playing=False, music=False)

    def timer(self, name: do.TimerName, seconds: float) -> None:
        self.say(do.StartTimer(name, seconds))
        self.change(timers=self.at.timers | {name})

    def cancel(self, *names: do.TimerName) -> None:
        for name in names:
            if name in self.at.timers:
                self.say(do.CancelTimer(name))
        self.change(timers=self.at.timers - set(names))

    def expect(self, what: str) -> None:
        if what != self.at.expect:
            self.say(do.Expect(what))  # type: ignore[arg-type]  # the verbs pass the literals
            self.change(expect=what)

    def secret(self, on: bool) -> None:
        if on != self.at.secret:
            self.say(do.SecretKeys(on))
            self.change(secret=on)

    def hush(self) -> None:
        """End everything that a state has going, so that the next one begins from rest."""
        self.stop_playing()
        self.cancel(*TIMERS)
        if self.at.transfer:
            self.say(do.CancelTransfer())
        self.secret(False)
        self.change(
            acting="", answer=(), transfer="", recording=False, noinputs=0, nomatches=0, digits="",
        )

    def declare(self, by: str, hazard: Hazard | None) -> None:
        """Declare the emergency: the ticket and the page come before everything else."""
        command = do.DeclareEmergency(by, hazard)  # type: ignore[arg-type]  # `speech` or `key`
        self.commands.insert(0, command)
        variables = {**self.at.variables, "emergency": "yes"}
        self.change(declared=True, secured=True, variables=variables)

    def finish(self) -> None:
        """Hang up; nothing comes after it."""
        self.hush()
        self.say(do.HangUp())
        self.change(over=True)

    def result(self) -> tuple[Position, tuple[do.Command, ...]]:
        return self.at, tuple(self.commands)


def worse(ranking: Sequence[str], new: str, old: str) -> bool:
    """Whether the new hazard is worse than the old one; any is worse than none."""
    def place(hazard: str) -> int:
        return ranking.index(hazard) if hazard in ranking else len(ranking)

    return place(new) < place(old)
