"""Makes time pass in a worker: the reactor's timer, not a native thread, turns the bridge.

Cost follows wake-ups, so ticks are long (60 ms, shorter while an agent is bridged) and there
are few of them while no leg is there. A tick that comes late is made up for, so that both
sides' sound and the recording keep to the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from hotline.calls.ports import Clock

TURN_SECONDS = 0.02
IDLE_SECONDS = 0.5
LONGEST_LAG_SECONDS = 0.4
"""A worker that slept for longer (a suspended machine) does not make up for it."""


class Clocked(Protocol):
    """The switchboard, as the clock sees it."""

    @property
    def live_legs(self) -> int: ...

    @property
    def bridged(self) -> bool: ...

    def turn(self, turns: int) -> None: ...


class BridgeClock:
    """Ticks for ever once started; `wake` brings the next tick near."""

    def __init__(
        self, clock: Clock, handle_events: Callable[[], None], board: Clocked, *,
        tick_ms: int, tick_bridged_ms: int,
    ) -> None:  # fmt: skip
        self._clock, self._handle_events, self._board = clock, handle_events, board
        self._turns = {False: tick_ms // 20, True: tick_bridged_ms // 20}
        self._due = clock.seconds()
        self._timer: Any = None
        self._idle = True

    def start(self) -> None:
        self._due = self._clock.seconds()
        self._tick()

    def stop(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def wake(self) -> None:
        """A leg came: without this its first half second could pass unheard."""
        near = self._clock.seconds() + TURN_SECONDS
        if self._idle and self._timer is not None and self._timer.active() and self._due > near:
            self._due = near
            self._timer.reset(TURN_SECONDS)

    def _tick(self) -> None:
        turns = self._turns[self._board.bridged] if self._board.live_legs else 0
        self._idle = not turns
        now = self._clock.seconds()
        pause = turns * TURN_SECONDS or IDLE_SECONDS
        self._due = max(self._due, now - LONGEST_LAG_SECONDS) + pause
        self._timer = self._clock.callLater(max(self._due - now, 0.0), self._tick)
        self._handle_events()
        if turns:
            self._board.turn(turns)
