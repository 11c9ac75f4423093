"""The protocol's questions in a whole call, with the real dispatch behind it: asked, heard, acted upon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.journeys.test_later_caller import CALL, Journey, begin
from tests.support.dispatch import Desk
from tests.support.incidents import TYPES


def asked(stage: Journey) -> list[str]:
    """Questions that the caller has heard, in order."""
    texts = {question.text: question.key for kind in TYPES.types for question in kind.ask}
    said = [record.text for record in stage.of("prompt_started")]
    return [key for text in said for words, key in texts.items() if words in text]


def at_the_first_question(tmp_path: Path) -> tuple[Desk, Journey]:
    """A caller whose crew is on its way, advised, his address and number dealt with."""
    (tmp_path / "dispatch").mkdir()
    desk, stage = begin(tmp_path)
    to_the_number(stage)
    assert asked(stage) == [], "address and number come first"
    stage.ear.say("可以")
    until(stage, "people_inside")
    return desk, stage


def to_the_number(stage: Journey) -> None:
    stage.ring()
    stage.wait(0.5)
    stage.ear.say("我家厨房里有好大一股煤气味")
    stage.wait(12)
    stage.ear.say("利州区滨江路八十八号")
    stage.wait(3)
    stage.ear.say("对的")
    stage.wait(6)


def until(stage: Journey, key: str) -> None:
    for _ in range(60):
        if key in asked(stage):
            return
        stage.wait(0.5)
    raise AssertionError(f"{key} is not asked; {asked(stage)}")


def fields(desk: Desk) -> dict[str, str]:
    return next(t for t in desk.dispatch.tickets_of_call(CALL) if t.incident).fields


def notified(desk: Desk) -> set[str]:
    return {line.removeprefix("notify ").partition(":")[0] for line in desk.notes.lines
            if line.startswith("notify ")}


def test_an_answer_makes_it_worse_and_everybody_hears_of_it(tmp_path: Path) -> None:
    desk, stage = at_the_first_question(tmp_path)
    assert "ambulance" not in notified(desk)
    stage.ear.say("没有，都出来了")
    until(stage, "injured")
    stage.caller.press("1")
    until(stage, "valve_closed")
    assert (fields(desk)["people_inside"], fields(desk)["injured"]) == ("no", "yes")
    assert desk.incident("first").incident_type == "major_leak"
    assert {"ambulance", "fire", "leaders"} <= notified(desk)
    stage.wait(60)
    notices = [order for order in desk.notes.orders if "fields" in getattr(order, "fields", ())]
    assert any("有人受伤或者不舒服" in order.facts.situation for order in notices), "the crew on its way"
    assert "打120" in stage.said()
    desk.stop()


def test_silence_is_no_answer_and_two_of_them_end_it(tmp_path: Path) -> None:
    desk, stage = at_the_first_question(tmp_path)
    stage.wait(60)
    assert asked(stage) == ["people_inside", "injured"], "each once"
    assert not {"people_inside", "injured"} & fields(desk).keys()
    assert stage.of("state_entered")[-1].flow == "emergency", "he is not sent away"
    desk.stop()


def test_who_wants_a_person_is_asked_nothing_more(tmp_path: Path) -> None:
    desk, stage = at_the_first_question(tmp_path)
    stage.ear.say("转人工")
    stage.wait(20)
    assert asked(stage) == ["people_inside"]
    assert stage.of("state_entered")[-1].flow == "human"
    desk.stop()


def test_hanging_up_in_a_question_loses_no_answer(tmp_path: Path) -> None:
    desk, stage = at_the_first_question(tmp_path)
    stage.ear.say("我妈还在里面")
    stage.caller.remote_hangup()
    stage.wait(5)
    assert stage.finished == 1 and fields(desk)["people_inside"] == "yes"
    desk.stop()


def test_news_is_heard_between_two_questions(tmp_path: Path) -> None:
    desk, stage = at_the_first_question(tmp_path)
    desk.crew("A", "on_scene", desk.incident("first").key)
    desk.dispatch.run()
    stage.ear.say("没有人了")
    until(stage, "injured")
    heard = [record.text for record in stage.of("prompt_started")]
    news = next(at for at, text in enumerate(heard) if "到达现场" in text)
    assert news < next(at for at, text in enumerate(heard) if "受伤" in text)
    desk.stop()


def test_without_the_controller_nothing_is_asked_and_he_is_told_to_stay_outside(tmp_path: Path) -> None:
    (tmp_path / "dispatch").mkdir()
    desk, stage = begin(tmp_path)
    answer = stage.controller.ask

    def away(action: str, arguments: dict[str, str], timeout_seconds: float, answered: Any) -> None:
        if action != "incident_question":
            answer(action, arguments, timeout_seconds, answered)

    stage.controller.ask = away  # type: ignore[method-assign]  # never answers that one
    to_the_number(stage)
    stage.ear.say("可以")
    stage.wait(20)
    assert asked(stage) == []
    assert "请留在安全的地方，不要返回" in stage.said()
    desk.stop()
