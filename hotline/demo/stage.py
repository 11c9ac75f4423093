"""Sets the demo up: the service, the telephones around it, the voices, and what is watched."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ruamel.yaml import YAML

from dispatch.api import hash_pin
from hotline.demo.actor import Actor
from hotline.demo.phone import Phone, PhoneEvent
from hotline.demo.service import Service
from hotline.demo.timeline import Timeline
from hotline.demo.voices import synthesise
from hotline.demo.watch import JournalWatch
from hotline.events import CallArrived, Record
from hotline.settings import Settings
from hotline.settings_file import load_settings

PAGE_SECONDS = 8
"""The shipped policy lets a page ring longer; nobody wants to wait so long in a demo."""
NEWS_SECONDS = 3
"""For so long new facts are gathered before the crew on its way is phoned."""
PIN = "2468"
"""Of every crew in the demo's copy of the stations file."""


class Stage:
    """Everything that is up while a story is told. `with Stage(…) as stage:` takes it all down again."""

    def __init__(self, folder: Path, config: Path, timeline: Timeline, caller_number: str) -> None:
        """Raises ConfigurationError."""
        self.folder, self.timeline = folder, timeline
        self.settings: Settings = load_settings(config)
        self.config = config
        self.caller_number = caller_number
        self.crews: dict[str, Phone] = {}
        """Phones by the key of the crew."""
        self.actors: list[Actor] = []
        self.rang: list[str] = []
        """Crews in the order in which their phones rang."""
        self._dispatch_lines = 0
        self._calls: dict[str, Phone] = {}
        self._changed = threading.Condition()
        self._crew_rings: Callable[[str, Phone], None] = lambda crew, phone: None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.caller = stack.enter_context(self._phone("caller", self.caller_number))
            self.duty = stack.enter_context(self._phone("agent", "1001"))
            stations = read_yaml(self.settings.dispatch.stations)
            for crew in stations["crews"]:
                key = str(crew["key"])
                user = user_part(crew["members"][0]["phone"])
                self.crews[key] = stack.enter_context(self._phone(f"crew {key}", user))
            self.service = Service(self.folder, self.config, self._overrides(stations))
            stack.callback(self.service.stop, 5)
            self.watch = JournalWatch(self.service.journals, self._on_record)
            self.service.start()
            self.service.wait_ready()
            stack.enter_context(self.watch)
            stop = threading.Event()
            teller = threading.Thread(target=self._tell_dispatch, args=(stop,), daemon=True)
            teller.start()
            stack.callback(teller.join, 2)
            stack.callback(stop.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def line(self, name: str, text: str, voice: str) -> Path:
        """A sentence as a WAV in the demo's folder."""
        path = self.folder / "voices" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        synthesise(text, voice, out_path=path)
        return path

    def on_crew_ringing(self, function: Callable[[str, Phone], None]) -> None:
        """`function(crew, phone)` decides what a crew does whose phone rings."""
        self._crew_rings = function

    def hotline(self, *words: str) -> Any:
        """What a `hotline … --json` command of this service prints."""
        answer = subprocess.run(
            [*self.service.command(*words), "--json"], capture_output=True, text=True, timeout=60, check=True
        )
        return json.loads(answer.stdout)

    # ---- set-up
    def _phone(self, name: str, user: str) -> Phone:
        return Phone(name, user, on_event=self._on_event)

    def _overrides(self, stations: dict[str, Any]) -> dict[str, object]:
        """The shipped configuration, with the telephones of this machine and a shorter page."""
        redirect(stations, lambda key: self.crews[key])
        policy = read_yaml(self.settings.dispatch.policy)
        policy["times"]["page"], policy["times"]["news"] = PAGE_SECONDS, NEWS_SECONDS
        self.folder.mkdir(parents=True, exist_ok=True)
        write_yaml(self.folder / "stations.yaml", stations)
        write_yaml(self.folder / "policy.yaml", policy)
        return {
            "dispatch.stations": str(self.folder / "stations.yaml"),
            "dispatch.policy": str(self.folder / "policy.yaml"),
            "edge.trunks.0.uri": f"sip:{{number}}@{self.caller.host}:{self.caller.port}",
            "agents.duty_crew": [self.duty.uri],
            "agents.members": [],
            "logging.format": "text",
        }

    # ---- what happens
    def _on_event(self, phone: Phone, event: PhoneEvent) -> None:
        text = _phone_words(event)
        if text:
            self.timeline.tell(phone.name, text, event.at)
        if event.kind == "incoming" and phone.name.startswith("crew "):
            crew = phone.name.removeprefix("crew ")
            with self._changed:
                self.rang.append(crew)
                self._changed.notify_all()
            self._crew_rings(crew, phone)

    def _on_record(self, record: Record) -> None:
        if isinstance(record, CallArrived):
            self._remember_phone(record)
        phone = self._calls.get(record.call_id)
        if record.kind == "prompt_started":
            whom = phone.name if phone else "a phone"
            self.timeline.tell("hotline", f"→ {whom}: 「{record.text}」", record.at.timestamp())
            for actor in self.actors:
                if actor.phone is phone:
                    actor.prompt_started(record.text)
            return
        if text := _record_words(record):
            self.timeline.tell("hotline", text, record.at.timestamp())

    def _remember_phone(self, record: CallArrived) -> None:
        for phone in (self.caller, self.duty, *self.crews.values()):
            dialled = f":{phone.port}" in record.dialled or record.dialled.endswith(phone.user)
            called = record.caller.endswith(phone.user)
            if (record.direction == "outbound" and dialled) or (record.direction == "inbound" and called):
                self._calls[record.call_id] = phone

    def _tell_dispatch(self, stop: threading.Event) -> None:
        while not stop.wait(0.1):
            for row in self.dispatch_history():
                details = ", ".join(f"{name} {value}" for name, value in row["detail"].items())
                at = _timestamp(row["at"])
                self.timeline.tell("dispatch", f"{row['what'].replace('_', ' ')}  ({details})", at)

    def dispatch_history(self) -> Iterator[dict[str, Any]]:
        """History rows that dispatch has written since the last look."""
        try:
            lines = (self.service.state / "dispatch.jsonl").read_bytes().split(b"\n")[:-1]
        except OSError:
            return
        fresh, self._dispatch_lines = lines[self._dispatch_lines :], len(lines)
        for line in fresh:
            yield from json.loads(line)["history"]


def redirect(stations: dict[str, Any], phone_of: Callable[[str], Phone]) -> None:
    """Give every crew of a stations file a telephone of this machine, and the PIN of the demo."""
    for crew in stations["crews"]:
        phone = phone_of(str(crew["key"]))
        crew["pin_hash"] = hash_pin(PIN)
        for member in crew["members"]:
            member["phone"] = f"sip:{user_part(member['phone'])}@{phone.host}:{phone.port}"


def user_part(phone: str) -> str:
    """`sip:crew101@host` and `+8613800000102` as the user part of a SIP URI."""
    return phone.partition(":")[2].partition("@")[0] if ":" in phone else phone


def _timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _phone_words(event: PhoneEvent) -> str:
    """A phone's event as a line of the timeline; empty for what is of no interest."""
    said = {
        "calling": "dials {uri}", "answered": "the call is up", "incoming": "rings",
        "speaking": "begins to speak ({line})", "voice_ended": "stops speaking ({line})",
        "ended": "the call is over ({status} {reason})", "error": "FAILED: {text}",
    }
    if event.kind == "acting" and event.fields.get("do") == "keys":
        return f"presses {event.fields['keys']}"
    return said[event.kind].format_map(event.fields) if event.kind in said else ""


def _record_words(record: Record) -> str:
    """A journal record as a line of the timeline; empty for what the phones tell already."""
    words: dict[str, str] = {
        "heard": "hears 「{text}」",
        "emergency_declared": "EMERGENCY: {hazard}, {place} (by {by}: 「{words}」)",
        "fact_learned": "learns {field}: {value} (confirmed: {confirmed})",
        "ticket_requested": "opens a ticket: {business} {label}", "page_accepted": "the page is accepted",
        "page_failed": "the page failed: {why}", "page_declined": "the page is declined: {reason}",
        "crew_reported": "crew {crew} reports: {status}", "callback_requested": "owes a call-back: {reason}",
        "call_failed": "FAULT: {what}; goes on by {fallback}",
        "recording_finished": "recorded {seconds:.1f} s",
    }
    return words[record.kind].format_map(record.model_dump()) if record.kind in words else ""


def read_yaml(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return content


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(content, file)
