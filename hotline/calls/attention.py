"""Who is heard now and who later, when the machine's decoder time does not reach for all.

Emergencies and callers who speak to the menu are always heard. What people say to each other is heard
as long as there is room, and else from the recording (docs/recognition.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hotline.calls.hearing import LegHearing
from hotline.calls.ports import Clock, Timer
from hotline.speech.budget import Board, Load, may_begin, must_defer

TICK_SECONDS = 1.0
SMOOTHING = 0.3
"""Speech comes in bursts; so much of the newest second counts."""


class Attention:
    """Measures one call's decoders, tells the other workers, and puts talk off when it must."""

    def __init__(
        self, board: Board, cores: float, clock: Clock, ears: Callable[[], Iterable[LegHearing]],
        is_talk: Callable[[LegHearing], bool],
    ) -> None:  # fmt: skip
        """`is_talk`: whether this leg speaks with a person, and nobody is in danger."""
        self._board, self._cores, self._clock = board, cores, clock
        self._ears, self._is_talk = ears, is_talk
        self._urgent = self._talk = 0.0
        self._since = clock.seconds()
        self._timer: Timer | None = None

    def begin(self) -> None:
        if self._timer is None:
            self._tick()

    def end(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._board.close()

    def room_for(self, ear: LegHearing) -> bool:
        """Whether a leg that was just answered may be heard live."""
        return not self._is_talk(ear) or may_begin(self._own(), self._board.others(), self._cores)

    def balance(self) -> None:
        """Put off what must wait, and take up again what need not."""
        for ear in self._ears():
            if ear.put_off and not self._is_talk(ear):
                ear.listen()
        talk = [ear for ear in self._ears() if ear.live and self._is_talk(ear)]
        if talk and must_defer(self._own(), self._board.others(), self._cores):
            for ear in talk:
                ear.defer("busy")

    def _own(self) -> Load:
        lag_ms = max((ear.behind_ms for ear in self._ears() if not self._is_talk(ear)), default=0.0)
        return self._board.write(self._urgent, self._talk, lag_ms / 1000)

    def _tick(self) -> None:
        self._timer = self._clock.callLater(TICK_SECONDS, self._tick)
        now = self._clock.seconds()
        seconds, self._since = max(now - self._since, TICK_SECONDS / 2), now
        urgent = talk = 0.0
        for ear in self._ears():
            used = ear.used_seconds() / seconds
            urgent, talk = (urgent, talk + used) if self._is_talk(ear) else (urgent + used, talk)
        self._urgent += SMOOTHING * (urgent - self._urgent)
        self._talk += SMOOTHING * (talk - self._talk)
        self.balance()
