"""Ears with a script: which words stand where in the audio. Under the recogniser's contract tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hotline.speech.recogniser import BYTES_PER_MS, CallFromThread, Expectation, SpeechListener, Transcript

SILENCE_MS: dict[Expectation, int] = {"open": 900, "digits": 800, "yes_no": 500, "nothing": 900}


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of the script, times from the first fed sample."""

    text: str
    start_ms: int
    end_ms: int


class ScriptedEars:
    """A `Recogniser` that hears each utterance when so much audio has been fed, whatever it holds."""

    hears = True

    def __init__(self, script: Sequence[Said]) -> None:
        self.script = script

    def open_stream(
        self, listener: SpeechListener, call_from_thread: CallFromThread, *, origin_ms: int = 0
    ) -> ScriptedStream:
        return ScriptedStream(self.script, listener, call_from_thread, origin_ms)


class ScriptedStream:
    """A `SpeechStream`."""

    decoder_seconds = 0.0
    behind_ms = 0.0

    def __init__(
        self,
        script: Sequence[Said],
        listener: SpeechListener,
        call_from_thread: CallFromThread,
        origin_ms: int,
    ) -> None:
        self._script = list(script)
        self._listener = listener
        self._call_from_thread = call_from_thread
        self._origin_ms = origin_ms
        self._fed_bytes = 0
        self._hinted = False
        self._closed = False
        self._silence_ms = SILENCE_MS["open"]

    def feed(self, pcm: bytes) -> None:
        if self._closed:
            return
        self._fed_bytes += len(pcm)
        fed_ms = self._fed_bytes / BYTES_PER_MS
        while self._script and fed_ms >= self._script[0].end_ms:
            self._hint(self._script[0])
            if fed_ms < self._script[0].end_ms + self._silence_ms:
                break
            self._end(self._script.pop(0))

    def expect(self, what: Expectation) -> None:
        self._silence_ms = SILENCE_MS[what]

    def close(self, flushed: Callable[[], None] | None = None) -> None:
        self._closed = True
        if flushed is None:
            self._listener = _Nobody()
            return
        if self._script and self._fed_bytes / BYTES_PER_MS > self._script[0].start_ms:
            self._end(self._script.pop(0))
        self._call_from_thread(flushed)

    def _hint(self, said: Said) -> None:
        if not self._hinted:
            self._hinted = True
            self._report("partial", said.text, self._origin_ms + said.end_ms)

    def _end(self, said: Said) -> None:
        self._hint(said)
        self._hinted = False
        start_ms, end_ms = self._origin_ms + said.start_ms, self._origin_ms + said.end_ms
        words = ((said.text, start_ms, end_ms, 1.0),)
        self._report("final", Transcript(said.text, start_ms, end_ms, 1.0, words))

    def _report(self, what: str, *arguments: object) -> None:
        self._call_from_thread(lambda: getattr(self._listener, what)(*arguments))


class _Nobody:
    def partial(self, text: str, end_ms: int) -> None:
        """Nobody listens any more."""

    def final(self, transcript: Transcript) -> None:
        """Nobody listens any more."""

    def skipped(self, start_ms: int, end_ms: int) -> None:
        """Nobody listens any more."""

    def failed(self, reason: str) -> None:
        """Nobody listens any more."""
