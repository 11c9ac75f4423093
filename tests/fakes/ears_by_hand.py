"""Ears that hear what the test says they hear."""

from __future__ import annotations

from collections.abc import Callable

from hotline.speech.recogniser import Expectation, SpeechListener, Transcript


class EarsByHand:
    """Opens streams that report whatever the test lets them."""

    def __init__(self) -> None:
        self.streams: list[StreamByHand] = []

    def open(self, listener: SpeechListener, origin_ms: int) -> StreamByHand:
        stream = StreamByHand(listener)
        self.streams.append(stream)
        return stream


class StreamByHand:
    """hotline.speech.recogniser.SpeechStream."""

    decoder_seconds = 0.0
    behind_ms = 0.0

    def __init__(self, listener: SpeechListener) -> None:
        self.listener = listener
        self.expects: Expectation = "open"
        self.unsaid: list[str] = []
        """Comes out only when the stream is closed: words spoken while hanging up."""
        self.closed = False

    def feed(self, pcm: bytes) -> None:
        """The test speaks, not the audio."""

    def expect(self, what: Expectation) -> None:
        self.expects = what

    def close(self, flushed: Callable[[], None] | None = None) -> None:
        self.closed = True
        for text in self.unsaid:
            self.say(text)
        if flushed:
            flushed()

    def hint(self, text: str) -> None:
        """A partial transcript."""
        self.listener.partial(text, 0)

    def say(self, text: str) -> None:
        """A whole utterance, as it comes: a partial, then the final."""
        self.listener.partial(text, 0)
        self.listener.final(Transcript(text, 0, 1000, 0.9))
