"""The page of a call in a real browser: a click on a word moves the recording to it."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline import timeline
from hotline.timeline_page import as_html
from tests.unit.test_timeline import record

PATIENCE_SECONDS = 30
ASK = """
<script>{
const sound = document.querySelector("audio");
const tell = () => {
  const marked = [...document.querySelectorAll(".word.now")].map((word) => word.textContent);
  const told = { at: sound.currentTime, now: marked, seconds: sound.duration };
  fetch("%(answer)s", { method: "POST", mode: "no-cors", body: JSON.stringify(told) });
};
sound.addEventListener("seeked", () => setTimeout(tell, 50), { once: true });
%(hands)s
}</script>
"""


def browser(folder: Path, *more: str) -> list[str]:
    """The command line of a real browser; a missing one is a failure, not a skip."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "no Chromium: install it with tools/install-test-tools.sh"
    return [
        found, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--autoplay-policy=no-user-gesture-required", "--window-size=1100,900",
        f"--user-data-dir={folder / 'profile'}", *more,
    ]  # fmt: skip


def look(page: Path, address: str = "", *, how: str = "--dump-dom") -> str:
    """The page's own markup after its scripts have run."""
    done = subprocess.run(
        [*browser(page.parent, how), f"file://{page}{address}"], capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=True, env={**os.environ, "HOME": str(page.parent)},
    )  # fmt: skip
    return done.stdout


def use(page: Path, hands: str = "", address: str = "") -> dict[str, Any]:
    """Do with the page what a reader would; what its player says after it has moved.

    The page's policy is lifted for the script that stands for the reader.
    """
    answers: queue.Queue[bytes] = queue.Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answers.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        markup = re.sub(r"<meta http-equiv=.*?>", "", page.read_text(), flags=re.DOTALL)
        moved = page.with_name("with-hands.html")
        asked = ASK % {"answer": f"http://127.0.0.1:{server.server_port}/", "hands": hands}
        moved.write_text(markup.replace("</body>", asked + "</body>"))
        command = [*browser(page.parent, "--remote-debugging-port=0"), f"file://{moved}{address}"]
        shown = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, env={**os.environ, "HOME": str(page.parent)},
        )  # fmt: skip
        try:
            found: dict[str, Any] = json.loads(answers.get(timeout=PATIENCE_SECONDS))
        finally:
            os.killpg(shown.pid, signal.SIGKILL)
            shown.wait()
            server.shutdown()
    return found


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A call of two people, 12 s long, one of whose utterances was heard later."""
    recording = tmp_path / "c1.wav"
    with wave.open(str(recording), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(12 * 32000))
    path = tmp_path / "c1.html"
    told = timeline.lines(CALL)
    path.write_text(as_html("Call c1", {}, told, ZoneInfo("Asia/Shanghai"), recording=recording.name))
    return path


CALL = [
    record(0, kind="call_answered", flow="main", flow_version="1"),
    record(1, kind="leg_started", leg_id="l1", role="caller", remote="x"),
    record(2, kind="prompt_started", text="您好，请讲，漏气请按9。"),
    record(5, kind="heard", leg_id="l1", role="caller", text="厨房漏气<script>document.title=1</script>",
           start_ms=3000, end_ms=4600, confidence=0.9,
           words=[["厨房", 3000, 3700, 0.9], ["漏气", 3700, 4600, 0.5]]),
    record(6, kind="emergency_declared", by="speech", hazard="leak", place="indoor", words="厨房漏气",
           confidence=0.97),
    record(9, kind="heard", leg_id="l2", role="agent", text="请到室外", start_ms=7000, end_ms=8000,
           confidence=0.8, words=[["请到", 7000, 7400, 0.9], ["室外", 7400, 8000, 0.9]], source="recording"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "seconds"), [("漏气", 3.7), ("室外", 7.4)])
def test_a_click_on_a_word_plays_the_recording_from_there(page: Path, word: str, seconds: float) -> None:
    hands = f"""
    const wanted = [...document.querySelectorAll(".word")].find((one) => one.textContent === "{word}");
    sound.addEventListener("loadedmetadata", () => wanted.click(), {{ once: true }});
    """
    told = use(page, hands)
    assert told["seconds"] == 12
    assert seconds <= told["at"] < seconds + 1.5
    assert told["now"] == [word]


def test_an_address_with_a_time_opens_there(page: Path) -> None:
    told = use(page, address="#ms=7000")
    assert 7.0 <= told["at"] < 8.5 and told["now"][0] in ("请到", "室外")


def test_no_script_but_ours_runs_and_ours_does(page: Path) -> None:
    """Under the policy that the page carries: its own script is let through by its digest."""
    markup = page.read_text().replace("</body>", "<script>document.title = 'hostile'</script></body>")
    hostile = page.with_name("hostile.html")
    hostile.write_text(markup)
    shown = look(hostile)
    assert "<title>Call c1</title>" in shown
    assert '<html lang="zh" class="plays">' in shown, "our own script did not run"


def test_it_can_be_looked_at(page: Path, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    look(page, how=f"--screenshot={picture}")
    assert picture.stat().st_size > 10_000
