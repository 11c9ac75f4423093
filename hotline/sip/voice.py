"""Where a leg's two directions of sound enter and leave the conference bridge.

The first leg of a conversation uses the bridge's own end (slot 0), which costs no call into
Python; every further one a port of its own, whose callbacks come from our own turning of the
bridge, in our thread.
"""

from __future__ import annotations

import ctypes
from typing import Protocol

import pjsua2 as pj

from hotline.sip.endpoint import SAMPLE_RATE_HZ, SILENCE, TURN_BYTES, TURN_MS, Endpoint
from hotline.sip.player import Player


class Voice(Protocol):
    """A place in the bridge through which one leg is spoken to and heard."""

    media: pj.AudioMedia
    player: Player
    said: bytes
    """What it says to the leg in the next turn: 20 ms."""

    def heard(self) -> bytes:
        """What the leg said in the last turn: 20 ms."""
        ...


class FirstVoice:
    """Slot 0: `said` and `last` are moved by the switchboard's turns."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.media = endpoint.slot_0()
        self.player = Player(endpoint.post)
        self.said = self.last = SILENCE

    def heard(self) -> bytes:
        return self.last


class PortVoice(pj.AudioMediaPort):  # type: ignore[misc]  # pjsua2 has no types
    """A port of our own. Made once, used again, never destroyed before the process ends."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        super().__init__()
        self.media = self
        self.player = Player(endpoint.post)
        self.said = SILENCE
        self._last: bytes | None = None
        self._out = pj.ByteVector(SILENCE)
        self._out_address = _address(self._out)
        audio = pj.MediaFormatAudio()
        audio.init(pj.PJMEDIA_FORMAT_PCM, SAMPLE_RATE_HZ, 1, TURN_MS * 1000, 16)
        self.createPort(name, audio)

    def heard(self) -> bytes:
        last, self._last = self._last, None
        return SILENCE if last is None else last

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        ctypes.memmove(self._out_address, self.said, TURN_BYTES)
        frame.buf = self._out
        frame.type, frame.size = pj.PJMEDIA_FRAME_TYPE_AUDIO, TURN_BYTES

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:
        if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO and frame.size >= TURN_BYTES:
            self._last = ctypes.string_at(_address(frame.buf), TURN_BYTES)


def _address(vector: pj.ByteVector) -> int:
    """Where a std::vector's bytes lie: it begins with a pointer to them (reading it through
    SWIG costs fifty times as much)."""
    return ctypes.c_void_p.from_address(int(vector.this)).value or 0
