"""Whatever breaks in a call, the caller is not left in silence: a person, else a call-back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from hotline.calls.ears import Emergency, Understood
from hotline.flow import commands, inputs
from hotline.ipc import Hangup, Job
from tests.journeys.stage import Stage

INBOUND = Job(call_id="call-1", purpose="inbound", entry="main", facts={"caller": "+8613800000001"})
PAGE = Job(
    call_id="page-1",
    purpose="page",
    entry="crew_page",
    dial="sip:crew@127.0.0.1",
    facts={"page_id": "page-1", "ring_seconds": "30"},
)


class Script:
    """A flow that says what the test wants it to say."""

    version = "test"
    emergencies = True

    def __init__(self, answer: Callable[[inputs.Input], Sequence[commands.Command]]) -> None:
        self._answer = answer
        self.seen: list[inputs.Input] = []

    def start(self, connected: inputs.Connected) -> Sequence[commands.Command]:
        return self.step(connected)

    def step(self, event: inputs.Input) -> Sequence[commands.Command]:
        self.seen.append(event)
        return self._answer(event)


class Hears:
    """Takes every text with 漏气 in it for a leak."""

    def know(self, facts: Mapping[str, str]) -> None:
        pass

    def of(self, text: str, final: bool, *, paused: bool = False) -> Understood:
        if "漏气" in text:
            return Understood(Emergency("leak", "indoor", 0.9, text), "leak_emergency", 0.9)
        return Understood()


def waiting(event: inputs.Input) -> Sequence[commands.Command]:
    """A flow that waits for ever, with something going on."""
    return [commands.StartTimer("noinput", 1000)] if isinstance(event, inputs.Connected) else []


def broken(event: inputs.Input) -> Sequence[commands.Command]:
    raise ZeroDivisionError("a bug in the flow")


def stage(tmp_path: Path, flow: Script, job: Job = INBOUND) -> Stage:
    return Stage(tmp_path, flow, Hears(), job)


def test_a_broken_flow_leads_to_an_agent(tmp_path: Path) -> None:
    call = stage(tmp_path, Script(broken))
    call.controller.answers["find_agents"] = ("ok", {"users": "1002"})
    call.ring()
    call.wait(1)
    agent = call.switchboard.dialled()[0]
    assert agent.uri == "sip:1002@127.0.0.1:5060"
    assert call.caller.looping is not None
    agent.remote_answer()
    assert call.switchboard.are_bridged(call.caller, agent)
    assert "call_failed" in call.kinds()
    agent.remote_hangup()
    call.wait(3)
    assert call.caller.state == "over"
    assert call.of("callback_requested") == []
    assert call.finished == 1


def test_with_no_agent_the_duty_crew_is_rung_and_then_a_call_back_is_promised(tmp_path: Path) -> None:
    call = stage(tmp_path, Script(broken))
    call.ring()
    call.wait(100)
    assert [leg.uri for leg in call.switchboard.dialled()] == [
        "sip:1001@127.0.0.1:5060", "sip:1002@127.0.0.1:5060", "sip:duty@127.0.0.1"
    ]
    assert call.of("callback_requested")[0].number == "+8613800000001"
    assert call.finished == 1


def test_a_flow_in_which_nothing_goes_on_is_noticed(tmp_path: Path) -> None:
    call = stage(tmp_path, Script(lambda event: []))
    call.ring()
    call.wait(9)
    assert "call_failed" in call.kinds()
    assert call.switchboard.dialled() != []


def test_a_leak_is_declared_by_a_partial_transcript_whatever_the_flow_does(tmp_path: Path) -> None:
    call = stage(tmp_path, Script(broken))
    call.ring()
    call.ear.hint("厨房漏气")
    declared = call.of("emergency_declared")
    assert [record.hazard for record in declared] == ["leak"]
    call.ear.say("厨房漏气了")
    assert len(call.of("emergency_declared")) == 1


def test_words_that_wait_for_their_turn_are_weighed_when_the_caller_stops(tmp_path: Path) -> None:
    class Waits(Hears):
        def know(self, facts: Mapping[str, str]) -> None:
            pass

        def of(self, text: str, final: bool, *, paused: bool = False) -> Understood:
            return super().of(text, final) if final or paused else Understood()

    call = Stage(tmp_path, Script(waiting), Waits(), INBOUND)
    call.ring()
    call.ear.hint("漏气")
    assert call.of("emergency_declared") == []
    call.ear.hint("漏气了")
    call.wait(0.5)
    assert [record.words for record in call.of("emergency_declared")] == ["漏气了"]


def test_a_leak_said_while_hanging_up_still_counts(tmp_path: Path) -> None:
    call = stage(tmp_path, Script(waiting))
    call.ring()
    call.ear.unsaid.append("漏气了")
    call.caller.remote_hangup()
    call.wait(3)
    assert [record.by for record in call.of("emergency_declared")] == ["speech"]
    assert call.kinds()[-1] == "call_ended"
    assert call.finished == 1


def test_a_recogniser_that_never_flushes_does_not_keep_the_call(tmp_path: Path) -> None:
    call = stage(tmp_path, Script(waiting))
    call.ring()
    call.ear.close = lambda flushed=None: None  # type: ignore[method-assign]
    call.caller.remote_hangup()
    call.wait(3)
    assert call.finished == 1


def test_a_prompt_whose_end_is_never_told_ends_by_its_length(tmp_path: Path) -> None:
    def talkative(event: inputs.Input) -> Sequence[commands.Command]:
        if isinstance(event, inputs.Connected):
            return [commands.Play((commands.Segment("您好"),), bargein=True)]
        return [commands.StartTimer("noinput", 1000)]

    flow = Script(talkative)
    call = stage(tmp_path, flow)
    leg = call.switchboard.incoming(call.conversation.listener())
    leg.play = lambda files, finished: None  # type: ignore[method-assign]
    call.conversation.incoming(leg)
    call.wait(10)
    assert [type(event) for event in flow.seen] == [inputs.Connected, inputs.PromptFinished]


@pytest.mark.parametrize(
    ("happens", "why"),
    [("silence", "no_answer"), ("busy", "busy"), ("cancelled", "cancelled: taken"), ("mute", "hung_up")],
)
def test_a_page_that_nobody_took_fails_once(tmp_path: Path, happens: str, why: str) -> None:
    call = stage(tmp_path, Script(waiting), PAGE)
    call.conversation.outgoing()
    phone = call.switchboard.dialled()[0]
    if happens == "silence":
        call.wait(31)
    elif happens == "busy":
        phone.remote_reject(486)
    elif happens == "cancelled":
        call.conversation.told(Hangup(reason="taken"))
    else:
        phone.remote_answer()
        phone.remote_hangup()
    call.wait(3)
    assert [record.why[: len(why)] for record in call.of("page_failed")] == [why]
    assert call.finished == 1


def test_an_accepted_page_does_not_fail_when_the_crew_hangs_up(tmp_path: Path) -> None:
    def accept(event: inputs.Input) -> Sequence[commands.Command]:
        return [commands.AcceptPage()] if isinstance(event, inputs.Key) else waiting(event)

    call = stage(tmp_path, Script(accept), PAGE)
    call.conversation.outgoing()
    phone = call.switchboard.dialled()[0]
    phone.remote_answer()
    phone.press("1")
    phone.remote_hangup()
    call.wait(3)
    assert len(call.of("page_accepted")) == 1
    assert call.of("page_failed") == []


def test_secret_keys_stay_out_of_the_journal(tmp_path: Path) -> None:
    def secret(event: inputs.Input) -> Sequence[commands.Command]:
        return [commands.SecretKeys(True), *waiting(event)] if isinstance(event, inputs.Connected) else []

    flow = Script(secret)
    call = stage(tmp_path, flow)
    call.ring()
    call.caller.press("7")
    assert [record.key for record in call.of("key_pressed")] == [""]
    assert [event.key for event in flow.seen if isinstance(event, inputs.Key)] == ["7"]
