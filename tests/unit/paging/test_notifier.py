"""Notices reach people by their channels, through a real dispatch, crash or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from dispatch.api import LinkStep, Notice, PageOrder
from dispatch.outbound import NoticeEffect, OutboxItem
from dispatch.policy import Step
from dispatch.work import Work
from hotline.paging.area import AreaTexts
from hotline.paging.channel import Delivered, Message, Outcome, Permanent, Temporary
from hotline.paging.composing import Composer
from hotline.paging.files import ChannelMaker
from hotline.paging.notifier import Notifier
from hotline.paging.pager import Linker, MessagePager
from hotline.paging.people import People
from hotline.paging.senders import Senders
from hotline.paging.settings import Contacts, Paging, Texts
from hotline.paging.tokens import hash_of
from tests.support.dispatch import SHANGHAI, Desk, Notes, policy, rules, stations

NIGHT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""23:00 in Guangyuan."""
CONTACTS = Contacts.model_validate({
    "contacts": [
        {"key": "safety", "name": "安全部", "phone": "+861", "channels": {"sms": "+862", "robot": ""},
         "by": ["robot", "sms"], "acknowledges": True},
        {"key": "clerk", "name": "小李", "channels": {"sms": "+863"}},
        {"key": "backup", "name": "老王", "phone": "+864", "channels": {"robot": "1", "sms": "+864"},
         "by": [["robot", "sms", "phone"]]},
        {"key": "police", "name": "110", "phone": "110", "outside": True},
    ],
    "groups": {"both": ["clerk", "backup", "both"]},
})
PAGING = Paging.model_validate({
    "channels": {
        "robot": {"kind": "sip_message"}, "sms": {"kind": "sip_message"},
    },
    "bundle_seconds": 30, "again_seconds": 100,
})


class Line:
    keeps_keys = False

    def __init__(self, key: str) -> None:
        self.key = key
        self.sent: list[Message] = []
        self.outcome: Outcome = Delivered()

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message)
        return self.outcome


class Lines(ChannelMaker):
    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}

    def make(self, key: str, settings: Any) -> Any:
        return self.lines.setdefault(key, Line(key))


class Reaching(Notes):
    """An outlet whose notices and message pages go through the real notifier and pager."""

    def __init__(self, clock: Clock, lines: Lines) -> None:
        super().__init__()
        self.clock, self.channels = clock, lines
        self.rung: list[tuple[str, str]] = []
        self.notifier: Notifier
        self.pager: MessagePager

    def attach(self, desk: Desk) -> None:
        senders = Senders(self.clock, PAGING, self.channels)
        composer = Composer(Texts(), SHANGHAI)
        tell, now = desk.dispatch.tell, lambda: desk.now
        linker = Linker("https://hotline.example.org/l", tell, now, lambda: timedelta(hours=12))
        people = People(CONTACTS, desk.dispatch.rules.stations)
        self.notifier = Notifier(PAGING, people, senders, composer, linker, self._ring, tell, now, SHANGHAI)
        self.pager = MessagePager(senders, composer, linker, tell, now)
        numbers = [f"+86{n:04d}" for n in range(120)]
        self.area = AreaTexts("sms", senders, composer, lambda _: numbers, tell, now)

    def _ring(self, notice: Notice, person: str, dial: str, text: str) -> bool:
        self.rung.append((person, dial))
        return True

    def page(self, order: PageOrder) -> None:
        if order.channel == "phone":
            super().page(order)
        else:
            self.pager.page(order)

    def notify(self, notice: Notice) -> None:
        (self.area if notice.to.startswith("customers:") else self.notifier).notify(notice)


