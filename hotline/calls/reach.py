"""Finding a person for the caller: one phone after the other until somebody answers.

Design rule 4: an agent; unanswered, the duty crew's phone; then the chain. With the
controller away the configured order is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from hotline.calls.ports import Clock, EndCause, Leg, LegListener, Switchboard, Timer
from hotline.events import LegRole

Outcome = Literal["answered", "no_answer", "busy", "unavailable", "ended"]


class Reach:
    """Rings `candidates` in order, each for `ring_seconds`, all within `timeout_seconds`.

    `finished` comes with `answered` once somebody talks, and again with `ended` when that
    person hangs up; or once with why nobody was reached.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        clock: Clock,
        listener: LegListener,
        candidates: Sequence[str],
        role: LegRole,
        *,
        caller_id: str,
        headers: dict[str, str],
        ring_seconds: float,
        timeout_seconds: float,
        finished: Callable[[Outcome], None],
    ) -> None:
        self._switchboard = switchboard
        self._clock = clock
        self._listener = listener
        self._waiting = list(candidates)
        self._role = role
        self._caller_id = caller_id
        self._headers = headers
        self._ring_seconds = ring_seconds
        self._finished = finished
        self._last: Outcome = "unavailable"
        self._over = False
        self._ring_timer: Timer | None = None
        self._deadline = clock.callLater(timeout_seconds, self._give_up)
        self.leg: Leg | None = None
        self.talking = False

    def start(self) -> None:
        """Ring the first phone; `finished("unavailable")` when there is none."""
        self._next()

    def cancel(self) -> None:
        """The caller is gone or wants something else; nothing more is reported."""
        self._stop()
        if self.leg is not None:
            leg, self.leg = self.leg, None
            leg.hangup()

    def answered(self, leg: Leg) -> None:
        """The leg listener passes on that this leg was answered."""
        if leg is not self.leg or self._over:
            return
        self.talking = True
        self._stop()
        self._finished("answered")

    def ended(self, leg: Leg, cause: EndCause, sip_status: int) -> None:
        """The leg listener passes on that this leg is over."""
        if leg is not self.leg:
            return
        self.leg = None
        if self.talking:
            self.talking = False
            self._finished("ended")
        elif not self._over:
            self._last = _outcome(cause, sip_status)
            self._next()

    def _next(self) -> None:
        if self._ring_timer is not None and self._ring_timer.active():
            self._ring_timer.cancel()
        if not self._waiting:
            self._stop()
            self._finished(self._last)
            return
        uri = self._waiting.pop(0)
        self._ring_timer = self._clock.callLater(self._ring_seconds, self._not_answered)
        self.leg = self._switchboard.dial(
            uri, self._role, self._listener, caller_id=self._caller_id, headers=self._headers
        )

    def _not_answered(self) -> None:
        leg, self.leg = self.leg, None
        self._last = "no_answer"
        if leg is not None:
            leg.hangup()
        self._next()

    def _give_up(self) -> None:
        if self._over:
            return
        leg, self.leg = self.leg, None
        self._stop()
        if leg is not None:
            leg.hangup()
        self._finished("no_answer")

    def _stop(self) -> None:
        self._over = True
        for timer in (self._ring_timer, self._deadline):
            if timer is not None and timer.active():
                timer.cancel()


def _outcome(cause: EndCause, sip_status: int) -> Outcome:
    if cause == "busy" or sip_status in (486, 600):
        return "busy"
    if cause == "no_answer" or sip_status in (408, 480, 487):
        return "no_answer"
    return "unavailable"
