"""Where in the recording a word stands, although the decoder never saw the silence in between."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from hotline.speech.recogniser import BYTES_PER_MS


@dataclass(slots=True)
class TimeMap:
    """Maps the decoder's clock (audio it was given) to the recording's clock. Times in ms."""

    origin_ms: int
    _decoder_ms: list[float] = field(default_factory=list, init=False)
    _recording_ms: list[float] = field(default_factory=list, init=False)
    _given_bytes: int = field(default=0, init=False)

    def given(self, offset: int, length: int) -> None:
        """The decoder gets `length` bytes that stand at byte `offset` of the leg's audio."""
        begins = self.origin_ms + offset / BYTES_PER_MS
        given_ms = self._given_bytes / BYTES_PER_MS
        if not self._decoder_ms or abs(self.recording_ms(given_ms) - begins) > 0.5:
            self._decoder_ms.append(given_ms)
            self._recording_ms.append(begins)
        self._given_bytes += length

    def recording_ms(self, decoder_ms: float) -> int:
        """The moment of the recording at which the decoder's `decoder_ms` was spoken."""
        if not self._decoder_ms:
            return self.origin_ms
        index = max(0, bisect_right(self._decoder_ms, decoder_ms) - 1)
        return round(self._recording_ms[index] + decoder_ms - self._decoder_ms[index])

    def forget_before(self, decoder_ms: float) -> None:
        """Drop what no word can point to any more; a caller may stay for hours."""
        index = bisect_right(self._decoder_ms, decoder_ms) - 1
        if index > 0:
            del self._decoder_ms[:index], self._recording_ms[:index]

    @property
    def given_ms(self) -> float:
        return self._given_bytes / BYTES_PER_MS
