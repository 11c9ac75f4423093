"""The second caller of a leak, from his first words to the goodbye, with the real dispatch behind him."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hotline.agents.presence import Presence
from hotline.calls.flow_run import FlowRun
from hotline.calls.understanding import RuleUnderstanding
from hotline.ipc import Answer, Job, Tell
from hotline.service.actions import Actions
from hotline.service.book import CallBook
from hotline.service.customers import NoCustomers
from hotline.service.information import Information
from hotline.service.outlet import PhoneOutlet
from hotline.service.translate import translate
from hotline.service.whereabouts import with_parts
from tests.journeys.stage import BEGIN, Stage, settings
from tests.journeys.test_calls import flows, gazetteer
from tests.support.dispatch import Desk, Notes
from tests.support.incidents import protocol_rules, report

CALL = "call-1"
NORTH = (32.4600, 105.8420)
"""Some minutes from the station."""


class Line:
    """What the outlet says to a running call goes straight into it."""

    def __init__(self) -> None:
        self.stage: Stage | None = None

    def tell(self, call_id: str, topic: str, values: dict[str, str]) -> bool:
        if self.stage is None or call_id != CALL:
            return False
        self.stage.conversation.told(Tell(topic=topic, values=values))
        return True

    def hang_up(self, call_id: str, reason: str) -> bool:
        return False

    def connected(self, call_id: str) -> bool:
        return True


class Journey(Stage):
    """A call whose records reach the dispatch, whose questions it answers, and whose news it hears."""

    def __init__(self, tmp_path: Path, desk: Desk, line: Line) -> None:
        self.desk, self._read, self._book = desk, 0, CallBook()
        job = Job(call_id=CALL, purpose="inbound", entry="main", facts={"caller": "+8613800000002"})
        super().__init__(
            tmp_path, FlowRun(flows(), "main"), RuleUnderstanding(gazetteer(), "CN", "0839"), job
        )
        line.stage = self
        self._actions = Actions(
            desk.dispatch, NoCustomers, Information, Presence(()), self._book, lambda: desk.now,
            ZoneInfo("Asia/Shanghai"),
        )
        self.controller.ask = self._ask  # type: ignore[method-assign]  # the real answers

    def wait(self, seconds: float) -> None:
        for _ in range(max(round(seconds / 0.5), 1)):
            super().wait(0.5 if seconds else 0)
            self._tell_dispatch()

    def _tell_dispatch(self) -> None:
        self.desk.now = self.utcnow()
        records, self._read = self.records()[self._read:], len(self.records())
        for record in records:
            note = self._book.note(CALL)
            for command in translate(record, note, NoCustomers().by_number):
                self.desk.dispatch.tell(with_parts(command, None, gazetteer()))
            self._book.take(record)
        self.desk.dispatch.run()

    def _ask(self, action: str, arguments: dict[str, str], timeout_seconds: float, answered: Any) -> None:
        self._tell_dispatch()
        outcome, values = self._actions.answer(CALL, action, arguments)
        self.clock.callLater(0, answered, Answer(ask_id=1, outcome=outcome, values=values))

    def said(self) -> str:
        return "".join(record.text for record in self.of("prompt_started"))


class CallerNotes(Notes):
    """Phones take notes; callers in the call are really told."""

    def __init__(self, outlet: PhoneOutlet) -> None:
        super().__init__()
        self._outlet = outlet

    def tell_caller(self, news: Any) -> None:
        super().tell_caller(news)
        self._outlet.tell_caller(news)


def begin(tmp_path: Path) -> tuple[Desk, Journey]:
    """Somebody has reported a leak in 滨江路88号 and a crew is driving there."""
    line = Line()
    holder: list[Desk] = []
    outlet = PhoneOutlet(
        settings(tmp_path), None, line, lambda: holder[0].now, lambda call_id: False,  # type: ignore[arg-type]  # no phone is rung by it here
        lambda job, effect: None,
    )
    desk = Desk(tmp_path / "dispatch", rules=protocol_rules(), notes=CallerNotes(outlet), now=BEGIN)
    holder.append(desk)
    report(desk, "first", NORTH, community="", building="", room="", street="滨江路", number="88")
    desk.accept("A", "first")
    desk.crew("A", "en_route", desk.incident("first").key)
    return desk, Journey(tmp_path, desk, line)


def test_he_is_advised_asked_and_told_who_comes_when(tmp_path: Path) -> None:
    (tmp_path / "dispatch").mkdir()
    desk, stage = begin(tmp_path)
    stage.ring()
    stage.wait(0.5)
    stage.ear.say("楼道里有好大一股煤气味")
    stage.wait(12)
    assert "不要点火" in stage.said() or "离开那里" in stage.said(), "advice comes first, as to anybody"
    stage.ear.say("利州区滨江路八十八号")
    stage.wait(3)
    stage.ear.say("对的")
    stage.wait(6)
    assert desk.incident(CALL).key == desk.incident("first").key
    assert "抢险人员已经接到任务，正在赶来" in stage.said()
    stage.ear.say("可以")
    stage.wait(12)
    assert "已经接到过报警" in stage.said() and "分钟后到达" in stage.said()
    ticket = next(t for t in desk.dispatch.tickets_of_call(CALL) if t.incident)
    assert ticket.address_fields["number"] == "88" and ticket.address_confirmed, "his own, on record"
    assert len(desk.incident("first").tickets) == 2
    desk.stop()


def test_a_forecast_that_is_past_is_not_said(tmp_path: Path) -> None:
    (tmp_path / "dispatch").mkdir()
    desk, stage = begin(tmp_path)
    forecast = desk.dispatch.incidents.forecast(desk.incident("first"), BEGIN)
    assert forecast is not None
    stage.clock.advance((forecast - BEGIN).total_seconds() + 1800)
    stage.ring()
    stage.wait(0.5)
    stage.ear.say("楼道里有好大一股煤气味")
    stage.wait(12)
    stage.ear.say("利州区滨江路八十八号")
    stage.wait(3)
    stage.ear.say("对的")
    stage.wait(6)
    stage.ear.say("可以")
    stage.wait(12)
    assert "正在赶来" in stage.said() or "尽快赶到" in stage.said()
    assert "分钟内赶到" not in stage.said() and "0分钟" not in stage.said()
    desk.stop()
