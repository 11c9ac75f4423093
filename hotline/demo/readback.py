"""Reads back from the stores what the demo left: ticket, incident, history, recording, transcript."""

from __future__ import annotations

import time
import wave
from array import array
from datetime import datetime
from pathlib import Path
from typing import Any

from hotline.demo.stage import Stage
from hotline.demo.timeline import Step
from hotline.events import CallArrived, RecordingFinished

LOUD = 300
STORED_SECONDS = 15.0


def everything(stage: Stage, *, emergency: bool) -> list[Step]:
    """What the commands of the README show of the caller's call."""
    call_id = next(
        r.call_id for r in stage.watch.records if isinstance(r, CallArrived) and r.direction == "inbound"
    )
    stage.watch.wait_for("recording_finished", 10, call_id=call_id)
    steps = _call(stage, call_id)
    tickets = stage.hotline("tickets", "list")
    mine = [ticket for ticket in tickets if call_id in ticket.get("call_ids", ())]
    steps += [Step(f"ticket {t['number']} is stored", ok=True, measured=t["business"]) for t in mine]
    return steps + (_emergency(stage, mine) if emergency else [])


def _call(stage: Stage, call_id: str) -> list[Step]:
    """The call is in the database, and the recording has both sides."""
    stage.hotline("calls", "show", call_id)
    path = next(r.path for r in stage.watch.of(call_id) if isinstance(r, RecordingFinished))
    silent = stage.caller.happened("speaking") is False
    left, right = _loud_channels(stage.service.recordings / path)
    return [
        Step("the call is stored", ok=True, measured=call_id),
        Step("recording: caller left, hotline right", (left or silent) and right, path),
    ]


def _emergency(stage: Stage, tickets: list[dict[str, Any]]) -> list[Step]:
    """The ticket is closed with its times against its target."""
    if not tickets:
        return [Step("an emergency ticket is stored", ok=False)]
    number = tickets[0]["number"]
    incident = _closed_incident(stage, number)
    if incident is None:
        return [Step("the ticket is closed", ok=False, measured=number)]
    far = incident["distance_km"]
    minutes = f"{incident['band_minutes']:g} min for {'a place unknown' if far is None else f'{far:.1f} km'}"
    reported, on_scene, target = (
        datetime.fromisoformat(incident[name]) for name in ("reported_at", "on_scene_at", "target_at")
    )
    took = (on_scene - reported).total_seconds()
    return [
        Step("the ticket is closed", ok=True, measured=number),
        Step("arrival target from the distance", (far is None) == incident["band_assumed"], minutes),
        Step("reported → on scene", on_scene <= target, f"{took:.1f} s", f"≤ {minutes}", took),
    ]


def _closed_incident(stage: Stage, number: str) -> dict[str, Any] | None:
    """The incident as `hotline tickets show` gives it, once the last report is stored."""
    deadline = time.monotonic() + STORED_SECONDS
    while time.monotonic() < deadline:
        shown = stage.hotline("tickets", "show", number)
        if shown["ticket"]["state"] == "closed":
            incident: dict[str, Any] = next(r for r in shown["incident"] if r["kind"] == "incident")
            return incident
    return None


def commands(stage: Stage) -> list[str]:
    """Command lines that show what the demo left."""
    config = f"--config {stage.service.config}"
    calls = [r.call_id for r in stage.watch.records if isinstance(r, CallArrived)][:1]
    recorded = [r for r in stage.watch.records if isinstance(r, RecordingFinished)]
    return [
        *[f".venv/bin/hotline calls show {call_id} {config}" for call_id in calls],
        f".venv/bin/hotline tickets list {config}",
        *[f"aplay {stage.service.recordings / r.path}" for r in recorded if r.call_id in calls],
        f"less {stage.service.log}",
    ]


def _loud_channels(path: Path) -> tuple[bool, bool]:
    """Whether left and right hold sound."""
    with wave.open(str(path), "rb") as file:
        if file.getnchannels() != 2:
            return False, False
        samples = array("h", file.readframes(file.getnframes()))
    left, right = (max((abs(value) for value in samples[side::2]), default=0) > LOUD for side in (0, 1))
    return left, right
