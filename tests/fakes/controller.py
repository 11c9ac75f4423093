"""A controller whose answers the test has written down; without one it is away."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock

from hotline.ipc import Answer


class FakeController:
    """hotline.calls.context.ControllerLink; answers come with the next turn of the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answers: dict[str, tuple[str, dict[str, str]]] = {}
        """Outcome and values by action."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.rings = 0

    def journal_grew(self) -> None:
        self.rings += 1

    def ask(
        self,
        action: str,
        arguments: dict[str, str],
        timeout_seconds: float,
        answered: Callable[[Answer], None],
    ) -> None:
        self.asked.append((action, arguments))
        known = self.answers.get(action)
        outcome, values = known if known is not None else ("unavailable", {})
        delay = 0.0 if known is not None else timeout_seconds
        self._clock.callLater(delay, answered, Answer(ask_id=len(self.asked), outcome=outcome, values=values))
