"""A call without a telephone: the flow runs against a made-up world on a made-up clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hotline.flow import commands as do
from hotline.flow import inputs, template
from hotline.flow.interpreter import start, step
from hotline.flow.model import FlowSet
from hotline.flow.position import Position
from hotline.flow.states import Queue, Wait

ACTION_SECONDS = 0.2
RING_SECONDS = 4.0
DAY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action answers, or how a transfer turns out."""

    outcome: str
    values: Mapping[str, str] = field(default_factory=dict)
    after_seconds: float | None = None


@dataclass(slots=True)
class World:
    """What the controller and the people at the other end do. What is not named does not answer."""

    actions: dict[str, list[Outcome]] = field(default_factory=dict)
    """Successive answers; the last one stays."""
    transfers: dict[str, list[Outcome]] = field(default_factory=dict)

    def action(self, name: str) -> Outcome:
        return self._next(self.actions, name, Outcome("unavailable"))

    def transfer(self, target: str) -> Outcome:
        return self._next(self.transfers, target, Outcome("no_answer"))

    def _next(self, table: dict[str, list[Outcome]], name: str, otherwise: Outcome) -> Outcome:
        known = table.get(name) or [otherwise]
        return known.pop(0) if len(known) > 1 else known[0]


Listener = Callable[[str, str], None]
"""Gets the simulated time and a line about what happened."""


class Simulation:
    """One simulated call: `feed` what the caller does, `settle` until it is his turn."""

    def __init__(
        self, flows: FlowSet, entry: str, now: datetime, facts: Mapping[str, str], world: World,
        listener: Listener = lambda now, line: None,
    ) -> None:
        self.flows, self.world, self.listener = flows, world, listener
        self.began, self.seconds = now, 0.0
        self.due: dict[str, tuple[float, inputs.Input | None]] = {}
        """By name of what is going on: when it ends, and with which input (None: a timer or prompt)."""
        self.log: list[do.Command] = []
        self.position, commands = start(flows, entry, inputs.Connected(self.now, dict(facts)))
        self._carry_out(commands)

    @property
    def now(self) -> str:
        return (self.began + timedelta(seconds=self.seconds)).isoformat(timespec="seconds")

    def feed(self, given: inputs.Input) -> None:
        """Something happens now."""
        self.position, commands = step(self.flows, self.position, given)
        self._carry_out(commands)

    def settle(self) -> None:
        """Let time pass until the caller may speak, somebody talks with him, or the call is over."""
        while not self.position.over and not self._callers_turn(self.position):
            if not self._next(self.seconds + DAY_SECONDS):
                return

    def silence(self) -> None:
        """Let time pass until the pause for the caller has run out, and what follows has been said."""
        self.settle()
        while not self.position.over and not self._next(self.seconds + DAY_SECONDS) == "noinput":
            if not self.due:
                return
        self.settle()

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        until = self.seconds + seconds
        while not self.position.over and self._next(until):
            pass
        self.seconds = until

    def _callers_turn(self, position: Position) -> bool:
        if position.playing or position.acting:
            return False
        waiting = isinstance(self.flows.state(position.flow, position.state), Queue | Wait)
        return position.transfer != "trying" or waiting

    def _next(self, until: float) -> str:
        """Let the next thing happen, unless it is later than `until`; says which it was."""
        for name in [name for name in self.due if not self._still(name)]:
            del self.due[name]
        if not self.due:
            return ""
        name = min(self.due, key=lambda one: (self.due[one][0], one))
        at, given = self.due[name]
        if at > until:
            return ""
        del self.due[name]
        self.seconds = max(self.seconds, at)
        self.feed(given or self._input(name))
        return name

    def _still(self, name: str) -> bool:
        position = self.position
        going = {"prompt": position.playing, "action": bool(position.acting),
                 "transfer": position.transfer == "trying", "message": position.recording}
        return going.get(name, name in position.timers)

    def _input(self, name: str) -> inputs.Input:
        if name == "prompt":
            return inputs.PromptFinished(self.now)
        if name == "message":
            return inputs.MessageFinished(0.0, self.now)
        return inputs.TimerFired(name, self.now)  # type: ignore[arg-type]  # only timers are left

    def _carry_out(self, commands: tuple[do.Command, ...]) -> None:
        for command in commands:
            self.log.append(command)
            self._begin(command)
            line = describe(command)
            if line:
                self.listener(self.now[11:19], line)

    def _begin(self, command: do.Command) -> None:
        if isinstance(command, do.Play):
            speed = self.flows.common.defaults.characters_per_second
            seconds = template.estimate_seconds(command.segments, speed)
            self.due["prompt"] = (self.seconds + seconds, None)
        elif isinstance(command, do.StartTimer):
            self.due[command.name] = (self.seconds + command.seconds, None)
        elif isinstance(command, do.CancelTimer):
            self.due.pop(command.name, None)
        elif isinstance(command, do.Act):
            self._answer(command)
        elif isinstance(command, do.Transfer):
            self._ring(command)
        elif isinstance(command, do.RecordMessage):
            self.due["message"] = (self.seconds + command.silence_seconds, None)

    def _answer(self, command: do.Act) -> None:
        answer = self.world.action(command.action)
        after = ACTION_SECONDS if answer.after_seconds is None else answer.after_seconds
        late = answer.outcome == "unavailable" and answer.after_seconds is None
        at = self.seconds + (command.timeout_seconds if late else after)
        given = inputs.ActionFinished(command.action, answer.outcome, self.now, dict(answer.values))
        self.due["action"] = (at, given)

    def _ring(self, command: do.Transfer) -> None:
        turn = self.world.transfer(command.target)
        after = turn.after_seconds
        if after is None:
            after = command.timeout_seconds if turn.outcome == "no_answer" else RING_SECONDS
        given = inputs.TransferFinished(turn.outcome, self.now)  # type: ignore[arg-type]  # checked by the script
        self.due["transfer"] = (self.seconds + after, given)


def describe(command: do.Command) -> str:
    """A command as a line for people; empty for what they need not see."""
    if isinstance(command, do.Play):
        return f"🔊 {template.plain(command.segments)}"
    if isinstance(command, do.PlayHoldMusic):
        return "♪ 音乐"
    if isinstance(command, do.Enter):
        return f"   [{command.flow}.{command.state}]"
    quiet = do.StartTimer | do.CancelTimer | do.Expect | do.StopPlaying | do.SecretKeys
    return "" if isinstance(command, quiet) else f"   → {command}"
