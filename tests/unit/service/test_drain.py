"""How an instance ends, step by step, on a clock turned by hand."""

from __future__ import annotations

from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import Any

import pytest

from hotline.service.drain import GRACE_SECONDS, SUCCESSOR_START_SECONDS, Draining
from hotline.service.process import ProcessRecord
from hotline.service.roles import START_ORDER, wait_seconds


class FakeRole:
    """A process that notes its signals; it ends when the test says so."""

    def __init__(self) -> None:
        self.wanted, self.running = True, True
        self.record = ProcessRecord(1, 1)
        self.signals: list[Signals] = []

    def send(self, number: Signals) -> None:
        self.signals.append(number)
        self.running = self.running and number != SIGKILL

    def asked(self) -> bool:
        return SIGTERM in self.signals

    def end(self) -> None:
        self.running = False


class FakeWorker(FakeRole):
    pass


class Obedient(FakeRole):
    """The transcriber: it can stop anywhere."""

    def send(self, number: Signals) -> None:
        super().send(number)
        self.running = False


class Scene:
    """Four roles, some calls, perhaps a successor."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.has_successor = self.has_coming = False
        self.calls: list[FakeWorker] = []
        self.roles: dict[str, Any] = {name: FakeRole() for name in START_ORDER}
        self.roles["transcriber"] = Obedient()
        self.draining = Draining(
            "1", folder / "no-edge.sock", self.roles, self, lambda: self.now, seconds=3600
        )

    def successor(self) -> bool:
        return self.has_successor

    def successor_coming(self) -> bool:
        return self.has_coming

    def workers(self) -> list[Any]:
        self.calls = [call for call in self.calls if call.running]
        return list(self.calls)

    def step(self) -> bool:
        return self.draining.step()

    def asked(self) -> list[str]:
        return [name for name, role in self.roles.items() if role.asked() and name != "transcriber"]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_without_a_successor_everything_waits_for_the_last_call(scene: Scene) -> None:
    scene.calls = [FakeWorker()]
    for _ in range(3):
        assert not scene.step() and scene.asked() == []
    scene.calls[0].end()
    assert not scene.step() and scene.asked() == ["controller"]
    assert not scene.step() and scene.asked() == ["controller"]
    scene.roles["controller"].end()
    assert not scene.step() and scene.asked() == ["zygote", "controller"]
    scene.roles["zygote"].end()
    assert not scene.step() and scene.asked() == ["edge", "zygote", "controller"]
    scene.roles["edge"].end()
    assert scene.step()


def test_the_controller_may_take_all_the_time_for_an_open_page(scene: Scene) -> None:
    scene.step()
    scene.now = 3500
    assert not scene.step() and scene.roles["controller"].signals == [SIGTERM]
    scene.now = 3601
    scene.step()
    assert SIGKILL in scene.roles["controller"].signals


def test_with_a_successor_the_edge_stays_and_calls_are_waited_for(scene: Scene) -> None:
    scene.has_successor = True
    scene.calls = [FakeWorker()]
    assert not scene.step() and scene.asked() == ["zygote", "controller"]
    scene.roles["controller"].end()
    scene.roles["zygote"].end()
    assert not scene.step()
    scene.calls[0].end()
    assert scene.step() and not scene.roles["edge"].asked()


def test_with_a_successor_patience_ends_and_the_calls_go_on_by_themselves(scene: Scene) -> None:
    scene.has_successor = True
    call = FakeWorker()
    scene.calls = [call]
    scene.roles["controller"].end()
    scene.roles["zygote"].end()
    scene.now = 3600
    assert not scene.step() and scene.roles["transcriber"].asked()
    assert scene.step() and call.signals == []


def test_a_successor_that_never_gets_ready_is_none(scene: Scene) -> None:
    scene.has_coming = True
    scene.now = SUCCESSOR_START_SECONDS - 1
    assert not scene.step() and scene.asked() == []
    scene.now = SUCCESSOR_START_SECONDS
    assert not scene.step() and scene.asked() == ["controller"]


def test_hurrying_waits_for_pages_but_not_for_calls(scene: Scene) -> None:
    call = FakeWorker()
    scene.calls = [call]
    scene.draining.hurry()
    assert not scene.step() and scene.asked() == ["controller"] and call.signals == []
    scene.roles["controller"].end()
    scene.roles["zygote"].end()
    scene.step()
    assert call.signals == [SIGTERM] and not scene.roles["edge"].asked()
    scene.now = GRACE_SECONDS
    scene.step()
    assert call.signals == [SIGTERM, SIGKILL]
    scene.step()
    assert scene.roles["edge"].asked()


def test_restarts_come_at_once_and_then_more_slowly() -> None:
    assert [wait_seconds(lives) for lives in (0, 1, 2, 3, 4, 9)] == [0, 0, 0.2, 0.4, 0.8, 5.0]
