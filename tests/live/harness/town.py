"""A town for the live tests: the service, everybody's telephones, and what the service writes."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hotline.demo.phone import Phone
from hotline.demo.stage import read_yaml, redirect, write_yaml
from hotline.demo.voices import synthesise
from hotline.demo.watch import JournalWatch
from hotline.settings_file import load_settings
from tests.live.harness.service import EXAMPLE, HotlineUnderTest

SENTENCES = {
    "leak": "喂你好我家厨房里好大一股煤气味",
    "address": "我住在滨江路八十八号二单元三零一室",
    "yes": "对的没错",
    "person": "转人工",
}
SOFTPHONES = {"HOTLINE_SOFTPHONE_1001": "geheim-1001", "HOTLINE_SOFTPHONE_1002": "geheim-1002"}
SERVICE_NUMBER = "962677"


class Town:
    """`with Town(folder) as town:` the line is up; `town.caller()` is a telephone that may ring it."""

    def __init__(
        self, folder: Path, overrides: Mapping[str, object] | None = None, *, page_seconds: float = 8,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._overrides = dict(overrides or {})
        self._page_seconds = page_seconds
        self._environment = {**SOFTPHONES, **(environment or {})}
        self._stack = contextlib.ExitStack()
        self._callers = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.crew = stack.enter_context(Phone("crew", "13700000001"))
            """The telephone of every crew."""
            self.duty = stack.enter_context(Phone("duty", "13700000009"))
            """Rings when no agent answers; it also gets every call over the trunk."""
            self.service = HotlineUnderTest(self.folder, self._configuration(), environment=self._environment)
            stack.callback(self.service.stop, 3)
            self.service.start()
            self.service.wait_ready()
            self.watch = stack.enter_context(JournalWatch(self.service.journals))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and hasattr(error, "add_note"):
            error.add_note(self.service.log_end(60))
        self._stack.close()

    def caller(self, number: str = "") -> Phone:
        """A telephone; it is taken away with the town, or by `with`."""
        self._callers += 1
        number = number or f"139{self._callers:08d}"
        return self._stack.enter_context(Phone(f"caller {self._callers}", number))

    def softphone(self, user: str) -> Phone:
        """An agent's telephone, logged in."""
        phone = self._stack.enter_context(Phone(f"agent {user}", user))
        phone.register(self.service.registrar, SOFTPHONES[f"HOTLINE_SOFTPHONE_{user}"])
        return phone

    def ring(self, phone: Phone, number: str = SERVICE_NUMBER) -> str:
        """Dial and be answered; the call's id."""
        known = set(self.watch.calls())
        phone.call(self.service.number(number))
        phone.wait_for("answered", 10)
        record = self.watch.wait_for(
            "call_arrived", 5,
            where=lambda r: r.call_id not in known and r.caller.endswith(phone.user),
        )
        return str(record.call_id)

    def line(self, name: str) -> Path:
        """One of SENTENCES as a WAV."""
        path = self.folder / "voices" / f"{name}.wav"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            synthesise(SENTENCES[name], "f4", out_path=path)
        return path

    def prompt(self, call_id: str, words: str, timeout_seconds: float = 30) -> Any:
        """The hotline says something with these words in it."""
        return self.watch.wait_for(
            "prompt_started", timeout_seconds, call_id=call_id, where=lambda r: words in r.text
        )

    def stored_tickets(self) -> dict[str, str]:
        """Call id → number of its ticket, as `hotline tickets list` gives them from the database."""
        answer = subprocess.run(
            [*self.service.command("tickets", "list"), "--json"], capture_output=True, text=True, timeout=60
        )
        if answer.returncode:
            return {}
        return {call: ticket["number"] for ticket in json.loads(answer.stdout) for call in ticket["call_ids"]}

    def _configuration(self) -> dict[str, object]:
        settings = load_settings(EXAMPLE)
        self.folder.mkdir(parents=True, exist_ok=True)
        stations = read_yaml(settings.dispatch.stations)
        redirect(stations, lambda key: self.crew)
        write_yaml(self.folder / "stations.yaml", stations)
        policy = read_yaml(settings.dispatch.policy)
        policy["times"]["page"] = self._page_seconds
        policy["times"]["unlocated"] = 3
        write_yaml(self.folder / "policy.yaml", policy)
        return {
            "dispatch.stations": str(self.folder / "stations.yaml"),
            "dispatch.policy": str(self.folder / "policy.yaml"),
            "edge.trunks.0.uri": f"sip:{{number}}@{self.duty.host}:{self.duty.port}",
            "edge.softphones.1.digest": ["MD5"],
            "agents.duty_crew": [self.duty.uri],
            "agents.ring_seconds": 6,
            "logging.format": "text",
            **self._overrides,
        }
