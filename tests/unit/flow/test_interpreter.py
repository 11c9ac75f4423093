"""Step by step: what the caller does, and what the flow asks for then."""

from __future__ import annotations

import functools
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.flow import FlowSet, Position, check, inputs, load_flows, start, step
from hotline.flow.commands import (
    Act,
    CancelTimer,
    CancelTransfer,
    Command,
    DeclareEmergency,
    HangUp,
    Learn,
    OpenTicket,
    Play,
    SecretKeys,
    StartTimer,
    StopPlaying,
)
from tests.unit.flow.conftest import Spoil

NOW = "2026-11-23T10:00:00+08:00"
DONE = inputs.PromptFinished(NOW)
SILENCE = inputs.TimerFired("noinput", NOW)
shipped = functools.cache(lambda: load_flows(Path(__file__).parents[3] / "ivr_flows"))


class Caller:
    """A call in the shipped flows."""

    def __init__(self, entry: str = "main", flows: FlowSet | None = None, **facts: str) -> None:
        self.flows = flows or shipped()
        self.position, self.commands = start(self.flows, entry, inputs.Connected(NOW, facts))

    def gives(self, *given: inputs.Input) -> tuple[Command, ...]:
        """The commands that follow the last of the inputs."""
        for one in given:
            self.position, self.commands = step(self.flows, self.position, one)
        return self.commands

    @property
    def place(self) -> str:
        return f"{self.position.flow}.{self.position.state}"


def says(text: str, final: bool = True, number: str = "", address: str = "") -> inputs.Utterance:
    return inputs.Utterance(text, final, NOW, address={"spoken": address} if address else {}, number=number)


def key(pressed: str) -> inputs.Key:
    return inputs.Key(pressed, NOW)


def danger(hazard: str = "smell") -> inputs.EmergencyHeard:
    return inputs.EmergencyHeard(hazard, "indoor", NOW)  # type: ignore[arg-type]  # literals below


def at(flow: str, state: str, **variables: str) -> Caller:
    """A call that has just come to a state."""
    caller = Caller()
    caller.gives(DONE)
    frame = replace(caller.position.frames[0], flow=flow, state=state, local={})
    position = replace(caller.position, frames=(frame,), variables={**caller.position.variables, **variables})
    caller.position = replace(position, timers=frozenset({"noinput"}))
    return caller


def test_sounds_do_not_stop_a_prompt_but_words_do() -> None:
    caller = Caller()
    assert caller.gives(inputs.SpeechStarted(NOW)) == ()
    commands = caller.gives(says("我家", final=False))
    assert StopPlaying() in commands
    assert any(isinstance(one, StartTimer) and one.name == "limit" for one in commands)


def test_endless_partial_words_come_to_an_end() -> None:
    caller = Caller()
    caller.gives(says("我", final=False))
    assert caller.gives(says("我家", final=False)) == ()
    assert any(isinstance(one, Play) for one in caller.gives(inputs.TimerFired("limit", NOW)))


def test_speech_stops_the_pause() -> None:
    caller = Caller()
    commands = caller.gives(DONE, inputs.SpeechStarted(NOW))
    assert CancelTimer("noinput") in commands
    assert caller.gives(SILENCE) == ()


def test_a_timer_that_was_cancelled_changes_nothing() -> None:
    caller = Caller()
    caller.gives(DONE, inputs.SpeechStarted(NOW))
    before = caller.position
    caller.gives(SILENCE)
    assert caller.position == before


def test_a_prompt_whose_end_is_never_told_ends_all_the_same() -> None:
    caller = Caller()
    commands = caller.gives(inputs.TimerFired("limit", NOW))
    assert StopPlaying() in commands
    assert any(isinstance(one, StartTimer) and one.name == "noinput" for one in commands)


def test_the_emergency_key_is_live_while_digits_are_collected() -> None:
    caller = at("contact", "ask_number")
    assert not any(isinstance(one, DeclareEmergency) for one in caller.gives(key("9")))
    assert caller.position.digits == "9"
    assert caller.gives(key("*"))[0] == DeclareEmergency("key")


def test_keys_ahead_of_a_question_count() -> None:
    caller = at("repair", "promised")
    caller.position = replace(caller.position, playing=True)
    caller.gives(key("2"))
    assert caller.place == "anything_else.goodbye"


def test_keys_ahead_confirm_nothing() -> None:
    caller = at("contact", "look_up", caller="13800138000")
    caller.position = replace(caller.position, acting="customer_by_number", typed="1")
    found = inputs.ActionFinished("customer_by_number", "found", NOW, {"file_address": "甲路一号"})
    commands = caller.gives(found)
    assert caller.place == "contact.confirm_address"
    assert not any(isinstance(one, Learn) for one in commands)
    assert caller.position.typed == ""


