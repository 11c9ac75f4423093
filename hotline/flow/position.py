"""Where a call stands in its flows: plain, picklable data that `step` replaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hotline.flow.commands import TimerName


@dataclass(frozen=True, slots=True)
class Frame:
    """One flow on the stack of sub-flows."""

    flow: str
    state: str
    local: dict[str, str] = field(default_factory=dict)
    """Variables of this flow. Never changed in place."""
    interjection: bool = False
    """On its return the state below is entered again, whatever the outcome."""


@dataclass(frozen=True, slots=True)
class Position:
    """Everything the interpreter knows about one call."""

    frames: tuple[Frame, ...]
    variables: dict[str, str]
    """Call-wide. Never changed in place."""
    now: str
    visits: dict[str, int] = field(default_factory=dict)
    """Entries by `flow.state`."""
    playing: bool = False
    """A prompt; its end will be told."""
    music: bool = False
    timers: frozenset[TimerName] = frozenset()
    acting: str = ""
    """The action whose answer is awaited."""
    answer: tuple[str, ...] = ()
    """The next state, when an answer came while its prompt was still playing."""
    transfer: Literal["", "trying", "talking"] = ""
    recording: bool = False
    noinputs: int = 0
    nomatches: int = 0
    digits: str = ""
    typed: str = ""
    """Keys pressed ahead of their question."""
    since: str = ""
    """When the queue was entered, as `now`."""
    comforts: int = 0
    """Words of comfort since then."""
    expect: str = ""
    secret: bool = False
    declared: bool = False
    """An emergency was declared in this call."""
    emergency_owed: bool = False
    """Declared while talking to a person; the emergency flow follows when that ends."""
    owed: str = ""
    """Where the caller wanted to go when the question about danger came in between."""
    interjections: tuple[str, ...] = ()
    """Sub-flows to be said at the next occasion."""
    secured: bool = False
    """A person, a ticket, a callback or a declared emergency has the matter."""
    served: bool = False
    """The caller has got what he wanted."""
    gone: bool = False
    """The caller hung up; only paperwork is left."""
    over: bool = False
    """Nothing is left; `HangUp` was said."""

    @property
    def flow(self) -> str:
        return self.frames[-1].flow

    @property
    def state(self) -> str:
        return self.frames[-1].state

    def going_on(self) -> frozenset[str]:
        """What the caller is waiting for; never empty while the call is up."""
        going = set[str](self.timers)
        going |= {"prompt"} if self.playing else set()
        going |= {"action"} if self.acting else set()
        going |= {f"transfer {self.transfer}"} if self.transfer else set()
        going |= {"message"} if self.recording else set()
        return frozenset(going)
