"""A channel's queue: emergencies first, the rates kept, storms bundled, tried again until it is settled.

Nothing of it survives a crash, and nothing has to: dispatch gives every order again that it has no
receipt for, with the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from twisted.internet.defer import Deferred

from hotline.paging.bundling import bundle, together
from hotline.paging.channel import Channel, Delivered, Message, Outcome, Permanent, Temporary
from hotline.paging.limits import Limiter

log = structlog.get_logger()
Settled = Callable[[Outcome], None]
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a message is tried before its channel counts as dead for it, seconds."""

    ordinary_seconds: float = 3600
    urgent_seconds: float = 300
    urgent_with_next_seconds: float = 8
    """An emergency that has another channel."""
    bundle_seconds: float = 60
    """Ordinary messages to one address are gathered for so long."""
    at_once: int = 8
    """Requests that run together."""

    def of(self, message: Message) -> float:
        if not message.urgent:
            return self.ordinary_seconds
        return self.urgent_with_next_seconds if message.has_next else self.urgent_seconds


@dataclass(eq=False, slots=True)
class Waiting:
    message: Message
    settled: Settled
    since: float
    not_before: float
    tries: int = 0


class Sender:
    """One per channel."""

    def __init__(
        self, clock: Any, channel: Channel, limiter: Limiter, patience: Patience | None = None,
        used: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock`: a Twisted reactor; `used` is told when the limiter's memory has changed."""
        self.channel, self.limiter = channel, limiter
        self._clock, self._patience, self._used = clock, patience or Patience(), used
        self._waiting: dict[str, Waiting] = {}
        self._running: dict[str, Waiting] = {}
        self._requests = 0
        self._wake: Any = None

    def submit(self, message: Message, settled: Settled) -> bool:
        """`settled` comes once, with Delivered or Permanent. False: the same message is under way."""
        if message.key in self._waiting or message.key in self._running:
            return False
        now = self._clock.seconds()
        hold = 0.0 if message.urgent else self._patience.bundle_seconds
        self._waiting[message.key] = Waiting(message, settled, now, now + hold)
        self._pump()
        return True

    def withdraw(self, key: str) -> bool:
        """Not needed any more. False: it has gone out, or is just going."""
        return self._waiting.pop(key, None) is not None

    def busy(self, key: str) -> bool:
        return key in self._waiting or key in self._running

    def __len__(self) -> int:
        return len(self._waiting) + len(self._running)

    def _pump(self) -> None:
        """Send whatever may go out now; set the clock for the rest."""
        self._stop_wake()
        while self._waiting and self._requests < self._patience.at_once:
            now = self._clock.seconds()
            first = min(self._waiting.values(), key=lambda w: (not w.message.urgent, w.not_before, w.since))
            delay = max(first.not_before - now, self.limiter.wait(now, urgent=first.message.urgent))
            if delay > 0 and self._too_long(first, now + delay):
                continue
            if delay > 0:
                self._wake = self._clock.callLater(min(delay, 60.0), self._pump)
                return
            alone = first.message.urgent and self.channel.keeps_keys
            self._begin([first] if alone else together(first, list(self._waiting.values()), now))

    def _too_long(self, item: Waiting, then: float) -> bool:
        """It would have to wait longer than its patience: settled now, so that the next channel begins."""
        hold = 0.0 if item.message.urgent else self._patience.bundle_seconds
        if then - item.since <= self._patience.of(item.message) + hold:
            return False
        del self._waiting[item.message.key]
        self._tell(item, Permanent(f"not before {then - self._clock.seconds():.0f} s from now"))
        return True

    def _begin(self, items: list[Waiting]) -> None:
        for item in items:
            del self._waiting[item.message.key]
            self._running[item.message.key] = item
            item.tries += 1
        self._requests += 1
        self.limiter.sent(self._clock.seconds())
        self._used()
        sending = Deferred.fromCoroutine(self.channel.send(bundle([item.message for item in items])))
        sending.addErrback(self._broken)
        sending.addCallback(self._ended, items)

    def _broken(self, failure: Any) -> Outcome:
        """A channel must not raise; when it does, it is a fault of ours and the next one is tried."""
        log.error("a channel failed", channel=self.channel.key, why=failure.getErrorMessage())
        return Permanent(f"fault: {failure.type.__name__}")

    def _ended(self, outcome: Outcome, items: list[Waiting]) -> None:
        self._requests -= 1
        if isinstance(outcome, Temporary) and outcome.retry_after_seconds:
            self.limiter.block(self._clock.seconds() + outcome.retry_after_seconds)
            self._used()
        if not isinstance(outcome, Delivered):
            log.warning("message not delivered", channel=self.channel.key, messages=len(items),
                        outcome=type(outcome).__name__, why=outcome.why)
        for item in items:
            self._running.pop(item.message.key, None)
            if isinstance(outcome, Temporary):
                self._later(item, outcome)
            else:
                self._tell(item, outcome)
        self._pump()

    def _later(self, item: Waiting, outcome: Temporary) -> None:
        now = self._clock.seconds()
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (item.tries - 1), LONGEST_PAUSE_SECONDS)
        item.not_before = now + max(pause, outcome.retry_after_seconds or 0.0)
        if item.not_before - item.since > self._patience.of(item.message):
            self._tell(item, Permanent(f"{outcome.why}, given up after {item.tries} tries"))
        else:
            self._waiting[item.message.key] = item

    def _tell(self, item: Waiting, outcome: Outcome) -> None:
        try:
            item.settled(outcome)
        except Exception:
            # Who wanted to know cannot digest it; the other messages must go on.
            log.exception("the outcome of a message was not taken", channel=self.channel.key)

    def _stop_wake(self) -> None:
        if self._wake is not None and self._wake.active():
            self._wake.cancel()
        self._wake = None