def test_a_pin_is_secret_until_it_is_entered() -> None:
    caller = Caller("crew_report", caller="1")
    known = inputs.ActionFinished("crew_by_number", "known", NOW, {"crew": "101", "crew_name": "一班"})
    assert SecretKeys(True) in caller.gives(known, DONE)
    commands = caller.gives(*(key(one) for one in "1234#"))
    assert commands.index(SecretKeys(False)) < next(
        index for index, one in enumerate(commands) if isinstance(one, Act)
    )


def test_an_answer_waits_for_its_prompt_and_a_late_one_is_ignored() -> None:
    caller = at("progress", "tell")
    caller.position, _ = start(shipped(), "main", inputs.Connected(NOW, {"caller": "1"}))
    caller.gives(key("6"))
    assert caller.position.acting == "ticket_progress"
    found = inputs.ActionFinished("ticket_progress", "found", NOW, {"status": "open", "business": "repair"})
    assert not any(isinstance(one, Play) for one in caller.gives(found))
    caller.gives(DONE)
    assert caller.place == "progress.tell"
    before = caller.position
    caller.gives(inputs.ActionFinished("ticket_progress", "none", NOW))
    assert caller.position == before


def test_an_answer_to_another_question_is_ignored() -> None:
    caller = Caller(caller="1")
    caller.gives(key("6"))
    caller.gives(inputs.ActionFinished("outage_at", "planned", NOW))
    assert caller.position.acting == "ticket_progress"


def test_a_second_emergency_does_not_begin_again() -> None:
    caller = Caller()
    assert caller.gives(danger())[0] == DeclareEmergency("speech", "smell")
    before = caller.position
    assert caller.gives(danger()) == ()
    assert caller.position.frames == before.frames


def test_a_worse_hazard_brings_its_advice_and_comes_back() -> None:
    caller = Caller()
    caller.gives(danger(), DONE, DONE, inputs.ActionFinished("customer_by_number", "unknown", NOW))
    assert caller.place == "emergency.ask_address"
    commands = caller.gives(danger("co"))
    assert Learn("hazard", "co", False) in commands
    assert caller.place == "advice.co"
    caller.gives(DONE)
    assert caller.place == "emergency.ask_address"


def test_danger_while_talking_is_declared_and_the_talk_goes_on() -> None:
    caller = Caller()
    caller.gives(key("0"), inputs.TransferFinished("answered", NOW))
    commands = caller.gives(danger())
    assert commands[0] == DeclareEmergency("speech", "smell")
    assert not any(isinstance(one, CancelTransfer | StopPlaying) for one in commands)
    caller.gives(inputs.TransferFinished("ended", NOW))
    assert caller.position.flow == "emergency"


def test_a_repeated_question_does_not_lose_the_place_in_the_queue() -> None:
    caller = Caller()
    caller.gives(key("0"))
    assert not any(isinstance(one, CancelTransfer) for one in caller.gives(says("再说一遍")))


def test_news_is_said_before_the_next_question() -> None:
    caller = Caller()
    caller.gives(danger(), DONE, DONE)
    caller.gives(inputs.Told("crew_accepted", NOW, {"target_minutes": "15"}))
    caller.gives(inputs.ActionFinished("customer_by_number", "unknown", NOW))
    assert caller.place == "crew_coming.tell"
    caller.gives(DONE)
    assert caller.place == "emergency.ask_address"


CIRCLE = ("do: ticket\n    business: repair\n    next: bye", "do: set\n    values: {}\n    next: ticket")


def test_a_flow_that_turns_in_circles_leads_to_a_person(
    flows_with: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "faults", lambda *given: iter(()))
    caller = Caller(flows=load_flows(flows_with("main", CIRCLE)), caller="1")
    caller.gives(key("1"))
    assert caller.place == "human.person" and caller.position.transfer == "trying"


def test_when_that_turns_in_circles_too_the_matter_is_written_down(
    flows_with: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "faults", lambda *given: iter(()))
    turning = "flow: human\ntitle: x\nstart: a\nstates:\n  a: {do: set, values: {}, next: a}\n"
    caller = Caller(flows=load_flows(flows_with("main", CIRCLE, human=turning)), caller="1")
    commands = caller.gives(key("1"))
    assert [type(one) for one in commands[-2:]] == [OpenTicket, HangUp]


def test_a_position_is_plain_data() -> None:
    caller = Caller(caller="1")
    caller.gives(danger(), DONE)
    copy: Position = pickle.loads(pickle.dumps(caller.position))
    assert step(shipped(), copy, DONE) == step(shipped(), caller.position, DONE)
