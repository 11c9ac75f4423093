"""A crew on scene calls for help by its phone's keys; the dispatcher takes another one out of service."""

from __future__ import annotations

import json
import subprocess

from hotline.demo.phone import Phone
from hotline.settings_file import load_settings
from tests.live.conftest import NewTown
from tests.live.harness.service import EXAMPLE
from tests.live.harness.town import Town

PIN = "2468"
"""Of every crew of a town (hotline.demo.stage)."""


def command(town: Town, *words: str) -> str:
    done = subprocess.run(
        town.service.command(*words), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def crew_line() -> str:
    entries = load_settings(EXAMPLE).entries
    return next(entry.dialled[0] for entry in entries if entry.flow == "crew_report")


def log_in(town: Town, phone: Phone) -> str:
    """From a phone that is not known: key, PIN, and the task is read out. The call's id."""
    call_id = town.ring(phone, crew_line())
    town.prompt(call_id, "班组编号")
    phone.press("101#")
    town.prompt(call_id, "密码")
    phone.press(f"{PIN}#")
    return call_id


def test_a_call_for_help_by_key_pages_another_crew_that_is_in_service(new_town: NewTown) -> None:
    town = new_town(page_seconds=60)
    command(town, "crews", "out-of-service", "102", "--reason", "车辆年检", "--by", "王")
    rows = json.loads(command(town, "crews", "list", "--json"))
    assert next(row for row in rows if row["key"] == "102")["state"] == "out_of_service"
    caller = town.caller()
    town.ring(caller)
    caller.press("9")
    town.crew.wait_for("incoming", 30)
    town.crew.answer()
    town.crew.press_later("1", delay_seconds=2)
    accepted = town.watch.wait_for("page_accepted", 60)
    town.crew.hangup_later(after_quiet_seconds=1)
    town.crew.wait_for("ended", 60)  # it is every crew's telephone: the next page must find it free
    radio = town.caller()
    call_id = log_in(town, radio)
    town.prompt(call_id, "到达现场请按3")
    radio.press("3")
    town.watch.wait_for("crew_reported", 20, where=lambda r: r.status == "on_scene")
    town.prompt(call_id, "还要报告请按1")
    radio.press("1")
    town.prompt(call_id, "请求支援请按6")
    town.crew.forget()
    radio.press("6")
    town.prompt(call_id, "人手不够请按1")
    radio.press("3")
    reported = town.watch.wait_for("crew_reported", 20, where=lambda r: r.status == "needs_help")
    assert (reported.crew, reported.note) == ("101", "漏气控制不住")
    second = town.watch.wait_for(
        "call_arrived", 30, where=lambda r: r.purpose == "page" and r.call_id != accepted.call_id
    )
    town.crew.wait_for("incoming", 30)
    assert second.at >= reported.at
    rows = json.loads(command(town, "crews", "list", "--json"))
    states = {row["key"]: row["state"] for row in rows}
    assert states["101"] == "on_scene" and states["102"] == "out_of_service"
    assert "assigned" in (states["201"], states["301"])
