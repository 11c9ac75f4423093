"""The other callers of `hotline demo`: a repair, silence, and whatever a WAV file or text says."""

from __future__ import annotations

import time
from pathlib import Path

from hotline.demo.actor import GREETING, Actor, Answer
from hotline.demo.emergency import ADDRESS, PICK_UP_SECONDS, STREET, VOICE, YES
from hotline.demo.phone import PhoneError
from hotline.demo.stage import Stage
from hotline.demo.timeline import Step, timed

REPAIR = "你好我家的热水器打不着火了想请师傅来看一下"
NO_SMELL = "没有没有闻到什么味道"
NOTHING_MORE = "没有了谢谢你"
REPAIR_SENTENCES = (REPAIR, NO_SMELL, ADDRESS, YES, NOTHING_MORE)
LONGEST_CALL_SECONDS = 150.0


def dial(stage: Stage) -> list[Step]:
    """The caller rings and is answered."""
    stage.caller.record(stage.folder / "heard-by-the-caller.wav")
    called = stage.caller.call(stage.service.number(stage.settings.service_number))
    stage.timeline.begin(called.at)
    answered = stage.caller.wait_for("answered", 10)
    return [timed("INVITE → answered", answered.at - called.at, PICK_UP_SECONDS)]


def repair(stage: Stage) -> list[Step]:
    """A boiler does not light; nobody smells anything."""
    def line(name: str, text: str) -> Path:
        return stage.line(name, text, VOICE)

    stage.actors.append(Actor(stage.caller, (
        Answer(GREETING, say=line("repair", REPAIR), times=1),
        Answer("燃气味|漏气的声音", say=line("no-smell", NO_SMELL)),
        Answer("说一下您的地址|再说一遍地址", say=line("address", ADDRESS)),
        Answer("对吗|可以吗", say=line("yes", YES), times=4),
        Answer("别的事情", say=line("nothing-more", NOTHING_MORE)),
    )))
    steps = dial(stage)
    asked = stage.watch.wait_for("ticket_requested", 90)
    steps.append(Step("a repair ticket is asked for", asked.business == "repair", asked.business))
    stage.caller.wait_for("ended", 60)
    declared = [r for r in stage.watch.of(asked.call_id) if r.kind == "emergency_declared"]
    steps.append(Step("it is not taken for an emergency", not declared))
    address = _confirmed(stage, asked.call_id, "address")
    steps.append(Step("the address was read back and confirmed", STREET in address, address))
    return steps


def silent(stage: Stage) -> list[Step]:
    """Somebody rings and says nothing: the line takes him for somebody in danger and finds a person."""
    stage.duty.answer_calls(2.0)
    steps = dial(stage)
    began = time.time()
    person = stage.duty.wait_for("answered", LONGEST_CALL_SECONDS)
    steps.append(timed("silence → a person is on the line", person.at - began, 60))
    talk = stage.line("hello", "您好这里是值班室请问您需要帮助吗", "m5")
    stage.caller.forget()
    stage.duty.say(talk, delay_seconds=0.5)
    stage.caller.wait_for("hears", 10)
    steps.append(Step("the caller hears that person", ok=True))
    stage.duty.wait_for("said", 10)
    stage.caller.hangup()
    stage.duty.wait_for("ended", 10)
    return steps


def anybody(stage: Stage, line: Path) -> list[Step]:
    """Whoever is on the file says it once and only listens then: a person, a ticket or a crew has it."""
    stage.actors.append(Actor(stage.caller, (Answer(GREETING, say=line, times=1),)))
    stage.duty.answer_calls(2.0)
    steps = dial(stage)
    arrived = stage.watch.wait_for("call_arrived", 10)
    try:
        stage.duty.wait_for("answered", 60)
        stage.duty.hangup()
    except PhoneError:
        stage.timeline.note("nobody was put through within 60 s")
    stage.caller.hangup()
    stage.watch.wait_for("call_ended", 30, call_id=arrived.call_id)
    heard = [r.text for r in stage.watch.of(arrived.call_id) if r.kind == "heard"]
    kinds = {r.kind for r in stage.watch.of(arrived.call_id)}
    steps.append(Step("something was heard", bool(heard), "，".join(heard)))
    helped = kinds & {"emergency_declared", "ticket_requested", "callback_requested"}
    reached = stage.duty.happened("answered")
    steps.append(Step("a person, a ticket or a crew has it", bool(helped) or reached,
                      ", ".join(sorted(helped)) or ("a person" if reached else "nobody")))
    return steps


def _confirmed(stage: Stage, call_id: str, field: str) -> str:
    """The last value that the caller confirmed; empty when there is none."""
    records = [r for r in stage.watch.of(call_id) if r.kind == "fact_learned" and r.field == field]
    return next((record.value for record in reversed(records) if record.confirmed), "")
