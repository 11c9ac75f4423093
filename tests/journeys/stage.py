"""A stage for whole calls on a fake clock: everything real but SIP, audio, recogniser and controller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock

from hotline.calls.context import WorkerContext
from hotline.calls.conversation import CallConversation, FlowRunner
from hotline.calls.ears import Understanding
from hotline.events import Record
from hotline.ipc import Job
from hotline.journal import Journal, read
from hotline.settings import Settings
from tests.fakes.controller import FakeController
from tests.fakes.ears_by_hand import EarsByHand, StreamByHand
from tests.fakes.prompts import FakePrompts
from tests.fakes.switchboard import FakeLeg, FakeSwitchboard

BEGIN = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def settings(tmp_path: Path, **more: Any) -> Settings:
    """A small configuration; `more` replaces whole sections."""
    sections: dict[str, Any] = {
        "company": "示例燃气",
        "service_number": "962677",
        "paths": {
            "run": tmp_path / "run",
            "state": tmp_path / "state",
            "recordings": tmp_path / "recordings",
            "flows": tmp_path / "flows",
            "prompts": tmp_path / "prompts",
        },
        "edge": {"listen": {"host": "127.0.0.1"}},
        "entries": [{"dialled": ["*"], "flow": "main"}],
        "agents": {"members": ["1001", "1002"], "duty_crew": ["sip:duty@127.0.0.1"]},
        "dispatch": {"stations": "stations.yaml", "policy": "policy.yaml", "gazetteer": "gazetteer.csv"},
    }
    return Settings.model_validate(sections | more)


class Stage:
    """One call; the test is the outside world."""

    def __init__(
        self, tmp_path: Path, flow: FlowRunner, understanding: Understanding, job: Job, **more: Any
    ) -> None:
        self.clock = Clock()
        self.switchboard = FakeSwitchboard(self.clock)
        self.controller = FakeController(self.clock)
        self.prompts = FakePrompts()
        self.ears = EarsByHand()
        self.finished = 0
        self._journal = Journal(tmp_path / "journal", job.call_id, self.utcnow)
        self.conversation = CallConversation(
            WorkerContext(
                job=job,
                settings=settings(tmp_path, **more),
                switchboard=self.switchboard,
                journal=self._journal,
                clock=self.clock,
                utcnow=self.utcnow,
                controller=self.controller,
                speech_model=None,
                flows=None,
                finished=self._finish,
                call_from_thread=lambda function, *arguments: function(*arguments),
                finish_recording=self.switchboard.finish_recording,
            ),
            flow,
            self.prompts,
            self.ears.open,
            understanding,
        )

    def utcnow(self) -> datetime:
        return BEGIN + timedelta(seconds=self.clock.seconds())

    def ring(self, number: str = "+8613800000001") -> FakeLeg:
        """A caller rings and is answered."""
        leg = self.switchboard.incoming(self.conversation.listener(), number)
        self.conversation.incoming(leg)
        self.wait(0)
        return leg

    @property
    def caller(self) -> FakeLeg:
        return self.switchboard.legs[0]

    @property
    def ear(self) -> StreamByHand:
        """What listens to the first leg."""
        return self.ears.streams[0]

    def wait(self, seconds: float) -> None:
        """Let time pass in small steps, as a reactor would."""
        self.clock.advance(0)
        steps = round(seconds / 0.25)
        for _ in range(steps):
            self.clock.advance(0.25)

    def records(self) -> list[Record]:
        return [entry.record for entry in read(self._journal.path)]

    def kinds(self) -> list[str]:
        return [record.kind for record in self.records()]

    def of(self, kind: str) -> list[Any]:
        return [record for record in self.records() if record.kind == kind]

    def golden(self) -> list[str]:
        """The call as a list of lines: seconds, event, and what matters of it."""
        return [_line(record) for record in self.records()]

    def _finish(self) -> None:
        self.finished += 1


def _line(record: Record) -> str:
    hidden = {"event_id", "call_id", "at", "kind", "leg_id", "reasons", "words", "flow_version", "confidence"}
    fields = record.model_dump(mode="json", exclude=hidden, exclude_defaults=False)
    seconds = (record.at - BEGIN).total_seconds()
    shown: Sequence[str] = [f"{key}={value}" for key, value in fields.items() if value not in (None, "", {})]
    return f"{seconds:7.2f} {record.kind} {' '.join(shown)}".rstrip()
