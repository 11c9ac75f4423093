"""Conversations of which each does one thing more than the one before."""

from __future__ import annotations

from pathlib import Path

from hotline.calls.context import WorkerContext
from hotline.calls.ports import DtmfMethod, EndCause, Leg, LegListener
from hotline.events import LegAnswered, LegEnded
from hotline.ipc import Hangup, Tell


class Play:
    """Plays a prompt over and over."""

    def __init__(self, context: WorkerContext) -> None:
        self.context = context
        self.leg: Leg | None = None
        self.heard_bytes = 0

    def listener(self) -> LegListener:
        return self

    def incoming(self, leg: Leg) -> None:
        self.leg = leg
        leg.answer()

    def outgoing(self) -> None:
        raise NotImplementedError("the bench only answers")

    def told(self, message: Tell | Hangup) -> None:
        if self.leg is not None:
            self.leg.hangup()

    def leg_answered(self, leg: Leg) -> None:
        self.context.journal.append(LegAnswered, leg_id=leg.leg_id)
        leg.loop(Path(self.context.job.facts["play"]))

    def leg_key(self, leg: Leg, key: str, method: DtmfMethod) -> None: ...

    def leg_held(self, leg: Leg, held: bool) -> None: ...

    def leg_audio(self, leg: Leg, pcm: bytes) -> None: ...

    def leg_ended(self, leg: Leg, cause: EndCause, sip_status: int) -> None:
        self.context.journal.append(
            LegEnded, leg_id=leg.leg_id, role=leg.role, sip_status=sip_status, cause=cause
        )
        self.context.finished()


class PlayRecord(Play):
    """… and the call is recorded, both sides."""


class PlayRecordListen(Play):
    """… and what the caller says reaches another thread, as it reaches the recogniser's."""

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(context)
        import queue
        import threading

        self._queue: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def leg_audio(self, leg: Leg, pcm: bytes) -> None:
        self._queue.put(pcm)

    def _listen(self) -> None:
        while True:
            self.heard_bytes += len(self._queue.get())


