"""What the next shift must know stands on the sheet, and drills do not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from dispatch.reporting.handover import Sheet, handover
from dispatch.ticket_commands import PointSettled
from hotline.cli.handover import as_text
from hotline.reports.files import sheet_page
from tests.support.crews import give, repair, say
from tests.support.dispatch import Desk, rules

HOUR = timedelta(hours=1)


def sheet(desk: Desk) -> Sheet:
    desk.dispatch.run()
    return handover(
        desk.dispatch.engine.state, rules(), {"emergency": "抢险"}, desk.now, shift=12 * HOUR, soon=12 * HOUR
    )


def section(made: Sheet, title: str) -> tuple[tuple[str, ...], bool]:
    [found] = [one for one in made.sections if one.title == title]
    return found.lines, found.urgent


def test_an_open_emergency_with_its_crew_and_its_lateness(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.located("c1")
    assert section(sheet(desk), "未办结的险情")[1], "nobody has it yet"
    desk.accept("A", "c1")
    desk.crew("A", "en_route")
    desk.wait(1200, step=10)
    [line], urgent = section(sheet(desk), "未办结的险情")
    assert "利州东路10号" in line and "A班已出发" in line and "已超到场时限" in line and not urgent


def test_what_is_owed_and_what_the_shift_did(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ask_callback("13900000000")
    desk.located("c1")
    made = sheet(desk)
    assert len(section(made, "待回拨")[0]) == 1
    [line], _ = section(made, "本班情况")
    assert "险情1起" in line


def settled(desk: Desk, slip: str) -> None:
    desk.dispatch.tell(PointSettled(event_id=desk.name(), at=desk.now, slip=slip, point=1, author="李工",
                                    how="已更换"))


def test_what_crews_leave_open_is_listed_until_somebody_solves_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    number = repair(desk)
    give(desk, "B", number)
    say(desk, "B", "unsolved", note="缺配件")
    incident = desk.located("c1")
    desk.accept("A", "c1")
    say(desk, "A", "on_scene")
    say(desk, "A", "unsolved", note="立管锈蚀")
    say(desk, "A", "unsolved", note="阀门锈死")
    emergency = incident.tickets[0]
    lines, _ = section(sheet(desk), "遗留问题")
    assert [line.split("：")[1] for line in lines] == ["缺配件", "立管锈蚀", "阀门锈死"]
    listed = [(one.key, [point.text for point in one.open_points]) for one in desk.store.unsolved()]
    assert listed == [(f"{number}/B", ["缺配件"]), (f"{emergency}/A", ["立管锈蚀", "阀门锈死"])]
    settled(desk, f"{number}/B")
    assert len(section(sheet(desk), "遗留问题")[0]) == 2


def test_a_point_is_settled_long_after_its_emergency_was_closed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    number = desk.located("c1").tickets[0]
    desk.accept("A", "c1")
    say(desk, "A", "on_scene")
    say(desk, "A", "unsolved", note="立管锈蚀")
    for status in ("made_safe", "rechecked", "cleared"):
        say(desk, "A", status)
    desk.dispatch.run()
    assert not desk.dispatch.open_incidents()
    desk.now += timedelta(days=30)
    again = desk.crash_and_start(desk.store)
    again.dispatch.engine.state.forget(again.now - 48 * HOUR)
    assert len(section(sheet(again), "遗留问题")[0]) == 1
    settled(again, f"{number}/A")
    assert section(sheet(again), "遗留问题")[0] == ()
    again.stop()


def test_drills_are_left_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start_call("c1", drill=True)
    desk.located("c1", drill=True)
    made = sheet(desk)
    assert section(made, "未办结的险情") == ((), False)
    assert "险情0起" in section(made, "本班情况")[0][0]


def test_it_can_be_read_and_printed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.located("c1")
    made = sheet(desk)
    assert "! 未办结的险情" in as_text(made)
    page = sheet_page(made, company="<广元>")
    assert "交班人" in page and "&lt;广元&gt;" in page and "须立即处理" in page
