"""The story of `hotline demo`: a kitchen smells of gas, and a crew comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hotline.demo.actor import GREETING, Actor, Answer
from hotline.demo.phone import Phone
from hotline.demo.stage import NEWS_SECONDS, PAGE_SECONDS, PIN, Stage
from hotline.demo.timeline import Step, timed

LEAK = "喂你好我家厨房里好大一股煤气味"
ADDRESS = "我住在滨江路八十八号二单元三零一室"
STREET = "滨江路"
"""What must be left of the address."""
YES = "对的没错"
SENTENCES = (LEAK, ADDRESS, YES)
VOICE = "f4"

PICK_UP_SECONDS = 0.1
GREETING_SECONDS = 5.0
DECLARE_SECONDS = 0.7
ADVICE_SECONDS = 0.3
PAGE_SECONDS_BUDGET = 1.0
"""The budgets of the road of one emergency (docs/call-journey.md)."""
KNOWN_MENU_SECONDS = 1.5
STATUSES = (("on_scene", "3"), ("made_safe", "4"), ("cleared", "5"))


class EmergencyStory:
    """Caller, crew that does not answer, crew that comes."""

    def __init__(self, stage: Stage, *, by_keys: bool = False) -> None:
        self.stage, self.by_keys = stage, by_keys
        self.steps: list[Step] = []
        self._taker: tuple[str, Phone] | None = None

    def run(self) -> list[Step]:
        """Tell it to the end. Raises PhoneError or NotWrittenError where it stops."""
        stage = self.stage
        stage.actors.append(Actor(stage.caller, self._caller_answers()))
        stage.on_crew_ringing(self._crew_rings)
        self._pick_up()
        self._declare()
        self._page()
        self._caller_goes()
        self._reports()
        return self.steps

    # ---- the people
    def _caller_answers(self) -> tuple[Answer, ...]:
        stage = self.stage
        goes = Answer("可以挂机", hang_up=True, after_quiet_seconds=None, delay_seconds=6)
        if self.by_keys:
            return (Answer(GREETING, keys="9", times=1), Answer("对吗|可以吗|是在", keys="1"), goes)
        address = stage.line("address", ADDRESS, VOICE)
        asked = (Answer("没出来", keys="2"), Answer("受伤", keys="2"), Answer("关上了吗", keys="1"))
        return (
            Answer(GREETING, say=stage.line("leak", LEAK, VOICE), then=(address,), times=1),
            Answer("对吗|可以吗|是在", say=stage.line("yes", YES, VOICE), times=4),
            Answer("详细地址|再说一遍地址", say=address),
            *asked,
            goes,
        )

    def _crew_rings(self, crew: str, phone: Phone) -> None:
        """The first one does not answer; the next one takes it."""
        if self._taker is not None and crew == self._taker[0]:
            phone.answer()  # news about the incident it has
            return
        if crew == self.stage.rang[0] or self._taker is not None:
            return
        self._taker = (crew, phone)
        self.stage.actors.append(Actor(phone, (
            Answer("接单请按1", keys="1", times=1, after_quiet_seconds=None, delay_seconds=9),
            Answer("现在出发请按1", keys="1", times=1, after_quiet_seconds=None, delay_seconds=3),
            Answer("听清了可以挂机", hang_up=True, after_quiet_seconds=None, delay_seconds=4, times=9),
        )))
        phone.answer()

    # ---- the story
    def _pick_up(self) -> None:
        stage = self.stage
        stage.caller.record(stage.folder / "heard-by-the-caller.wav")
        called = stage.caller.call(stage.service.number(stage.settings.service_number))
        stage.timeline.begin(called.at)
        answered = stage.caller.wait_for("answered", 10)
        self._step(timed("INVITE → answered", answered.at - called.at, PICK_UP_SECONDS))
        begins = stage.caller.wait_for("hears", 10)
        ends = stage.caller.wait_for("quiet", 15)
        self._step(timed("length of the greeting", ends.at - begins.at - 0.3, GREETING_SECONDS))

    def _declare(self) -> None:
        stage = self.stage
        declared = stage.watch.wait_for("emergency_declared", 30)
        self.call_id: str = declared.call_id
        self.declared_at: float = declared.at.timestamp()
        spoken = "acting" if self.by_keys else "voice_ended"
        end = stage.caller.wait_for(spoken, 10)
        what = "key" if self.by_keys else "end of the leak sentence"
        name = f"{what} → emergency declared"
        self._step(timed(name, self.declared_at - end.at, DECLARE_SECONDS))
        advice = stage.watch.wait_for(
            "prompt_started", 10, call_id=self.call_id, where=lambda r: r.at >= declared.at
        )
        name = "declared → the caller is answered"
        self._step(timed(name, advice.at.timestamp() - self.declared_at, ADVICE_SECONDS))

    def _page(self) -> None:
        stage = self.stage
        first = self._ringing(0, 30)
        self._step(timed("declared → a crew's phone rings", first - self.declared_at, PAGE_SECONDS_BUDGET))
        second = self._ringing(1, PAGE_SECONDS + 10)
        self._step(timed("not answered → next crew's phone rings", second - first, PAGE_SECONDS + 2))
        accepted = stage.watch.wait_for("page_accepted", 60)
        self._step(timed("declared → a crew has accepted", accepted.at.timestamp() - self.declared_at, 90))

    def _caller_goes(self) -> None:
        stage = self.stage
        stage.caller.wait_for("ended", 150)
        facts = {r.field: r for r in stage.watch.of(self.call_id) if r.kind == "fact_learned"}
        if not self.by_keys:
            address = [r for r in stage.watch.of(self.call_id)
                       if r.kind == "fact_learned" and r.field == "address" and r.confirmed]
            value = address[-1].value if address else ""
            self._step(Step("address read back and confirmed", STREET in value, value))
            hurt = facts.get("injured")
            self._step(Step("asked whether anybody is hurt", hurt is not None, hurt.value if hurt else ""))
        number = facts.get("callback_number")
        self._step(Step("call-back number read back", number is not None, number.value if number else ""))

    def _reports(self) -> None:
        """The crew drives, arrives, makes it safe and clears it, by phone menu."""
        assert self._taker is not None, "a crew has accepted"
        crew, phone = self._taker
        started = self.stage.watch.wait_for("crew_reported", 60, where=_of_status("en_route"))
        self._step(Step(f"crew {crew} reports en_route", started.crew == crew))
        _wait_idle(phone)
        self._report(crew, phone, STATUSES)

    def _report(self, crew: str, phone: Phone, reports: tuple[tuple[str, str], ...]) -> None:
        stage = self.stage
        answers = [_key("班组编号", crew + "#"), _key("密码", PIN + "#")]
        answers += [_key("到达现场请按3", key) for _, key in reports]
        answers += [_key("还要报告请按1", "1") for _ in reports[1:]]
        answers.append(Answer("还要报告请按1", hang_up=True, times=1))
        stage.actors = [actor for actor in stage.actors if actor.phone is not phone]
        stage.actors.append(Actor(phone, tuple(answers)))
        phone.forget()
        phone.call(stage.service.number(_crew_line(stage)))
        for status, _ in reports:
            reported = stage.watch.wait_for("crew_reported", 60, where=_of_status(status))
            self._step(Step(f"crew {crew} reports {status}", reported.crew == crew))
        phone.wait_for("ended", 30)

    # ---- inside
    def _ringing(self, number: int, timeout_seconds: float) -> float:
        """When the crew's phone rang that was the `number`th to ring."""
        deadline = time.monotonic() + timeout_seconds
        while len(self.stage.rang) <= number and time.monotonic() < deadline:
            time.sleep(0.02)
        if len(self.stage.rang) <= number:
            raise TimeoutError(f"only {number} crews' phones rang within {timeout_seconds:g} s")
        phone = self.stage.crews[self.stage.rang[number]]
        return phone.wait_for("incoming", 1).at

    def _step(self, step: Step) -> None:
        self.steps.append(step)


def _key(asked: str, keys: str) -> Answer:
    """Somebody who knows the menu presses while it speaks."""
    return Answer(asked, keys=keys, times=1, after_quiet_seconds=None, delay_seconds=KNOWN_MENU_SECONDS)


def _wait_idle(phone: Phone) -> None:
    """Until no news has been phoned for a while."""
    deadline = time.monotonic() + 60
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < NEWS_SECONDS + 1.5:
        if phone.in_call:
            idle_since = time.monotonic()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{phone.name}'s phone does not come to rest")
        time.sleep(0.05)


def _of_status(status: str) -> Callable[[Any], bool]:
    return lambda record: bool(record.status == status)


def _crew_line(stage: Stage) -> str:
    return next(entry.dialled[0] for entry in stage.settings.entries if entry.flow == "crew_report")
