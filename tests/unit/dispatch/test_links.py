"""Links: each step once, until they expire; a crash in between loses and doubles nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.api import DispatchError, IssueLink, LinkStep, NoticeReport, SqlStore, link_actions
from dispatch.outbound import NoticeEffect, OutboxItem
from dispatch.work import Work
from tests.support.dispatch import Desk

LINK = "ab" * 32


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, SqlStore(f"sqlite:///{tmp_path / 'd.db'}"))
    desk.located()
    issue(desk)
    yield desk
    with contextlib.suppress(OSError):  # a test may have let it crash
        desk.stop()


def issue(desk: Desk, target: str = "A", hours: float = 12, link: str = LINK) -> None:
    page = desk.ringing(target)
    desk.dispatch.tell(IssueLink(
        event_id=f"i{link}", at=desk.now, link_id=link, page=page.page_id, incident=page.incident,
        target_kind=page.target_kind, target=page.target, person=page.person, channel="wecom",
        expires_at=desk.now + timedelta(hours=hours)))


def step(desk: Desk, action: str, note: str = "", **position: float) -> bool:
    return desk.dispatch.tell(LinkStep(
        event_id=desk.name("l"), at=desk.now, link_id=LINK, action=action, note=note, **position))  # type: ignore[arg-type]  # tests say wrong ones too


def test_a_crew_goes_all_the_way_by_link(one: Desk) -> None:
    step(one, "accept")
    assert one.incident().taken_by == "A"
    for action in ("en_route", "on_scene", "made_safe"):
        step(one, action, latitude=32.44, longitude=105.85)
    step(one, "unsolved", "阀门锈死")
    step(one, "rechecked", "no_gas")
    step(one, "finished")
    assert not one.incident().open
    told = one.history(one.incident().key)
    assert [what for what in told if what.startswith("crew_")][:4] == [
        "crew_acknowledged", "crew_en_route", "crew_on_scene", "crew_made_safe"
    ]
    assert told.count("link_used") == 7


@pytest.mark.parametrize("action", ["accept", "on_scene", "made_safe"])
def test_each_step_is_good_once(one: Desk, action: str) -> None:
    step(one, action)
    before = one.history(one.incident().key)
    with pytest.raises(DispatchError):
        step(one, action)
    assert one.history(one.incident().key) == before


def test_the_same_press_told_twice_is_one(one: Desk) -> None:
    command = LinkStep(event_id="x", at=one.now, link_id=LINK, action="accept")
    assert one.dispatch.tell(command)
    assert not one.dispatch.tell(command)


def test_a_decline_needs_a_reason_and_releases_nobody(one: Desk) -> None:
    with pytest.raises(DispatchError):
        step(one, "decline")
    step(one, "decline", "车辆故障")
    (held,) = [a for a in one.dispatch.assignments(one.incident().key) if a.crew == "A"]
    assert (held.state, held.decline_reason) == ("declined", "车辆故障")
    assert one.ringing("B")
    step(one, "accept")
    assert one.incident().taken_by == "A", "whoever says yes after all comes"


def test_an_expired_link_does_nothing(one: Desk) -> None:
    one.now += timedelta(hours=13)
    with pytest.raises(DispatchError):
        step(one, "accept")


def test_a_link_of_an_incident_that_is_over_does_nothing(one: Desk) -> None:
    for action in ("accept", "on_scene", "made_safe", "rechecked", "finished"):
        step(one, action, "no_gas")
    with pytest.raises(DispatchError):
        step(one, "needs_help")


def test_nobody_knows_a_link_that_was_not_issued(one: Desk) -> None:
    with pytest.raises(DispatchError):
        one.dispatch.tell(LinkStep(event_id="x", at=one.now, link_id="cd" * 32, action="accept"))


def test_links_survive_a_crash_and_come_back_from_the_database(one: Desk, tmp_path: Path) -> None:
    step(one, "accept")
    one.dispatch.run()
    (tmp_path / "dispatch.jsonl").unlink()
    again = one.crash_and_start()
    link = again.dispatch.report_link(LINK)
    assert link is not None and link.used == {"accept": 1}
    assert "accept" not in link_actions(link, again.incident(), again.dispatch.page(link.page))
    again.dispatch._journal.close()


# ---- notices
def notice(desk: Desk) -> OutboxItem:
    desk.notes.broken = True  # nobody receipts
    work = Work(desk.dispatch.engine.state, desk.dispatch.rules, desk.now, "n")
    work.emit(NoticeEffect(to="leaders", topic="t", incident=desk.incident().key, text="请知悉。"))
    desk.dispatch.engine._commit(work.unit())
    return next(i for i in desk.dispatch.engine.state.all(OutboxItem) if isinstance(i.effect, NoticeEffect)
                and i.effect.topic == "t")


def report(desk: Desk, part: str, outcome: str, *, settled: bool = False) -> None:
    item = notice_item(desk)
    desk.dispatch.tell(NoticeReport(event_id=desk.name("r"), at=desk.now, effect_id=item.key, part=part,
                                    outcome=outcome, person="经理", settled=settled))


def notice_item(desk: Desk) -> OutboxItem:
    return next(i for i in desk.dispatch.engine.state.all(OutboxItem) if isinstance(i.effect, NoticeEffect))


def test_each_part_of_a_notice_is_on_record_and_comes_back_after_a_crash(one: Desk, tmp_path: Path) -> None:
    notice(one)
    report(one, "leaders-1/sms", "sent 1")
    report(one, "leaders-1", "acknowledged by phone")
    one.dispatch.run()
    again = one.crash_and_start(notes=one.notes)
    progress = notice_item(again).progress
    assert progress["leaders-1/sms"].startswith("sent 1 2026-11-23T04:")
    report(again, "leaders-1", "unreachable")
    assert notice_item(again).progress["leaders-1"].startswith("acknowledged"), "what was acknowledged stays"
    report(again, "leaders", "told", settled=True)
    assert not [i for i in again.dispatch.engine.state.all(OutboxItem) if isinstance(i.effect, NoticeEffect)]
    told = again.history(again.incident().key)
    assert [what for what in told if what.startswith("notice_")] == [
        "notice_sent", "notice_acknowledged", "notice_told"
    ]
    again.dispatch._journal.close()


def test_gas_found_at_the_check_brings_the_button_of_made_safe_back(one: Desk) -> None:
    for action in ("accept", "en_route", "on_scene", "made_safe"):
        step(one, action)
    step(one, "rechecked", "gas_found 接头")
    step(one, "made_safe")
    step(one, "rechecked", "no_gas")
    step(one, "finished")
    assert not one.incident().open
