"""The whole line with messages: a robot that refuses, an SMS with a link, its page, the welfare call."""

from __future__ import annotations

import http.client
import re
import socket
import sqlite3
from pathlib import Path
from typing import Any

from hotline.demo.phone import Phone
from hotline.settings_file import load_settings
from tests.live.conftest import NewTown
from tests.live.harness.service import wait_until
from tests.live.harness.town import EXAMPLE, Town, read_yaml, redirect, write_yaml
from tests.support.paging_peers import SignedPeer, WecomPeer, serving


def files(folder: Path, crew: Phone, signed: str, robot: str, port: int) -> dict[str, object]:
    """Every crew has a telephone, a robot that knows no such key, and after it SMS."""
    shipped = load_settings(EXAMPLE).dispatch
    stations, policy = read_yaml(shipped.stations), read_yaml(shipped.policy)
    redirect(stations, lambda key: crew)
    for one in stations["crews"]:
        for member in one["members"]:
            member["channels"] = {"robot": "", "sms": "+8613900000001"}
    policy["chain"][0]["channels"] = ["phone", ["robot", "sms"]]
    policy["times"] |= {"page": 40, "unlocated": 0, "welfare": 4, "welfare_answer": 20}
    paging: dict[str, Any] = {
        "channels": {
            "robot": {"kind": "wecom", "url": robot, "token_env": "TOWN_ROBOT"},
            "sms": {"kind": "sms", "url": signed, "secret_env": "TOWN_SMS"},
        },
        "links": {"public_url": f"http://127.0.0.1:{port}/l", "port": port},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("stations", stations), ("policy", policy), ("paging", paging)):
        write_yaml(folder / f"{name}.yaml", content)
    return {f"dispatch.{name}": str(folder / f"{name}.yaml") for name in ("stations", "policy", "paging")}


def press(address: str, action: str) -> int:
    found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/l/.{32})", address)
    assert found is not None, address
    line = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=10)
    line.request("POST", found[2], f"action={action}", {"Content-Type": "application/x-www-form-urlencoded"})
    status = line.getresponse().status
    line.close()
    return status


def told(town: Town) -> list[str]:
    """What dispatch has stored of its history."""
    (path,) = town.folder.rglob("hotline.db")
    with sqlite3.connect(path) as database:
        rows = database.execute("select what from history order by id").fetchall()
    database.close()
    return [what for (what,) in rows]


def test_a_job_is_taken_by_a_link_and_a_silent_crew_is_asked(new_town: NewTown, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    signed, robot = SignedPeer(), WecomPeer(key="another")
    with serving(signed), serving(robot), Phone("crew by message", "13700000002") as crew:
        town = new_town(files(tmp_path / "files", crew, signed.url, robot.url, port),
                        environment={"TOWN_ROBOT": "wecom-key", "TOWN_SMS": signed.secret})
        phone = town.caller()
        call_id = town.ring(phone)
        town.prompt(call_id, "请讲")
        phone.press("9")
        wait_until(lambda: bool(signed.delivered), 30, "no SMS after the robot refused")
        assert robot.requests >= 1 and robot.delivered == []
        text = signed.delivered[0]["text"]
        assert "燃气抢险派单" in text and "单号I-GS-" in text
        address = text.rpartition("：")[2]
        assert press(address, "accept") == 303
        wait_until(lambda: "crew_acknowledged" in told(town), 20, "the link did not take the job")
        assert press(address, "accept") == 409
        # The link may have been quicker than the phone: then it must not ring on for its 40 s.
        wait_until(lambda: not crew.in_call, 15, "the phone rings on after the link has taken the job")
        crew.answer_calls(0.2)
        assert press(address, "on_scene") == 303
        crew.wait_for("answered", 40)
        crew.press_later("1", delay_seconds=1)
        wait_until(lambda: "welfare_well" in told(town), 40, "nobody asked whether all is well")
        phone.hangup()
        crew.hangup()
        history = told(town)
        assert history.count("next_channel") == 1
        assert len({document["_key"] for document in signed.delivered}) == len(signed.delivered)
