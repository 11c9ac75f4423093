"""What a caller hears of the promise for his ticket, in natural words (A6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.due_words import due_in_words, span_in_words, window_in_words, written
from dispatch.ticket_commands import Advanced, ClockPaused, VisitBooked
from tests.support.ticket_desk import SHANGHAI, TicketDesk, local


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TicketDesk]:
    made = TicketDesk(tmp_path)
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("reported", "said"),
    [("2026-11-23T17:59", "今天之内修好"), ("2026-11-23T18:00", "明天之内修好")],
)
def test_a_repair_is_promised_in_words(desk: TicketDesk, reported: str, said: str) -> None:
    desk.at(reported)
    number = desk.open("repair").number
    assert desk.dispatch.promise(number) == said
    progress = desk.dispatch.progress(number)
    assert progress is not None and (progress.phase, progress.due) == ("已经受理", said)


def test_a_complaint_names_the_day(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    number = desk.open("complaint").number
    assert desk.dispatch.promise(number) == "11月30日（星期一）之内处理完毕并答复"


def test_what_may_still_move_is_said_so(desk: TicketDesk) -> None:
    desk.at("2026-12-30T10:00")
    assert desk.dispatch.promise(desk.open("transfer_ownership").number).startswith("预计2027年1月4日")


def test_an_agreed_visit_a_pause_and_a_broken_promise_are_told_as_they_are(desk: TicketDesk) -> None:
    desk.at("2026-11-23T10:00")
    number = desk.open("outdoor_repair").number
    begins, ends = local("2026-11-23T14:00"), local("2026-11-23T16:00")
    desk.do(VisitBooked, number=number, begins_at=begins, ends_at=ends, author="王芳")
    assert desk.dispatch.promise(number) == "已经约好今天下午2点到4点上门，明天上午10点以前修好"
    desk.do(ClockPaused, number=number, reason="customers_wish", author="王芳")
    assert desk.dispatch.promise(number).endswith("按您的意愿暂缓办理")
    late = desk.open("outdoor_repair").number
    desk.at("2026-11-25T10:00")
    assert desk.dispatch.promise(late) == "已经超过承诺的时间，我们正在督办"
    desk.do(Advanced, number=late, step="finish", author="王芳")
    assert desk.dispatch.promise(late) == ""
    assert desk.dispatch.promise("GS-404") == ""


@pytest.mark.parametrize(
    ("due", "said", "on_paper"),
    [("2026-11-23T12:30", "今天中午12点30分以前", "11月23日12:30"),
     ("2026-11-24T00:00", "今天之内", "11月23日24:00"),
     ("2026-11-24T00:05", "明天凌晨0点5分以前", "11月24日00:05"),
     ("2026-11-26T00:00", "后天之内", "11月25日24:00"),
     ("2027-01-05T09:00", "2027年1月5日（星期二）上午9点以前", "1月5日09:00")],
)
def test_due_times_as_a_clerk_says_them(due: str, said: str, on_paper: str) -> None:
    now = local("2026-11-23T10:00")
    assert due_in_words(local(due), now, SHANGHAI) == said
    assert written(local(due), SHANGHAI) == on_paper


def test_windows_and_spans() -> None:
    now = local("2026-11-23T10:00")
    assert window_in_words(local("2026-11-23T22:00"), local("2026-11-24T01:00"), now, SHANGHAI) == (
        "今天晚上10点到明天凌晨1点")
    spans = (timedelta(seconds=3), timedelta(minutes=20), timedelta(hours=3), timedelta(days=3))
    assert [span_in_words(span) for span in spans] == ["1分钟", "20分钟", "3小时", "3天"]
