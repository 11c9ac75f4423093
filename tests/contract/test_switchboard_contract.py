"""What a switchboard and its legs promise (hotline.calls.ports): the fake and the real one alike."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from twisted.internet.task import Clock

from hotline import ipc
from tests.contract.puppet import Puppet
from tests.fakes.switchboard import FakeSwitchboard
from tests.live import sounds
from tests.live.phone import Phone
from tests.live.worker_rig import Link, WorkerRig, wait_until

CALL = "contract-1"


class Rig(Protocol):
    """A puppet with its switchboard, and one far end."""

    uri: str

    def order(self, order: str, **values: object) -> None: ...

    def events(self) -> list[dict[str, Any]]: ...

    def pass_time(self) -> None: ...

    def far(self, order: str, **more: object) -> None:
        """call · answer · ring · reject(status) · hangup · keys(keys) · hold · resume."""
        ...

    def close(self) -> None: ...


class FakeRig:
    def __init__(self) -> None:
        self.uri = "sip:6001@example.invalid"
        self._clock = Clock()
        self._board = FakeSwitchboard(self._clock)
        self._events: list[dict[str, Any]] = []
        self._puppet = Puppet(self._board, self._events.append)

    def order(self, order: str, **values: object) -> None:
        self._puppet.obey(order, {name: str(value) for name, value in values.items()})

    def events(self) -> list[dict[str, Any]]:
        return self._events

    def pass_time(self) -> None:
        self._clock.advance(0.1)

    def far(self, order: str, **more: object) -> None:
        if order == "call":
            self._puppet.incoming(self._board.incoming(self._puppet))
            return
        leg = self._board.legs[-1]
        act: dict[str, Any] = {
            "answer": leg.remote_answer, "ring": leg.ring, "hangup": leg.remote_hangup,
            "reject": lambda: leg.remote_reject(int(str(more["status"]))),
            "keys": lambda: leg.press(str(more["keys"])), "hold": leg.hold, "resume": lambda: leg.hold(False),
        }  # fmt: skip
        act[order]()

    def close(self) -> None:
        assert not [call for call in self._clock.getDelayedCalls() if call.active()]


class RealRig:
    """A forked worker with the puppet as its conversation, and a telephone in a third process."""

    def __init__(self, folder: Path) -> None:
        self._phone = Phone(random.randrange(28000, 30900, 100), folder / "phone")
        self.uri = f"sip:6001@127.0.0.1:{self._phone.port}"
        self._folder = folder / "hotline"
        self._folder.mkdir()
        self._rig = WorkerRig(
            self._folder, edge_port=self._phone.port,
            conversation="tests.contract.puppet:PuppetConversation",
        )  # fmt: skip
        self._rig.__enter__()
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(self._folder / "run" / "controller.sock"))
        self._server.listen()
        self._server.settimeout(15)
        self._worker = self._rig.fork(CALL)
        self._controller = Link(self._server.accept()[0])
        assert isinstance(self._controller.next(), ipc.WorkerHello)

    def order(self, order: str, **values: object) -> None:
        texts = {name: str(value) for name, value in values.items()}
        self._controller.send(ipc.Tell(topic=order, values=texts))

    def events(self) -> list[dict[str, Any]]:
        path = self._folder / "run" / f"{CALL}.events"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def pass_time(self) -> None:
        """Real time passes by itself."""

    def far(self, order: str, **more: object) -> None:
        if order == "call":
            more = {"uri": f"sip:1@127.0.0.1:{self._worker.port}", "headers": {"X-Hotline-Call": CALL}}
        elif order in ("answer", "ring", "reject"):
            if not any(event["event"] == "incoming" for event in self._phone.events):
                self._phone.wait_for("incoming")
        self._phone.order(order, **more)

    def close(self) -> None:
        self._controller.send(ipc.Hangup(reason="test over"))
        self._worker.wait_done()
        self._controller.close()
        self._server.close()
        self._rig.__exit__(None, None, None)
        self._phone.__exit__(None, None, None)
        log = (self._folder / "zygote.log").read_text()
        assert "Traceback" not in log and '"level": "error"' not in log, log


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.live)])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = FakeRig() if request.param == "fake" else RealRig(tmp_path)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return sounds.write_wav(tmp_path / "half.wav", sounds.tone(440, 0.5))


def expect(rig: Rig, event: str, **fields: object) -> dict[str, Any]:
    """Wait for an event with these fields."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        rig.pass_time()
        found[:] = [
            one for one in rig.events() if one["event"] == event and fields.items() <= one.items()
        ]
        return bool(found)

    wait_until(there, f"{event} {fields} in {rig.events()}")
    return found[0]


def names(rig: Rig) -> list[str]:
    return [event["event"] for event in rig.events()]