class Town:
    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder, self.clock, self.lines = folder, Clock(), Lines()
        self.clock.advance(1000)
        self.desk = Desk(folder, notes=Reaching(self.clock, self.lines), **options)
        self.notes.attach(self.desk)

    @property
    def notes(self) -> Any:
        return self.desk.notes

    def line(self, key: str) -> Line:
        return self.lines.lines.setdefault(key, Line(key))

    def emit(self, to: str, *, urgent: bool = True, topic: str = "t", text: str = "请知悉。") -> None:
        engine = self.desk.dispatch.engine
        work = Work(engine.state, self.desk.dispatch.rules, self.desk.now, f"{to}{topic}{text}")
        work.emit(NoticeEffect(to=to, topic=topic, text=text, urgent=urgent))
        self.desk.dispatch.engine._commit(work.unit())

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.desk.wait(1)

    def crash(self) -> None:
        self.clock = Clock()
        self.clock.advance(5000)
        self.desk = self.desk.crash_and_start(notes=Reaching(self.clock, self.lines))
        self.notes.attach(self.desk)

    def open(self) -> list[OutboxItem]:
        found = self.desk.dispatch.engine.state.all(OutboxItem)
        return [item for item in found if isinstance(item.effect, NoticeEffect)]

    def said(self, subject: str) -> list[str]:
        return [what for what in self.desk.history(subject) if what.startswith("notice_")]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.desk.dispatch._journal.close()


def test_an_urgent_notice_is_told_at_once_and_settled(town: Town) -> None:
    town.emit("clerk")
    town.wait(1)
    (sent,) = town.line("sms").sent
    assert (sent.to, sent.urgent) == ("+863", True) and "请知悉" in sent.text
    assert town.open() == []
    assert town.said("clerk") == ["notice_sent", "notice_done", "notice_told"]


def test_a_permanent_failure_brings_the_next_channel_at_once(town: Town) -> None:
    town.line("robot").outcome = Permanent("code 93000")
    town.emit("backup")
    town.wait(1)
    assert len(town.line("sms").sent) == 1 and town.open() == []
    assert town.said("backup") == ["notice_failed", "notice_sent", "notice_done", "notice_told"]


def test_the_last_resort_is_the_phone_and_then_the_duty_centre(town: Town) -> None:
    for key in ("robot", "sms"):
        town.line(key).outcome = Permanent("no")
    town.emit("backup")
    town.wait(200)
    assert [person for person, _ in town.notes.rung][:3] == ["backup"] * 3
    assert ("duty_centre-1", "sip:duty@127.0.0.1") in town.notes.rung
    item = town.open()[0]
    town.notes.notifier.heard(item.key, "duty_centre-1", answered=True, confirmed=True)
    town.wait(10)
    assert town.open() == []


def test_who_must_acknowledge_is_told_again_until_he_does(town: Town) -> None:
    town.emit("safety")
    town.wait(330)
    assert len(town.line("robot").sent) == len(town.line("sms").sent) == 4
    assert len({message.key for message in town.line("sms").sent}) == 4
    town.notes.notifier.heard(town.open()[0].key, "safety", answered=True, confirmed=True)
    town.wait(200)
    assert town.open() == [] and len(town.line("sms").sent) == 4


def test_a_link_acknowledges_and_its_token_stands_nowhere(town: Town, tmp_path: Path) -> None:
    town.emit("safety")
    town.wait(1)
    (sent,) = town.line("sms").sent
    token = sent.text.rpartition("/")[2]
    town.desk.dispatch.run()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert len(token) == 32 and token.encode() not in stored and hash_of(token).encode() in stored
    town.desk.dispatch.tell(
        LinkStep(event_id="x", at=town.desk.now, link_id=hash_of(token), action="accept")
    )
    town.wait(10)
    assert town.open() == []


def test_quiet_hours_hold_ordinary_notices_and_no_emergency(tmp_path: Path) -> None:
    town = Town(tmp_path, now=NIGHT)
    town.emit("clerk", urgent=False)
    town.emit("clerk", text="险情。")
    town.wait(100)
    assert [message.text for message in town.line("sms").sent] == ["【燃气热线】险情。"]
    town.desk.now = NIGHT + timedelta(hours=8, minutes=1)
    town.wait(40)
    assert len(town.line("sms").sent) == 2
    town.desk.stop()


def test_a_storm_of_ordinary_notices_is_one_message(town: Town) -> None:
    for number in range(8):
        town.emit("clerk", urgent=False, topic=f"t{number}", text=f"工单{number}超时。")
    town.wait(40)
    (sent,) = town.line("sms").sent
    assert len(sent.items) == 8 and "8. " in sent.text
    assert town.open() == []


