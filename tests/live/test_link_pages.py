"""One-time links over real HTTP and in a real browser: look, report, once; and hostile requests."""

from __future__ import annotations

import http.client
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from hotline.web.link_pages import MOST_CONNECTIONS
from tests.support.browser import browser
from tests.support.sip_base import until

ROOT = Path(__file__).parents[2]


@dataclass
class Site:
    port: int
    token: str
    folder: Path

    def ask(
        self, method: str, path: str = "", body: str = "", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path or f"/l/{self.token}", body or None, given)
        answer = line.getresponse()
        text = answer.read().decode("utf-8", "replace")
        line.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text

    def press(self, action: str, **fields: str) -> tuple[int, dict[str, str], str]:
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", body=urlencode({"action": action, **fields}), **form)

    def history(self) -> list[tuple[str, str]]:
        with sqlite3.connect(self.folder / "d.db") as database:
            rows = database.execute("select what, detail from history order by id").fetchall()
        database.close()
        return rows

    def told(self, what: str) -> list[str]:
        return [detail for found, detail in self.history() if found == what]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.support.link_site", str(tmp_path), str(port)]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:
        assert process.stdout is not None
        token = ""
        while not token and (line := process.stdout.readline()):
            token = line.strip() if len(line.strip()) == 32 else ""
        assert token, (tmp_path / "log").read_text()
        yield Site(port, token, tmp_path)
        process.kill()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_looking_changes_nothing(site: Site) -> None:
    """Chat programs open links before people do."""
    for method in ("GET", "HEAD", "GET"):
        status, headers, text = site.ask(method)
        assert status == 200
        assert headers["referrer-policy"] == "no-referrer" and headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
    for word in ("室内燃气泄漏", "利州东路10号", "tel:+8613900001111", "接单", "不能去", "到达现场"):
        assert word in text
    assert site.told("link_used") == []


def test_a_job_is_taken_once_and_goes_all_the_way(site: Site) -> None:
    status, headers, _ = site.press("accept")
    assert status == 303
    status, _, text = site.ask("GET", f"/l/{headers['location']}")
    assert status == 200 and "已经记录：接单" in text and ">接单<" not in text
    assert site.press("accept")[0] == 409
    assert site.press("en_route")[0] == 303
    assert site.press("on_scene", latitude="32.4361", longitude="105.8422")[0] == 303
    assert site.press("needs_help", note="要封路")[0] == 303
    assert site.press("made_safe")[0] == 303
    assert site.press("unsolved", note="阀门锈死 <script>alert(1)</script>")[0] == 303
    assert site.press("rechecked", reason="no_gas")[0] == 303
    until(lambda: site.told("unsolved_point"), "the open point")
    assert len(site.told("link_used")) == 7
    assert len(site.told("crew_on_scene")) == len(site.told("help_needed")) == 1


def test_a_decline_needs_its_reason(site: Site) -> None:
    assert site.press("decline")[0] == 409
    assert site.press("decline", reason="车辆或设备故障", note="轮胎")[0] == 303
    until(lambda: site.told("crew_declined"), "the decline")


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/", 404), ("GET", "/l/" + "A" * 32, 404), ("GET", "/l/../../etc/passwd", 404),
    ("GET", "/l/%00%ff", 404), ("GET", "/l/" + "A" * 5000, 404), ("PUT", "", 405), ("DELETE", "", 405),
])
def test_what_is_no_link(site: Site, method: str, path: str, status: int) -> None:
    assert site.ask(method, path)[0] == status
    assert site.told("link_used") == []


def test_nonsense_in_a_form_changes_nothing(site: Site) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    for body in ("", "action=", "action=own_the_place", "action=%ff%fe", "a" * 8000, "&&&=&=",
                 "action=decline&reason=%00%0a%0d"):
        assert site.ask("POST", body=body, **form)[0] == 409
    assert site.told("link_used") == []
    assert site.press("on_scene", latitude="1e999", longitude="nan")[0] == 303


@pytest.mark.parametrize("headers", [
    {"Content-Length": "1000000"}, {"Content-Length": "-5"}, {"Content-Length": "abc"},
    {"Transfer-Encoding": "chunked"},
    {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "5"},
])
def test_large_and_strange_bodies_are_refused_unread(site: Site, headers: dict[str, str]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", site.port), 10) as line:
        line.sendall(f"POST /l/{site.token} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        assert line.recv(4096).startswith((b"HTTP/1.1 413", b"HTTP/1.1 400"))
    assert site.ask("GET")[0] == 200


def test_a_crowd_of_idle_connections_takes_no_descriptors_from_the_rest(site: Site) -> None:
    lines = [socket.create_connection(("127.0.0.1", site.port), 10) for _ in range(MOST_CONNECTIONS + 20)]
    try:
        lines[-1].settimeout(5)
        assert lines[-1].recv(1) == b"", "closed at once"
    finally:
        for line in lines:
            line.close()
    until(lambda: site.ask("GET")[0] == 200, "the page, when they are gone")


def test_a_crew_works_with_a_real_browser(site: Site, tmp_path: Path) -> None:
    """Shown without a fault; a look reports nothing; a press takes the job; on scene comes with the place."""
    address = f"http://127.0.0.1:{site.port}/l/{site.token}"
    with browser(tmp_path, address) as page:
        assert "利州东路10号" in page.say("document.body.innerText")
        assert page.say("document.documentElement.scrollWidth <= window.innerWidth"), "wider than the phone"
        assert site.told("link_used") == []
        page.picture(tmp_path / "page.png")
        page.say("document.querySelector('button.accept').click()")
        page.wait("document.body.innerText.includes('已经记录：接单')")
        page.do("Browser.grantPermissions", permissions=["geolocation"])
        page.do("Emulation.setGeolocationOverride", latitude=32.4361, longitude=105.8422, accuracy=5)
        page.say("document.querySelector('form[data-position] button').click()")
        page.wait("document.body.innerText.includes('已经记录：到达现场')")
        assert page.faults == []
    until(lambda: site.told("crew_on_scene"), "the arrival")
    assert len(site.told("link_used")) == 2
    with sqlite3.connect(site.folder / "d.db") as database:
        (place,) = database.execute("select latitude, longitude from crew_units where crew = 'A'").fetchall()
    database.close()
    assert place == pytest.approx((32.4361, 105.8422))
