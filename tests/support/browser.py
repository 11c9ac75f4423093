"""A real headless Chromium, driven over its DevTools protocol."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

SECONDS = 40.0


class Browser:
    """One page of a phone's size."""

    def __init__(self, line: ClientConnection) -> None:
        self._line, self._number = line, 0
        self.faults: list[str] = []
        """What the page's console says: errors, blocked scripts."""

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._line.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            message = json.loads(self._line.recv(timeout=SECONDS))
            if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.faults.append(json.dumps(message["params"], ensure_ascii=False))
            if message.get("id") == self._number:
                assert "error" not in message, message
                found: dict[str, Any] = message["result"]
                return found
        raise AssertionError(f"no answer to {method}")

    def say(self, script: str) -> Any:
        """What a line of JavaScript gives."""
        return self.do("Runtime.evaluate", expression=script)["result"].get("value")

    def wait(self, script: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not self.say(script):
            assert time.monotonic() < deadline, f"never: {script}; {self.say('document.body.innerText')}"
            time.sleep(0.05)

    def picture(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.do("Page.captureScreenshot")["data"]))


@contextmanager
def browser(folder: Path, url: str) -> Iterator[Browser]:
    command = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}", "--window-size=390,844",
        "--no-first-run", "about:blank",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_page(folder), max_size=None) as line:
            one = Browser(line)
            for domain in ("Page", "Runtime", "Log"):
                one.do(f"{domain}.enable")
            one.do("Page.navigate", url=url)
            one.wait("document.readyState == 'complete' && location.href != 'about:blank'")
            yield one
    finally:
        process.kill()
        process.wait()


def _page(folder: Path) -> str:
    """The DevTools address of the browser's first page."""
    active = folder / "profile" / "DevToolsActivePort"
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            port = active.read_text().splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [one for one in json.load(answer) if one["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        except (OSError, IndexError, ValueError):
            pass
        time.sleep(0.1)
    raise AssertionError("Chromium did not start")