def test_whom_nobody_knows_goes_to_the_duty_centre(town: Town) -> None:
    town.emit("no_such_office")
    town.wait(1)
    assert town.notes.rung == [("duty_centre-1", "sip:duty@127.0.0.1")]


def test_groups_and_names(town: Town) -> None:
    town.emit("both")
    town.emit("小李", text="再来。")
    town.wait(1)
    assert [message.to for message in town.line("sms").sent] == ["+863", "+863"]
    assert [message.to for message in town.line("robot").sent] == ["1"]


def test_a_drill_tells_nobody_outside(town: Town) -> None:
    town.desk.start_call(drill=True)
    town.desk.located(drill=True)
    work = Work(town.desk.dispatch.engine.state, town.desk.dispatch.rules, town.desk.now, "d")
    work.emit(NoticeEffect(to="police", topic="t", incident=town.desk.incident().key, text="x"))
    town.desk.dispatch.engine._commit(work.unit())
    town.wait(1)
    assert town.notes.rung == []
    assert [i for i in town.open() if i.effect.to == "police"] == []  # type: ignore[union-attr]  # notices only


@pytest.mark.parametrize("when", [0, 1, 2, 60, 99, 101])
def test_a_crash_loses_nothing_and_what_was_settled_is_not_told_again(town: Town, when: int) -> None:
    town.emit("both")
    town.emit("safety", text="确认。")
    town.wait(when)
    town.crash()
    town.wait(10)
    keys = [message.key for key in ("sms", "robot") for message in town.line(key).sent]
    doubled = {key for key in keys if keys.count(key) > 1}
    assert doubled == set(), "all had been settled before the crash"
    assert {"clerk", "backup", "safety"} <= {key.split(".")[-3] for key in keys}


def test_a_crash_between_sending_and_settling_sends_the_same_key_again(town: Town) -> None:
    town.line("sms").outcome = Temporary("no answer: perhaps it arrived")
    town.emit("clerk")
    town.wait(1)
    town.crash()
    town.line("sms").outcome = Delivered()
    town.wait(5)
    assert len({message.key for message in town.line("sms").sent}) == 1
    assert town.open() == []


# ---- customers of an area
def test_customers_are_told_in_batches_and_a_crash_goes_on_where_it_was(town: Town) -> None:
    town.emit("customers:O-1", urgent=False, text="停气。")
    town.wait(35)
    assert len(town.line("sms").sent) == 50
    town.crash()
    town.wait(80)
    numbers = [message.to for message in town.line("sms").sent]
    assert sorted(set(numbers)) == [f"+86{n:04d}" for n in range(120)]
    assert len(numbers) == 120, "whole batches are not sent again"
    assert town.open() == []


# ---- pages by message
def test_a_page_by_message_goes_out_once_and_takes_the_job_by_its_link(tmp_path: Path) -> None:
    found = stations().model_copy(update={"crews": tuple(
        crew.model_copy(update={"members": tuple(
            m.model_copy(update={"channels": {"robot": "138"}}) for m in crew.members)})
        for crew in stations().crews)})
    chain = (Step.model_validate({"who": "free_crews", "channels": ["phone", "robot"]}),
             Step.model_validate({"who": "duty_centre", "alarm": True}))
    town = Town(tmp_path, rules=rules(policy=policy(chain=chain), stations=found))
    town.desk.located()
    town.wait(3)
    (sent,) = town.line("robot").sent
    assert sent.key.endswith("-P002") and "利州东路10号" in sent.text and sent.urgent
    assert [p.state for p in town.desk.dispatch.pages(town.desk.incident().key)] == ["ringing", "ringing"]
    token = sent.text.rpartition("/")[2]
    town.desk.dispatch.tell(
        LinkStep(event_id="x", at=town.desk.now, link_id=hash_of(token), action="accept")
    )
    assert town.desk.incident().taken_by == "A"
    town.desk.stop()
