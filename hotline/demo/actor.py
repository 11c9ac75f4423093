"""Somebody on the phone who answers what he is asked, by voice or by keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hotline.demo.phone import Phone

GREETING = "."
"""The first thing that is said, whatever it is; with `times=1`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to do when a prompt asks for it."""

    asked: str
    """Regular expression over the prompt's text."""
    say: Path | None = None
    keys: str = ""
    hang_up: bool = False
    after_quiet_seconds: float | None = 0.6
    """How long the prompt must have been over; None: not waited for (music may follow it)."""
    delay_seconds: float = 0.0
    times: int = 2
    """So often it may be asked."""
    then: tuple[Path, ...] = ()
    """Said right behind it."""


class Actor:
    """Follows the prompts of his call and gives the first answer that fits, in the order of the list."""

    def __init__(self, phone: Phone, answers: tuple[Answer, ...]) -> None:
        self.phone = phone
        self._answers = answers
        self._given: dict[int, int] = {}

    def prompt_started(self, text: str) -> None:
        """The hotline begins to say this; the answer waits until it is over."""
        for number, answer in enumerate(self._answers):
            if re.search(answer.asked, text) and self._given.get(number, 0) < answer.times:
                self._given[number] = self._given.get(number, 0) + 1
                self._give(answer)
                return

    def _give(self, answer: Answer) -> None:
        quiet, delay = answer.after_quiet_seconds, answer.delay_seconds
        if answer.keys:
            self.phone.press_later(answer.keys, after_quiet_seconds=quiet, delay_seconds=delay)
        if answer.say is not None:
            self.phone.say(answer.say, after_quiet_seconds=quiet, delay_seconds=delay)
        for line in answer.then:
            self.phone.say(line, delay_seconds=0.3)
        if answer.hang_up:
            self.phone.hangup_later(after_quiet_seconds=quiet, delay_seconds=delay)
