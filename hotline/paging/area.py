"""SMS to the customers of an area (S0/S1 §24(4)): in batches, with progress, within the gateway's rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from dispatch.api import AnyCommand, Notice, NoticeReport
from hotline.paging.channel import Delivered, Message, Outcome
from hotline.paging.composing import Composer
from hotline.paging.senders import Senders

log = structlog.get_logger()
CUSTOMERS = "customers:"
"""Addressees `customers:<outage>`: everybody who lives where gas is off."""
PART = "customers"
BATCH = 50


@dataclass(slots=True)
class Run:
    """One notice on its way to many; what is done of it stands in the outbox after each batch."""

    notice: Notice
    numbers: Sequence[str]
    done: int
    delivered: int
    open: set[str] = field(default_factory=set)


class AreaTexts:
    """`numbers(outage)`: the mobile numbers concerned, in an order that does not change."""

    def __init__(
        self, channel: str, senders: Senders, composer: Composer, numbers: Callable[[str], Sequence[str]],
        tell: Callable[[AnyCommand], object], utcnow: Callable[[], datetime],
    ) -> None:
        self._channel, self._senders, self._composer = channel, senders, composer
        self._numbers, self._tell, self._utcnow = numbers, tell, utcnow
        self._runs: dict[str, Run] = {}

    def notify(self, notice: Notice) -> None:
        """Begin, or go on after a crash where the last whole batch ended."""
        if notice.effect_id in self._runs:
            return
        numbers = sorted(set(self._numbers(notice.to.removeprefix(CUSTOMERS))))
        done, delivered = _progress(notice.progress.get(PART, ""))
        run = self._runs[notice.effect_id] = Run(notice, numbers, min(done, len(numbers)), delivered)
        log.info("telling the customers of an area", customers=len(numbers), done=run.done)
        self._batch(run)

    def _batch(self, run: Run) -> None:
        batch = run.numbers[run.done:run.done + BATCH]
        if not batch or not self._channel:
            self._over(run)
            return
        run.open = set(batch)
        for number in batch:
            self._send(run, number)

    def _send(self, run: Run, number: str) -> None:
        notice = run.notice
        message = Message(
            key=f"{notice.effect_id}.{number.lstrip('+')}", to=number, subject=notice.topic,
            text=self._composer.notice(notice.text, "", "", drill=notice.drill), urgent=False,
            drill=notice.drill,
        )
        self._senders.submit(self._channel, message, lambda outcome: self._one(run, number, outcome))

    def _one(self, run: Run, number: str, outcome: Outcome) -> None:
        run.open.discard(number)
        run.delivered += isinstance(outcome, Delivered)
        if run.open:
            return
        run.done = min(run.done + BATCH, len(run.numbers))
        self._say(run, settled=False)
        self._batch(run)

    def _over(self, run: Run) -> None:
        self._say(run, settled=True)
        self._runs.pop(run.notice.effect_id, None)

    def _say(self, run: Run, *, settled: bool) -> None:
        effect_id = run.notice.effect_id
        what = f"told {run.done} of {len(run.numbers)} reached {run.delivered}"
        if not self._channel:
            what += " no channel for customers is configured"
        suffix = "/over" if settled else ""
        self._tell(
            NoticeReport(
                event_id=f"notice:{effect_id}:{PART}:{run.done}{suffix}", at=self._utcnow(),
                effect_id=effect_id, part=PART, outcome=what, settled=settled,
            )
        )


def _progress(value: str) -> tuple[int, int]:
    """`told 150 of 3000 reached 148 <moment>` → 150, 148."""
    words = value.split()
    numbers = [int(word) for word in words if word.isdecimal()]
    return (numbers[0], numbers[2]) if len(numbers) >= 3 and words[0] == "told" else (0, 0)
