"""What the next shift must know stands on the sheet, and drills do not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from dispatch.reporting.handover import Sheet, handover
from hotline.cli.handover import as_text
from hotline.reports.files import sheet_page
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