def test_incoming_call_is_answered_pressed_and_ended_by_the_far_end(rig: Rig) -> None:
    rig.far("call")
    expect(rig, "incoming", leg=0)
    rig.order("answer", leg=0)
    expect(rig, "answered", leg=0)
    rig.far("keys", keys="5")
    expect(rig, "key", leg=0, key="5", method="rfc4733")
    rig.far("hangup")
    expect(rig, "ended", leg=0, cause="remote", status=200)
    for order in ("answer", "hangup", "stop"):
        rig.order(order, leg=0)
    rig.order("position")
    expect(rig, "position")
    assert names(rig)[:4] == ["incoming", "answered", "key", "ended"]
    assert names(rig).count("ended") == 1


def test_incoming_call_is_refused(rig: Rig) -> None:
    rig.far("call")
    expect(rig, "incoming")
    rig.order("hangup", leg=0, status=486)
    expect(rig, "ended", leg=0, cause="local", status=486)
    assert "answered" not in names(rig)


def test_incoming_call_is_cancelled(rig: Rig) -> None:
    rig.far("call")
    expect(rig, "incoming")
    rig.far("hangup")
    expect(rig, "ended", leg=0, cause="remote", status=487)


def test_dialled_leg_is_answered_and_hung_up_once(rig: Rig) -> None:
    rig.order("dial", uri=rig.uri)
    rig.far("ring")
    rig.far("answer")
    expect(rig, "answered", leg=0)
    rig.order("hangup", leg=0)
    rig.order("hangup", leg=0)
    expect(rig, "ended", leg=0, cause="local")
    assert names(rig) == ["answered", "ended"]


@pytest.mark.parametrize(
    ("status", "cause"),
    [(486, "busy"), (600, "busy"), (480, "no_answer"), (404, "rejected"), (503, "rejected")],
)
def test_dialled_leg_is_refused(rig: Rig, status: int, cause: str) -> None:
    rig.order("dial", uri=rig.uri)
    rig.far("reject", status=status)
    expect(rig, "ended", leg=0, cause=cause, status=status)
    assert names(rig) == ["ended"]


def test_dialled_leg_is_given_up_while_it_rings(rig: Rig) -> None:
    rig.order("dial", uri=rig.uri)
    rig.far("ring")
    rig.order("hangup", leg=0)
    expect(rig, "ended", leg=0, cause="local")
    assert names(rig) == ["ended"]


def test_impossible_address_ends_the_leg_and_raises_nothing(rig: Rig) -> None:
    rig.order("dial", uri=rig.uri)
    for _ in range(4):
        rig.order("dial", uri=rig.uri)
    expect(rig, "ended", leg=4, cause="error")
    for leg in range(4):
        rig.order("hangup", leg=leg)
        expect(rig, "ended", leg=leg, cause="local")


def test_prompts_end_once_and_not_when_stopped_or_replaced(rig: Rig, file: Path) -> None:
    rig.far("call")
    expect(rig, "incoming")
    rig.order("answer", leg=0)
    expect(rig, "answered")
    rig.order("play", leg=0, files=file, name="stopped")
    rig.order("stop", leg=0)
    rig.order("play", leg=0, files=file, name="replaced")
    rig.order("play", leg=0, files=f"{file} {file}", name="whole")
    expect(rig, "finished", name="whole")
    rig.order("loop", leg=0, file=file)
    rig.order("play", leg=0, files=file, name="after music")
    expect(rig, "finished", name="after music")
    assert [one["name"] for one in rig.events() if one["event"] == "finished"] == ["whole", "after music"]
    rig.order("play", leg=0, files=file, name="never")
    rig.order("hangup", leg=0)
    expect(rig, "ended")
    rig.order("play", leg=0, files=file, name="too late")
    assert names(rig)[-1] == "ended"


def test_hold_is_told_once_each_way_and_prompts_go_on(rig: Rig, file: Path) -> None:
    rig.far("call")
    expect(rig, "incoming")
    rig.order("answer", leg=0)
    expect(rig, "answered")
    rig.far("hold")
    expect(rig, "held", leg=0)
    rig.order("play", leg=0, files=file, name="while held")
    expect(rig, "finished", name="while held")
    rig.far("resume")
    expect(rig, "resumed", leg=0)
    assert names(rig).count("held") == names(rig).count("resumed") == 1


def test_recording_advances_and_legs_are_bridged(rig: Rig, file: Path) -> None:
    rig.order("position")
    assert expect(rig, "position")["ms"] == 0
    rig.far("call")
    expect(rig, "incoming")
    rig.order("dial", uri=rig.uri)
    rig.order("bridge", first=0, second=1)
    rig.order("answer", leg=0)
    expect(rig, "answered", leg=0)
    rig.far("answer")
    expect(rig, "answered", leg=1)
    rig.order("play", leg=0, files=file, name="done")
    expect(rig, "finished", name="done")
    rig.order("play", leg=1, files=file, name="agent's")
    expect(rig, "finished", name="agent's")
    rig.order("unbridge", first=1, second=0)
    rig.order("position")
    wait_until(lambda: names(rig).count("position") == 2, "no position")
    assert 400 <= rig.events()[-1]["ms"] <= 5000
