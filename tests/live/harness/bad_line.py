"""What real lines do to speech: another codec, random loss, the far end's echo, noise in the room."""

from __future__ import annotations

import random
import warnings
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tests.live.harness.relay import Fate, Packet, Rule

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

Codec = Literal["PCMA", "PCMU"]
PAYLOADS: dict[Codec, int] = {"PCMU": 0, "PCMA": 8}
HEADER_BYTES = 12
"""RTP without contributing sources or extension."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A line and a room."""

    name: str
    codec: Codec = "PCMA"
    loss: float = 0.0
    """Share of RTP packets that never arrive, each way, at random."""
    noise_db: float | None = None
    """Signal to noise in the caller's room."""
    echo_db: float | None = None
    """How loud the far end comes back in the caller's sound, with the caller speaking over the greeting."""


CONDITIONS = (
    Condition("A-law"),
    Condition("mu-law", codec="PCMU"),
    Condition("A-law, noise 15 dB", noise_db=15),
    Condition("A-law, noise 10 dB", noise_db=10),
    Condition("A-law, loss 2 %", loss=0.02),
    Condition("A-law, loss 5 %", loss=0.05),
    Condition("mu-law, loss 5 %", codec="PCMU", loss=0.05),
    Condition("A-law, double talk", echo_db=-12),
    Condition("A-law, double talk, loss 2 %, noise 15 dB", loss=0.02, noise_db=15, echo_db=-12),
)


def lose_at_random(share: float, seed: int = 1) -> Rule:
    """Each RTP packet is lost with this probability; the same packets for the same seed."""
    chance = random.Random(seed)
    return lambda packet: Fate(drop=packet.kind == "rtp" and chance.random() < share)


def noisy(pcm: bytes, snr_db: float, seed: int = 1) -> bytes:
    """16-bit samples with pink-like noise of a room under them."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    loud = samples[np.abs(samples) > 200]
    power = float(np.mean(loud**2)) if len(loud) else 1.0
    noise = _pink(len(samples), np.random.default_rng(seed))
    noise *= np.sqrt(power / 10 ** (snr_db / 10) / np.mean(noise**2))
    return bytes(np.clip(samples + noise, -32768, 32767).astype("<i2").tobytes())


def _pink(length: int, chance: np.random.Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(chance.standard_normal(length))
    slope = np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.asarray(np.fft.irfft(spectrum / slope, length))


class Echo:
    """Mixes what the caller hears, softer and a little later, into what the caller sends."""

    def __init__(self, level_db: float, delay_packets: int = 3) -> None:
        self._gain = 10 ** (level_db / 20)
        self._heard: deque[bytes] = deque(maxlen=delay_packets + 20)
        self._delay = delay_packets
        self.mixed = 0

    def __call__(self, packet: Packet) -> bytes:
        """The packet as it goes on; a `Relay`'s `change`."""
        kind = packet.data[1] & 0x7F if len(packet.data) > HEADER_BYTES else -1
        if packet.kind != "rtp" or kind not in PAYLOADS.values():
            return packet.data
        sound = packet.data[HEADER_BYTES:]
        decode, encode = (
            (audioop.alaw2lin, audioop.lin2alaw) if kind == PAYLOADS["PCMA"]
            else (audioop.ulaw2lin, audioop.lin2ulaw)
        )
        if packet.direction == "to_caller":
            self._heard.append(decode(sound, 2))
            return packet.data
        if len(self._heard) <= self._delay:
            return packet.data
        echo = audioop.mul(self._heard.popleft(), 2, self._gain)
        own = decode(sound, 2)
        echo = echo[: len(own)].ljust(len(own), b"\0")
        self.mixed += 1
        return packet.data[:HEADER_BYTES] + encode(audioop.add(own, echo, 2), 2)
