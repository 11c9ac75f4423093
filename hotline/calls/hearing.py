"""One leg's ear: live as long as that can be; what it misses is on record, to be heard later.

The recording has every word, so nothing is lost when the decoder breaks, falls behind, or gives way
to callers in danger: a `transcription_deferred` record says which stretch is still to be heard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import structlog

from hotline.calls.ports import Clock, Leg, Timer
from hotline.events import TranscriptionDeferred
from hotline.journal import Journal
from hotline.speech.recogniser import Expectation, SpeechListener, SpeechStream, Transcript

log = structlog.get_logger()

Side = Literal["left", "right"]
Reason = Literal["busy", "behind", "failed", "unfinished"]
Hear = Callable[[SpeechListener, int], SpeechStream]
"""Opens a recogniser stream for a leg whose first sound is at that ms of the recording."""

REOPEN_SECONDS = 1.0
REOPENED_AT_MOST = 2
"""A decoder that breaks again and again is left alone; keys and persons remain."""
SKIP_MARGIN_MS = 500
"""A word on the edge of what was skipped is heard again rather than lost."""


class Heard(Protocol):
    """Who is told what a leg says."""

    def partial(self, leg: Leg, text: str, end_ms: int) -> None: ...

    def final(self, leg: Leg, transcript: Transcript) -> None: ...

    def failed(self, why: str) -> None: ...


class LegHearing:
    """A `SpeechListener` for one leg, and the stream behind it."""

    def __init__(
        self, leg: Leg, side: Side, hear: Hear, heard: Heard, journal: Journal, clock: Clock,
        position_ms: Callable[[], int],
    ) -> None:
        """`position_ms`: how much has been recorded."""
        self.leg = leg
        self._side: Side = side
        self._hear, self._heard = hear, heard
        self._journal, self._clock, self._position_ms = journal, clock, position_ms
        self._stream: SpeechStream | None = None
        self._heard_until_ms = position_ms()
        self._open: tuple[int, Reason] | None = None
        """Where the stretch begins that is being missed now, and why."""
        self._skip: tuple[int, int] | None = None
        self._expected: Expectation = "open"
        self._fed = False
        self._reopened = 0
        self._again: Timer | None = None
        self._used_before = 0.0

    # ---- the call's side
    @property
    def live(self) -> bool:
        return self._stream is not None

    @property
    def put_off(self) -> bool:
        """Not heard now for want of decoder time, and for no other reason."""
        return self._open is not None and self._open[1] == "busy"

    def listen(self) -> None:
        """Open the ear, again where it was closed. Raises what the recogniser raises."""
        now = self._position_ms()
        self._fed = False
        self._used_before = 0.0
        self._stream = self._hear(self, now)
        self._stream.expect(self._expected)
        self._missed_until(now)

    def feed(self, pcm: bytes) -> None:
        if self._stream is not None:
            self._fed = True
            self._stream.feed(pcm)

    def expect(self, what: Expectation) -> None:
        self._expected = what
        if self._stream is not None:
            self._stream.expect(what)

    def defer(self, reason: Reason) -> None:
        """Stop listening; what was said since the last whole utterance is heard later."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        if self._open is None:
            self._open = (self._heard_until_ms, reason)
            self._note(self._heard_until_ms, None, reason)

    def close(self, flushed: Callable[[], None]) -> None:
        """The leg is over; `flushed` comes when its last words are out."""
        self._settle()
        if self._again is not None and self._again.active():
            self._again.cancel()
        if self._stream is None:
            self._missed_until(self._position_ms())
            flushed()
            return
        self._stream.close(flushed)

    def give_up(self) -> None:
        """The last words do not come out in time."""
        self.defer("unfinished")

    def used_seconds(self) -> float:
        """Decoder time since the last question."""
        used = self._stream.decoder_seconds if self._stream is not None else self._used_before
        since, self._used_before = used - self._used_before, used
        return max(0.0, since)

    @property
    def behind_ms(self) -> float:
        return self._stream.behind_ms if self._stream is not None else 0.0

    # ---- the recogniser's side
    def partial(self, text: str, end_ms: int) -> None:
        self._heard.partial(self.leg, text, end_ms)

    def final(self, transcript: Transcript) -> None:
        self._heard_until_ms = max(self._heard_until_ms, transcript.end_ms)
        self._settle()
        self._heard.final(self.leg, transcript)

    def skipped(self, start_ms: int, end_ms: int) -> None:
        start_ms, end_ms = max(0, start_ms - SKIP_MARGIN_MS), end_ms + SKIP_MARGIN_MS
        if self._skip is not None and start_ms <= self._skip[1]:
            self._skip = (self._skip[0], end_ms)
            return
        self._settle()
        self._skip = (start_ms, end_ms)
        self._note(start_ms, None, "behind")

    def failed(self, reason: str) -> None:
        self._stream = None
        self._heard.failed(reason)
        self.defer("failed")
        if self._fed and self._reopened < REOPENED_AT_MOST:
            self._reopened += 1
            self._again = self._clock.callLater(REOPEN_SECONDS, self._reopen)

    # ---- inside
    def _reopen(self) -> None:
        try:
            self.listen()
        except Exception as error:
            log.exception("no ears", call_id=self._journal.call_id)
            self._heard.failed(repr(error))

    def _missed_until(self, now_ms: int) -> None:
        if self._open is not None:
            start_ms, reason = self._open
            self._note(start_ms, now_ms, reason)
            self._open = None
            self._heard_until_ms = max(self._heard_until_ms, now_ms)

    def _settle(self) -> None:
        """What was skipped has its end."""
        if self._skip is not None:
            self._note(*self._skip, "behind")
            self._skip = None

    def _note(self, start_ms: int, end_ms: int | None, reason: Reason) -> None:
        if end_ms is None or end_ms > start_ms:
            self._journal.append(
                TranscriptionDeferred, leg_id=self.leg.leg_id, role=self.leg.role, side=self._side,
                start_ms=start_ms, end_ms=end_ms, reason=reason,
            )  # fmt: skip
