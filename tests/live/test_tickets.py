"""Work on tickets through the running service: by its socket, past a killed controller, up to the phone."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.live.harness.service import wait_until
from tests.live.harness.town import Town

BY = ("--by", "王芳")


def hotline(town: Town, *words: str, status: int = 0) -> str:
    done = subprocess.run(
        town.service.command("tickets", *words), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def show(town: Town, number: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(hotline(town, "show", number, "--json"))
    return found


def opened(town: Town, phone: str) -> str:
    """A ticket by hand, as soon as it is stored."""
    number = hotline(town, "open", "repair", "--phone", phone, "--address", "南街2号", *BY).strip()
    wait_until(lambda: number in hotline(town, "list"), 20, "not stored")
    return number


def test_a_ticket_is_worked_on_and_its_history_is_whole(town: Town) -> None:
    number = opened(town, "13800009001")
    hotline(town, "hand-over", number, "--to", "张伟", "--reason", "换班", *BY)
    assert "customers_wish" in hotline(town, "pause", number, "--reason", "tired", *BY, status=2)
    hotline(town, "pause", number, "--reason", "customers_wish", *BY)
    town.service.kill_role("controller")
    hotline(town, "note", number, "客户晚上在家", *BY)
    hotline(town, "resume", number, *BY)
    assert "cause" in hotline(town, "close", number, "--reason", "修好", *BY, status=2)
    hotline(town, "advance", number, "finish", "--field", "cause=电池", *BY)
    hotline(town, "close", number, "--reason", "修好", *BY)
    wait_until(lambda: show(town, number)["ticket"]["state"] == "closed", 20, "not closed")
    document = show(town, number)
    assert document["ticket"]["owner"] == "张伟"
    assert [clock["state"] for clock in document["clocks"]] == ["met"]
    assert document["clocks"][0]["standings"][0]["author"] == "王芳"
    told = [row["what"] for row in document["history"]]
    for what in ("owner_changed", "clock_paused", "note", "clock_resumed", "due_moved", "stage_done"):
        assert told.count(what) == 1, what
    assert "whole" in hotline(town, "verify")


def test_a_customer_whose_technician_is_late_is_phoned_and_agrees(town: Town) -> None:
    customer = town.duty  # who is rung over the trunk
    customer.answer_calls(0.2)
    number = opened(town, "13800009002")
    now = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai"))
    window = f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}/{now + timedelta(minutes=15):%Y-%m-%dT%H:%M}"
    hotline(town, "appoint", number, window, "--technician", "101", *BY)
    customer.wait_for("answered", 60)
    customer.press_later("1", delay_seconds=4)
    customer.hangup_later(after_quiet_seconds=6)

    def agreed() -> bool:
        [visit] = show(town, number)["visits"]
        return [consent["answer"] for consent in visit["consents"]] == ["wait"]

    wait_until(agreed, 90, "no consent on the visit")
    [visit] = show(town, number)["visits"]
    assert visit["state"] == "booked" and visit["told_in_time"] is False
    customer.let_ring()
