"""The call that says that the line lives (design rule 9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from twisted.internet.task import Clock

from hotline.ipc import Job
from hotline.paging.settings import SelfTest as Settings
from hotline.service.selftest import PATIENCE_SECONDS, SelfTest

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Rig:
    def __init__(self, number: str = "962679", edge: bool = True) -> None:
        self.clock, self.edge = Clock(), edge
        self.jobs: list[Job] = []
        self.told: list[Any] = []
        self.ok: list[bool] = []
        settings = Settings(number=number, every_seconds=60, failures_to_alarm=3)
        self.test = SelfTest(self.clock, settings, "selftest", self._originate, self.told.append,
                             lambda: NOON + timedelta(seconds=self.clock.seconds()), self.ok.append)
        self.test.start()

    def _originate(self, job: Job) -> bool:
        self.jobs.append(job)
        return self.edge

    def minute(self, *, answered: bool | None) -> None:
        """None: the call never ends."""
        self.clock.advance(60)
        if answered is not None:
            self.test.ended(self.jobs[-1].call_id, answered=answered)

    def topics(self) -> list[str]:
        return [f"{one.to}:{one.topic}" for one in self.told]


def test_every_minute_a_call_and_its_result() -> None:
    rig = Rig()
    for _ in range(3):
        rig.minute(answered=True)
    assert len({job.call_id for job in rig.jobs}) == 3
    assert all((job.purpose, job.dial, job.drill) == ("selftest", "962679", True) for job in rig.jobs)
    assert rig.ok == [True] * 3 and rig.told == []


def test_a_dead_line_is_told_once_and_its_return_too() -> None:
    rig = Rig()
    for answered in (False, False, True, False, False):
        rig.minute(answered=answered)
    assert rig.told == [], "three in a row"
    rig.minute(answered=False)
    rig.minute(answered=False)
    assert rig.topics() == ["duty_centre:line_dead", "alarm_places:line_dead"]
    assert len({one.event_id for one in rig.told}) == 2 and all(one.urgent for one in rig.told)
    rig.minute(answered=True)
    assert rig.topics()[2:] == ["duty_centre:line_back", "alarm_places:line_back"]


def test_a_call_that_never_ends_is_a_failure() -> None:
    rig = Rig()
    rig.minute(answered=None)
    rig.clock.advance(PATIENCE_SECONDS)
    assert rig.ok == [False]


def test_without_an_edge_or_a_worker_nothing_is_said_of_the_line() -> None:
    rig = Rig(edge=False)
    rig.minute(answered=None)
    rig.clock.advance(PATIENCE_SECONDS)
    assert rig.ok == []
    rig.edge = True
    rig.minute(answered=None)
    rig.test.not_begun(rig.jobs[-1].call_id)
    rig.clock.advance(PATIENCE_SECONDS)
    assert rig.ok == []


def test_without_a_number_nobody_is_called() -> None:
    rig = Rig(number="")
    rig.clock.advance(10_000)
    assert rig.jobs == []
