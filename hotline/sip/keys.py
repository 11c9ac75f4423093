"""One key pressed is one key heard, by whichever way and however many ways it comes."""

from __future__ import annotations

from typing import Protocol

from hotline.calls.ports import DtmfMethod

SAME_KEY_SECONDS = 0.5
"""A gateway that sends a key two ways sends them within this time."""


class KeyDetector(Protocol):
    """Finds keys in the sound itself."""

    def feed(self, pcm: bytes) -> str:
        """Keys that became certain with this stretch of 16-bit 8 kHz mono."""
        ...


class Keys:
    """Which keys of one leg count."""

    def __init__(self, detector: KeyDetector) -> None:
        self.telephone_event = False
        """The far end negotiated RFC 4733: then tones in its sound are not keys."""
        self._detector = detector
        self._last: tuple[str, DtmfMethod, float] = ("", "rfc4733", 0.0)
        self._out_of_band = False

    @property
    def listens_to_tones(self) -> bool:
        return not (self.telephone_event or self._out_of_band)

    def in_sound(self, pcm: bytes) -> str:
        """Keys heard as tones."""
        return self._detector.feed(pcm) if self.listens_to_tones else ""

    def accept(self, key: str, method: DtmfMethod, now: float) -> bool:
        """False for the echo of a key by another method. `now` in seconds."""
        last_key, last_method, then = self._last
        if key == last_key and method != last_method and now - then < SAME_KEY_SECONDS:
            return False
        if method != "inband":
            self._out_of_band = True
        self._last = (key, method, now)
        return True
