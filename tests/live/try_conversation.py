"""A small conversation for trying the worker itself: answers, plays, writes down what it hears."""

from __future__ import annotations

import json
from pathlib import Path

from hotline.calls.context import WorkerContext
from hotline.calls.ports import DtmfMethod, EndCause, Leg, LegListener
from hotline.events import CallAnswered, CallEnded, KeyPressed, LegAnswered, LegEnded, RecordingFinished
from hotline.ipc import Hangup, Tell


class TryConversation:
    """Facts of the job: `play` (file), `agent` (URI to bridge with), `refuse` (status), `break` (where).

    Key 9 hangs up, key 8 raises an error, every other key is pressed back.
    """

    def __init__(self, context: WorkerContext) -> None:
        if context.job.facts.get("break") == "creation":
            raise RuntimeError("broken on purpose")
        self.context, self.facts = context, context.job.facts
        self.leg: Leg | None = None
        self.agent: Leg | None = None
        self.audio_ms: dict[str, int] = {}
        self._ended: set[str] = set()

    def listener(self) -> LegListener:
        return self

    def incoming(self, leg: Leg) -> None:
        if self.facts.get("break") == "incoming":
            raise RuntimeError("broken on purpose")
        self.leg = leg
        if "refuse" in self.facts:
            leg.hangup(int(self.facts["refuse"]))
        elif "ringing" not in self.facts:
            leg.answer()

    def outgoing(self) -> None:
        self.leg = self.context.switchboard.dial(
            self.context.job.dial, "crew", self, caller_id=self.facts.get("caller_id", "962677"),
            headers={"X-Test": "yes", "X-More": self.facts.get("more", "")},
        )  # fmt: skip

    def told(self, message: Tell | Hangup) -> None:
        if self.leg is not None:
            self.leg.hangup()

    def leg_answered(self, leg: Leg) -> None:
        self.context.journal.append(LegAnswered, leg_id=leg.leg_id)
        if leg is self.leg:
            self.context.journal.append(CallAnswered, flow="try", flow_version="1")
            if "play" in self.facts:
                leg.play([Path(self.facts["play"])], self._played)
            if "agent" in self.facts:
                self.agent = self.context.switchboard.dial(
                    self.facts["agent"], "agent", self, caller_id="13800000000", headers={}
                )
        elif self.leg is not None:
            self.context.switchboard.bridge(self.leg, leg)

    def _played(self) -> None:
        self.note("played")

    def leg_key(self, leg: Leg, key: str, method: DtmfMethod) -> None:
        self.context.journal.append(KeyPressed, leg_id=leg.leg_id, key=key, method=method)
        if key == "9":
            leg.hangup()
        elif key == "8":
            raise RuntimeError("broken on purpose")
        else:
            leg.send_keys(key)

    def leg_held(self, leg: Leg, held: bool) -> None:
        self.note("held" if held else "resumed")

    def leg_audio(self, leg: Leg, pcm: bytes) -> None:
        self.audio_ms[leg.leg_id] = self.audio_ms.get(leg.leg_id, 0) + len(pcm) // 16
        with (self.folder / f"{leg.leg_id}.pcm").open("ab") as file:
            file.write(pcm)

    def leg_ended(self, leg: Leg, cause: EndCause, sip_status: int) -> None:
        assert leg.leg_id not in self._ended, "ended twice"
        self._ended.add(leg.leg_id)
        self.context.journal.append(
            LegEnded, leg_id=leg.leg_id, role=leg.role, sip_status=sip_status, cause=cause
        )
        if leg is self.leg and "immortal" not in self.facts:
            self.context.finish_recording(self._recorded)

    def _recorded(self, path: str, seconds: float) -> None:
        if path:
            self.context.journal.append(RecordingFinished, path=path, seconds=seconds)
        self.note("audio", **self.audio_ms)
        self.context.journal.append(CallEnded, by="caller")
        self.context.finished()

    @property
    def folder(self) -> Path:
        return self.context.settings.paths.run

    def note(self, what: str, **more: object) -> None:
        position = self.context.switchboard.recording_position_ms()
        with (self.folder / f"{self.context.job.call_id}.notes").open("a") as file:
            file.write(json.dumps({"what": what, "at_ms": position, **more}) + "\n")




class Versioned(TryConversation):
    """Writes down which flows it was given."""

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(context)
        (self.folder / f"{context.job.call_id}.version").write_text(str(context.flows.version))
