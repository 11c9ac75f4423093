"""Calls tell the order that they carry out; a flood of alarms rings once; a restart rings nobody twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatch.api import Alarm, Notice
from hotline.ipc import Job
from hotline.service.call_names import call_name, effect_of
from hotline.service.gathering import Gathering
from hotline.service.outlet import PhoneOutlet

NOW = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(("name", "effect"), [
    (call_name("e.c-1.2", "1", NOW), "e.c-1.2"), (call_name("N-e.c-1.2", "2", NOW), "e.c-1.2"),
    (call_name("e.c-1.2", "@leaders-1", NOW), "e.c-1.2@leaders-1"),
    ("I-GS-20261123-0001-P001", ""), ("01JABC", ""), ("edge", ""),
])
def test_a_calls_name_tells_its_order(name: str, effect: str) -> None:
    assert effect_of(name) == effect


class Agents:
    ring_seconds = 20


class Flows:
    page, callback, notice = "page", "callback", "notice"
    alarm, welfare, contact = "alarm", "welfare", "contact"


class Settings:
    timezone, agents, outbound = "Asia/Shanghai", Agents, Flows


class Lines:
    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def originate(self, job: Job) -> bool:
        self.jobs.append(job)
        return True


class NoWorkers:
    def tell(self, call_id: str, topic: str, values: dict[str, str]) -> bool:
        return False

    def hang_up(self, call_id: str, reason: str) -> bool:
        return False

    def connected(self, call_id: str) -> bool:
        return False


def outlet(lines: Lines, running: set[str]) -> PhoneOutlet:
    settings: Any = Settings
    return PhoneOutlet(settings, lines, NoWorkers(), lambda: NOW, running.__contains__,
                       lambda job, _: running.add(job.call_id), lambda: running)


def alarm(number: int, why: str = "no_number", incident: str = "") -> Alarm:
    return Alarm(effect_id=f"e.{number}", why=why, incident=incident, ticket="", text="有来电未能接入。",
                 places=(("值班室", "sip:duty@127.0.0.1"),), facts=None, drill=False)


def test_a_flood_of_alarms_without_a_number_rings_once_and_all_are_heard() -> None:
    lines = Lines()
    out = outlet(lines, set())
    for number in range(200):
        out.alarm(alarm(number))
    assert len(lines.jobs) == 1
    assert out.settled("e.0") == {f"e.{number}" for number in range(1, 200)}
    out.alarm(alarm(300))
    assert len(lines.jobs) == 2, "the next one rings by itself"


def test_alarms_of_emergencies_always_ring() -> None:
    lines = Lines()
    out = outlet(lines, set())
    for number in range(3):
        out.alarm(alarm(number, "chain_ended", f"I-{number}"))
    assert len(lines.jobs) == 3


def test_a_settled_leader_is_followed_by_the_next() -> None:
    gathering = Gathering()
    assert gathering.rings("no_number", "", "a", NOW) == 1
    assert gathering.rings("no_number", "", "b", NOW) == 0
    assert gathering.rings("no_number", "", "a", NOW) == 2
    later = NOW + timedelta(seconds=60)
    assert gathering.rings("no_number", "", "b", later) == 1, "the first is not given any more: settled"


def test_after_a_restart_a_call_that_still_rings_is_not_made_again() -> None:
    running: set[str] = set()
    outlet(Lines(), running).alarm(alarm(1, "chain_ended", "I-1"))
    lines = Lines()
    successor = outlet(lines, running)
    successor.alarm(alarm(1, "chain_ended", "I-1"))
    assert lines.jobs == []
    running.clear()
    successor.alarm(alarm(1, "chain_ended", "I-1"))
    assert len(lines.jobs) == 1


def test_a_notice_rings_its_person_once_at_a_time() -> None:
    running: set[str] = set()
    lines = Lines()
    notice = Notice(effect_id="e.1", to="safety", topic="t", incident="", ticket="", text="请知悉。",
                    urgent=True, drill=True, created_at=NOW, progress={}, facts=None)
    out = outlet(lines, running)
    assert out.ring_contact(notice, "safety", "+861", "请知悉。")
    assert not out.ring_contact(notice, "safety", "+861", "请知悉。")
    (job,) = lines.jobs
    assert effect_of(job.call_id) == "e.1@safety"
    assert (job.entry, job.facts["text"], job.drill) == ("contact", "请知悉。", True)
