"""Runs a decoder beside the call: the reactor feeds, a thread decodes, the reactor is told.

The decoder releases the GIL while it works. A slow one skips the oldest speech, a stuck or
broken one is given up: in no case does the call wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal

import structlog

from hotline.settings import Speech
from hotline.speech.gate import Gate, Piece
from hotline.speech.recogniser import BYTES_PER_MS, CallFromThread, Expectation, SpeechListener, Transcript
from hotline.speech.timemap import TimeMap
from hotline.speech.transcriber import Decoder, Outcome, Transcriber

log = structlog.get_logger()

SHORTEST_BYTES, LONGEST_BYTES = 20 * BYTES_PER_MS, 100 * BYTES_PER_MS
"""Pieces that the gate judges: whatever comes is joined or cut to these."""
BATCH_MS = 100
"""Fewer wake-ups than one per tick; bigger batches save nothing more and add to the delay."""


@dataclass(frozen=True, slots=True)
class Pieces:
    pieces: list[Piece]
    ask_partial: bool
    silence_ms: float
    expected: Expectation


@dataclass(frozen=True, slots=True)
class Finish:
    done: Callable[[], None]


Work = Pieces | Finish | Literal["pause", "close"]


class ThreadedStream:
    """A `SpeechStream` over any decoder. The thread starts with the first sound."""

    decoder_seconds = 0.0
    skipped_ms = 0.0
    """Speech that was never decoded because the decoder was behind."""
    _since_partial_ms = 0.0
    _in_utterance = False
    _given_bytes = 0
    """Written by the reactor's thread only, the next one by the decoder's only: so that no piece needs a
    word from thread to thread. What was given and not decoded waits."""
    _decoded_bytes = 0
    _busy_since: float | None = None
    _thread: threading.Thread | None = None
    _last_look: threading.Timer | None = None
    _finishing: Callable[[], None] | None = None
    _deaf = False
    _rest = b""

    def __init__(
        self,
        make_decoder: Callable[[], Decoder],
        settings: Speech,
        listener: SpeechListener,
        call_from_thread: CallFromThread,
        *,
        origin_ms: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`make_decoder` is called in the thread."""
        self._make_decoder = make_decoder
        self._settings = settings
        self._listener = listener
        self._call_from_thread = call_from_thread
        self._monotonic = monotonic
        self._gate = Gate(settings.energy_gate_dbfs, settings.hangover_seconds)
        self._times = TimeMap(origin_ms)
        self._queue: SimpleQueue[Work] = SimpleQueue()
        self._batch: list[Piece] = []
        self._silence_ms = settings.open_silence_seconds * 1000
        self._expected: Expectation = "open"

    # ---- called in the reactor's thread
    @property
    def behind_ms(self) -> float:
        return max(0, self._given_bytes - self._decoded_bytes) / BYTES_PER_MS

    def feed(self, pcm: bytes) -> None:
        if self._deaf or self._finishing:
            return
        if self._rest or len(pcm) % 2 or len(pcm) < SHORTEST_BYTES:
            pcm = self._rest + pcm
            whole = len(pcm) & ~1 if len(pcm) >= SHORTEST_BYTES else 0
            pcm, self._rest = pcm[:whole], pcm[whole:]
        for start in range(0, len(pcm), LONGEST_BYTES):
            self._hear(pcm[start : start + LONGEST_BYTES])
        self._look_after()

    def _hear(self, pcm: bytes) -> None:
        self._batch += self._gate.push(pcm)
        self._hand_over(whole=not self._gate.open)
        if self._in_utterance and self._gate.quiet_ms >= self._silence_ms:
            self._hand_over(whole=True)
            self._in_utterance = False
            self._queue.put("pause")
            self._gate.close()

    def expect(self, what: Expectation) -> None:
        silence = {
            "open": self._settings.open_silence_seconds,
            "digits": self._settings.digits_silence_seconds,
            "yes_no": self._settings.yes_no_silence_seconds,
            "nothing": self._settings.open_silence_seconds,
        }
        self._silence_ms = silence[what] * 1000
        self._expected = what

    def close(self, flushed: Callable[[], None] | None = None) -> None:
        if flushed is None or self._deaf or self._thread is None:
            self._deaf = True
            self._queue.put("close")
            if flushed:
                flushed()
            return
        self._hand_over(whole=True)
        self._finishing = flushed
        self._queue.put("pause")
        self._queue.put(Finish(flushed))
        why = "the decoder did not come to an end"
        self._last_look = threading.Timer(
            self._settings.stuck_seconds, self._call_from_thread, [self._fail, why]
        )
        self._last_look.daemon = True
        self._last_look.start()

    def _hand_over(self, *, whole: bool) -> None:
        size = sum(len(piece.pcm) for piece in self._batch)
        if not size or not (whole or size >= BATCH_MS * BYTES_PER_MS):
            return
        self._since_partial_ms += size / BYTES_PER_MS
        just_ended = self._gate.quiet_ms > 0
        ask = whole or just_ended or self._since_partial_ms >= self._settings.partial_ms
        if ask:
            self._since_partial_ms = 0
        self._in_utterance |= any(piece.loud for piece in self._batch)
        self._given_bytes += size
        self._queue.put(Pieces(self._batch, ask, self._silence_ms, self._expected))
        self._batch = []
        self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="recogniser", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:
                self._fail(f"no thread for the decoder: {error}")

    def _look_after(self) -> None:
        busy_since = self._busy_since
        if busy_since is not None and self._monotonic() - busy_since > self._settings.stuck_seconds:
            self._fail(f"the decoder is stuck for {self._settings.stuck_seconds:g} s")
            return
        limit = self._settings.backlog_seconds * 1000 * BYTES_PER_MS
        while self._given_bytes - self._decoded_bytes > limit and self._skip_oldest():
            pass

    def _skip_oldest(self) -> bool:
        try:
            work = self._queue.get_nowait()
        except Empty:
            return False
        if not isinstance(work, Pieces):
            return True
        if not self.skipped_ms:
            log.warning("speech_skipped", backlog_seconds=self._settings.backlog_seconds)
        size = sum(len(piece.pcm) for piece in work.pieces)
        self._given_bytes -= size
        self.skipped_ms += size / BYTES_PER_MS
        first, last = work.pieces[0], work.pieces[-1]
        end = last.offset + len(last.pcm)
        begins_ms, ends_ms = first.offset / BYTES_PER_MS, end / BYTES_PER_MS
        origin_ms = self._times.origin_ms
        self._listener.skipped(origin_ms + round(begins_ms), origin_ms + round(ends_ms))
        return True

    def _fail(self, reason: str) -> None:
        if self._deaf:
            return
        self._deaf = True
        self._queue.put("close")
        log.error("recogniser_failed", reason=reason)
        self._listener.failed(reason)
        if self._finishing:
            self._finishing()

    def _tell(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if self._deaf:
                return
            if isinstance(outcome, Transcript):
                self._listener.final(outcome)
            else:
                self._listener.partial(outcome.text, outcome.end_ms)

    def _finished(self, done: Callable[[], None]) -> None:
        if self._last_look:
            self._last_look.cancel()
        if self._deaf:
            return
        self._deaf = True
        done()

    # ---- runs in the decoder's thread
    def _run(self) -> None:
        try:
            self._busy_since = self._monotonic()
            longest_ms = self._settings.longest_utterance_seconds * 1000
            transcriber = Transcriber(self._make_decoder(), self._times, longest_ms)
            while self._work(transcriber):
                pass
        except BaseException as error:  # whatever ends this thread, the call must know that nobody listens
            self._call_from_thread(self._fail, f"{type(error).__name__}: {error}")

    def _work(self, transcriber: Transcriber) -> bool:
        self._busy_since = None
        work = self._queue.get()
        self._busy_since = self._monotonic()
        if work == "close":
            return False
        if isinstance(work, Finish):
            self._call_from_thread(self._finished, work.done)
            return False
        began = time.thread_time()
        size, outcomes = self._decode(transcriber, work)
        self.decoder_seconds += time.thread_time() - began
        self._decoded_bytes += size
        if outcomes:
            self._call_from_thread(self._tell, outcomes)
        return True

    def _decode(
        self, transcriber: Transcriber, work: Pieces | Literal["pause", "close"]
    ) -> tuple[int, list[Outcome]]:
        if not isinstance(work, Pieces):
            return 0, list(transcriber.pause())
        heard = transcriber.hear(
            work.pieces, ask_partial=work.ask_partial, silence_ms=work.silence_ms, expected=work.expected
        )
        return sum(len(piece.pcm) for piece in work.pieces), list(heard)
