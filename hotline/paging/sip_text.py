"""SIP MESSAGE (RFC 3428): a line on a crew's softphone, sent by the edge, which knows where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError

from hotline.ipc import SendText, TextSent
from hotline.paging.channel import Delivered, Message, Outcome, Permanent, Temporary
from hotline.paging.texts import clipped

MOST_BYTES = 1000
"""A MESSAGE stays below 1300 bytes in all, as long as it may go by UDP (RFC 3428 §8)."""
ANSWER_SECONDS = 40.0
"""Timer F is 32 s (RFC 3261 §17.1.2.2); the edge says what came of it by then."""
LATER = (408, 480, 486, 500, 502, 503, 504, 600)


def judged(status: int, retry_after_seconds: float | None) -> Outcome:
    """200 and 202 have it (RFC 3428 §7); 408 and 503 may have it later, the other 4xx and 6xx never."""
    if status in (200, 202):
        return Delivered()
    if status in LATER:
        return Temporary(f"SIP {status}", retry_after_seconds)
    return Permanent(f"SIP {status}")


class SipTexts:
    """Meets `Channel`. `send_text` hands a message to the edge; False: the edge is away."""

    keeps_keys = False

    def __init__(self, key: str, clock: Any, send_text: Callable[[SendText], bool]) -> None:
        self.key = key
        self._clock, self._send_text = clock, send_text
        self._asked: dict[str, Deferred[TextSent]] = {}

    async def send(self, message: Message) -> Outcome:
        sent: Deferred[TextSent] = Deferred()
        self._asked[message.key] = sent
        text = clipped(message.text, MOST_BYTES)
        try:
            if not self._send_text(SendText(key=message.key, to=message.to, text=text)):
                return Temporary("the edge is away")
            sent.addTimeout(ANSWER_SECONDS, self._clock)
            answer = await sent
        except TimeoutError:
            return Temporary("the edge says nothing")
        finally:
            self._asked.pop(message.key, None)
        return judged(answer.status, answer.retry_after_seconds)

    def sent(self, answer: TextSent) -> None:
        """What the edge says of a message."""
        waiting = self._asked.get(answer.key)
        if waiting is not None and not waiting.called:
            waiting.callback(answer)
