"""Synthesised callers: sentences as WAV files a telephone could have sent, in many voices.

The voices in `HELD_OUT` were kept away from the training of the demo model
(`hotline.speech.provenance` checks it).
"""

from __future__ import annotations

from pathlib import Path

from hotline.speech import audio
from hotline.speech.tts import Espeak

HELD_OUT = ("f4", "m5", "m8", "Annie", "david")
LEVEL_DBFS = -20.0


def synthesise(
    text: str,
    voice: str = "f4",
    rate_wpm: int = 165,
    pitch: int = 50,
    out_path: Path | None = None,
    *,
    lead_ms: int = 0,
    tail_ms: int = 0,
) -> bytes:
    """One caller's sentence as 8 kHz 16-bit mono samples; with `out_path` also as a WAV file.

    `voice` is a variant of espeak-ng's Mandarin (`f4`; empty: the plain voice). Silence of
    `lead_ms` and `tail_ms` stands around it. Raises SynthesisError for an unknown voice.
    """
    speaker = Espeak(f"cmn+{voice}" if voice else "cmn", rate_wpm, pitch)
    spoken = audio.levelled(audio.trimmed(audio.telephone(speaker.synthesise(text))), LEVEL_DBFS)
    whole = audio.joined(audio.silence(lead_ms), spoken, audio.silence(tail_ms))
    if out_path:
        audio.save(whole, out_path)
    return bytes(whole.raw_data)


def say_in_turn(
    turns: list[tuple[str, int]], voice: str, out_path: Path, rate_wpm: int = 165, pitch: int = 50
) -> float:
    """Several sentences in one file, each after so many ms of silence. Returns its seconds."""
    pcm = b"".join(
        synthesise(text, voice, rate_wpm, pitch, lead_ms=silence_ms) for text, silence_ms in turns
    )
    audio.save(audio.from_pcm(pcm, audio.RATE_HZ), out_path)
    return len(pcm) / (audio.RATE_HZ * audio.FRAME_BYTES)
