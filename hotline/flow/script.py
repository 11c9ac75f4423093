"""Scripts of turns and expectations: `hotline flow simulate FILE.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from hotline import yamlfile
from hotline.errors import Fault
from hotline.events import Hazard, Label, Place
from hotline.flow import commands as do
from hotline.flow import inputs, template
from hotline.flow.model import FlowSet
from hotline.flow.simulation import Listener, Outcome, Simulation, World
from hotline.flow.states import Key, Part, Text, Texts
from hotline.yamlfile import YamlFile


class Answer(Part):
    outcome: str
    values: dict[str, Text] = Field(default_factory=dict)
    after_seconds: float | None = None


def _as_answers(value: object) -> object:
    many = value if isinstance(value, list) else [value]
    return [{"outcome": one} if isinstance(one, str) else one for one in many]


Answers = Annotated[tuple[Answer, ...], BeforeValidator(_as_answers), Field(min_length=1)]


class Danger(Part):
    hazard: Hazard
    place: Place = "unknown"


class News(Part):
    topic: str
    values: dict[str, Text] = Field(default_factory=dict)


class Expect(Part):
    """What must have happened since the turn before. All texts are looked for anywhere in what was said."""

    says: Texts = ()
    says_not: Texts = ()
    state: str = ""
    """`flow.state` in which the call must stand now."""
    does: tuple[dict[str, Any], ...] = ()
    """Commands by name and fields, in this order: `{OpenTicket: {business: repair}}`."""
    does_not: Texts = ()
    """Names of commands that must not have come."""
    over: bool | None = None


class Turn(Part):
    """One thing that the caller or the world does, and what must follow."""

    say: Text | None = None
    label: Label | None = None
    confidence: float = 0.9
    address: Text = ""
    """The address that triage finds in the words."""
    number: Text = ""
    key: Key | None = None
    keys: Text = ""
    """Several keys, one after the other."""
    silence: bool = False
    emergency: Danger | None = None
    told: News | None = None
    transfer: Literal["answered", "ended", "no_answer", "busy", "unavailable"] | None = None
    message_seconds: float | None = None
    wait_seconds: float | None = None
    hangup: bool = False
    early: bool = False
    """Before the prompt has ended: the caller interrupts."""
    expect: Expect = Expect()


class Script(Part):
    """A file of `ivr_flows/tests/`."""

    title: str
    flow: str
    now: AwareDatetime = datetime.fromisoformat("2026-11-23T10:00:00+08:00")
    facts: dict[str, Text] = Field(default_factory=dict)
    actions: dict[str, Answers] = Field(default_factory=dict)
    transfers: dict[str, Answers] = Field(default_factory=dict)
    turns: tuple[Turn, ...] = Field(min_length=1)


def read(path: Path) -> tuple[YamlFile, Script]:
    """Read a script. Raises ConfigurationError with all its faults."""
    source = YamlFile(path)
    return source, yamlfile.validate(source, Script)


def run(flows: FlowSet, path: Path, listener: Listener = lambda now, line: None) -> list[Fault]:
    """Play a script; every expectation that was not met, with its line. Raises ConfigurationError."""
    source, script = read(path)
    if script.flow not in flows.flows:
        return [source.fault(("flow",), f"there is no flow {script.flow}")]
    simulation = Simulation(flows, script.flow, script.now, script.facts, _world(script), listener)
    faults: list[Fault] = []
    for index, turn in enumerate(script.turns):
        if index == 0 and _is_expectation(turn):
            simulation.settle()
        else:
            simulation.log.clear()
            _play(simulation, turn, listener)
        for field, message in _unmet(simulation, turn.expect):
            faults.append(source.fault(("turns", index, "expect", field), message))
    return faults


def _world(script: Script) -> World:
    def outcomes(table: dict[str, Answers]) -> dict[str, list[Outcome]]:
        return {
            name: [Outcome(one.outcome, one.values, one.after_seconds) for one in answers]
            for name, answers in table.items()
        }

    return World(outcomes(script.actions), outcomes(script.transfers))


def _is_expectation(turn: Turn) -> bool:
    return turn.model_dump(exclude={"expect"}) == Turn().model_dump(exclude={"expect"})


def _play(simulation: Simulation, turn: Turn, listener: Listener) -> None:
    if not turn.early:
        simulation.settle()
    if turn.silence:
        listener(simulation.now[11:19], "👤 ……")
        simulation.silence()
    if turn.wait_seconds is not None:
        simulation.wait(turn.wait_seconds)
    for given in _inputs(simulation, turn):
        listener(simulation.now[11:19], f"👤 {said(given)}")
        simulation.feed(given)
    if turn.wait_seconds is None:
        simulation.settle()


def _inputs(simulation: Simulation, turn: Turn) -> Iterator[inputs.Input]:
    now = simulation.now
    if turn.emergency:
        yield inputs.EmergencyHeard(turn.emergency.hazard, turn.emergency.place, now)
    if turn.say is not None:
        address = {"spoken": turn.address} if turn.address else {}
        yield inputs.SpeechStarted(now)
        yield inputs.Utterance(
            turn.say, True, now, turn.label, turn.confidence if turn.label else 0.0, address, turn.number
        )
    for key in ([turn.key] if turn.key else []) + list(turn.keys):
        yield inputs.Key(key, now)
    if turn.told:
        yield inputs.Told(turn.told.topic, now, dict(turn.told.values))
    if turn.transfer:
        yield inputs.TransferFinished(turn.transfer, now)
    if turn.message_seconds is not None:
        yield inputs.MessageFinished(turn.message_seconds, now)
    if turn.hangup:
        yield inputs.HungUp(now)


def said(given: inputs.Input) -> str:
    """An input as people would tell it."""
    if isinstance(given, inputs.Utterance):
        return given.text
    if isinstance(given, inputs.Key):
        return f"按 {given.key}"
    return {"SpeechStarted": "（开口）", "HungUp": "（挂机）"}.get(type(given).__name__, str(given))


def _unmet(simulation: Simulation, expect: Expect) -> Iterator[tuple[str, str]]:
    heard = " ".join(template.plain(one.segments) for one in simulation.log if isinstance(one, do.Play))
    for text in expect.says:
        if text not in heard:
            yield "says", f"expected to hear {text!r}, heard {heard!r}"
    for text in expect.says_not:
        if text in heard:
            yield "says_not", f"did not expect to hear {text!r} in {heard!r}"
    place = f"{simulation.position.flow}.{simulation.position.state}"
    if expect.state and expect.state != place:
        yield "state", f"expected to stand in {expect.state}, stands in {place}"
    if expect.over is not None and expect.over != simulation.position.over:
        yield "over", f"expected the call {'to be over' if expect.over else 'to go on'}; it stands in {place}"
    done = [type(one).__name__ for one in simulation.log]
    for name in expect.does_not:
        if name in done:
            yield "does_not", f"did not expect {name}: {simulation.log[done.index(name)]}"
    yield from _undone(simulation.log, expect.does)


def _undone(log: list[do.Command], wanted: tuple[dict[str, Any], ...]) -> Iterator[tuple[str, str]]:
    ahead = iter(log)
    for one in wanted:
        for name, fields in one.items():
            if not any(_is(command, name, fields or {}) for command in ahead):
                real = [str(command) for command in log if type(command).__name__ == name]
                yield "does", f"expected {name} {fields or ''} in this order; there was {real or 'none'}"


def _is(command: do.Command, name: str, fields: dict[str, Any]) -> bool:
    return type(command).__name__ == name and _within(fields, asdict(command))


def _within(wanted: Any, real: Any) -> bool:
    if isinstance(wanted, dict):
        inside = isinstance(real, dict)
        return inside and all(key in real and _within(one, real[key]) for key, one in wanted.items())
    return bool(wanted == real)
