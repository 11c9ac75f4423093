"""What a worker process hands to its conversation, and what it expects back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hotline.calls.ports import Clock, Leg, LegListener, Switchboard
from hotline.ipc import Answer, Hangup, Job, Tell
from hotline.journal import Journal
from hotline.settings import Settings


class ControllerLink(Protocol):
    """The worker's line to the controller; it reconnects by itself and never blocks."""

    def journal_grew(self) -> None: ...

    def ask(
        self,
        action: str,
        arguments: dict[str, str],
        timeout_seconds: float,
        answered: Callable[[Answer], None],
    ) -> None:
        """`answered` comes exactly once; outcome `unavailable` when the controller is away or slow."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """Everything a conversation may use."""

    job: Job
    settings: Settings
    switchboard: Switchboard
    journal: Journal
    clock: Clock
    utcnow: Callable[[], datetime]
    controller: ControllerLink
    speech_model: Any
    """What the zygote loaded before the fork (see hotline.speech); None when there is none."""
    flows: Any
    """The checked flow set of the zygote (hotline.flow), fixed for this call."""
    finished: Callable[[], None]
    """To be called once when all is said and written; the worker process then ends."""
    call_from_thread: Callable[..., None]
    """Runs a function in the reactor's thread; for recogniser and synthesis threads."""
    finish_recording: Callable[[Callable[[str, float], None]], None] = lambda done: done("", 0.0)
    """Closes the recording; `done(path below paths.recordings, seconds)` comes once, with an empty
    path when nothing was recorded."""


class Conversation(Protocol):
    """The life of one call in a worker."""

    def listener(self) -> LegListener:
        """Hears the caller's leg from the INVITE on."""
        ...

    def incoming(self, leg: Leg) -> None:
        """The INVITE is here; the leg is not answered yet."""
        ...

    def outgoing(self) -> None:
        """An outbound job: the conversation dials `job.dial` itself."""
        ...

    def told(self, message: Tell | Hangup) -> None: ...


ConversationFactory = Callable[[WorkerContext], Conversation]
