"""A conversation that does what the contract tests say, over the fake and the real switchboard alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotline.calls.context import WorkerContext
from hotline.calls.ports import DtmfMethod, EndCause, Leg, LegListener, Switchboard
from hotline.ipc import Hangup, Tell


class Puppet:
    """Carries out orders on a switchboard and tells all that its legs say."""

    def __init__(self, switchboard: Switchboard, say: Callable[[dict[str, Any]], None]) -> None:
        self.switchboard, self.say = switchboard, say
        self.legs: list[Leg] = []
        self._acting = False

    def incoming(self, leg: Leg) -> None:
        self.legs.append(leg)
        self._tell("incoming", leg)

    def obey(self, order: str, values: dict[str, str]) -> None:
        """Callbacks must not come from inside of what is done here."""
        self._acting = True
        try:
            getattr(self, f"do_{order}")(**values)
        finally:
            self._acting = False

    def do_answer(self, leg: str) -> None:
        self.legs[int(leg)].answer()

    def do_hangup(self, leg: str, status: str = "0") -> None:
        self.legs[int(leg)].hangup(int(status))

    def do_dial(self, uri: str) -> None:
        self.legs.append(self.switchboard.dial(uri, "agent", self, caller_id="13800000000", headers={}))

    def do_play(self, leg: str, files: str, name: str) -> None:
        paths = [Path(file) for file in files.split()]
        self.legs[int(leg)].play(paths, lambda: self._tell("finished", self.legs[int(leg)], name=name))

    def do_loop(self, leg: str, file: str) -> None:
        self.legs[int(leg)].loop(Path(file))

    def do_stop(self, leg: str) -> None:
        self.legs[int(leg)].stop_playing()

    def do_keys(self, leg: str, keys: str) -> None:
        self.legs[int(leg)].send_keys(keys)

    def do_bridge(self, first: str, second: str) -> None:
        self.switchboard.bridge(self.legs[int(first)], self.legs[int(second)])

    def do_unbridge(self, first: str, second: str) -> None:
        self.switchboard.unbridge(self.legs[int(first)], self.legs[int(second)])

    def do_position(self) -> None:
        self.say({"event": "position", "ms": self.switchboard.recording_position_ms()})

    # ---- LegListener
    def leg_answered(self, leg: Leg) -> None:
        self._tell("answered", leg)

    def leg_key(self, leg: Leg, key: str, method: DtmfMethod) -> None:
        self._tell("key", leg, key=key, method=method)

    def leg_held(self, leg: Leg, held: bool) -> None:
        self._tell("held" if held else "resumed", leg)

    def leg_audio(self, leg: Leg, pcm: bytes) -> None: ...

    def leg_ended(self, leg: Leg, cause: EndCause, sip_status: int) -> None:
        self._tell("ended", leg, cause=cause, status=sip_status)

    def _tell(self, event: str, leg: Leg, **more: object) -> None:
        assert not self._acting, f"{event} came from inside of an order"
        index = next((number for number, known in enumerate(self.legs) if known is leg), -1)
        self.say({"event": event, "leg": index, **more})


class PuppetConversation:
    """The puppet in a real worker: orders come as `Tell`, events go to a file."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._file = context.settings.paths.run / f"{context.job.call_id}.events"
        self._puppet = Puppet(context.switchboard, self._write)

    def _write(self, event: dict[str, Any]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(event) + "\n")

    def listener(self) -> LegListener:
        return self._puppet

    def incoming(self, leg: Leg) -> None:
        self._puppet.incoming(leg)

    def outgoing(self) -> None: ...

    def told(self, message: Tell | Hangup) -> None:
        if isinstance(message, Hangup):
            self._context.finished()
        else:
            self._puppet.obey(message.topic, message.values)
