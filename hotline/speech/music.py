"""Music on hold, made here so that nobody's rights are touched: a quiet pentatonic loop.

Written for the telephone: notes between 260 and 1320 Hz, no bass that a handset would lose.
The last notes ring into the first, so the loop has no seam.
"""

from __future__ import annotations

import numpy as np

from hotline.speech import audio

VERSION = 1
LEVEL_DBFS = -26.0
"""Lower than speech: callers wait with the phone at the ear."""
BEAT_SECONDS = 0.5
C_MAJOR_HZ = {"c": 261.63, "d": 293.66, "e": 329.63, "g": 392.0, "a": 440.0}
MELODY = (
    "e4 g4 a4 c5 . a4 g4 . e4 g4 a4 g4 e4 . d4 . c4 d4 e4 g4 . e4 d4 . e4 g4 e4 d4 c4 . . . "
    "g4 a4 c5 d5 . c5 a4 . g4 a4 c5 a4 g4 . e4 . a4 g4 e4 g4 . e4 d4 . e4 d4 c4 d4 c4 . . ."
).split()
CHORDS = ("ceg", "aceg", "ceg", "gd", "aec", "gde", "aec", "ceg")
OVERTONES = ((1.0, 1.0), (2.0, 0.35), (3.0, 0.12), (4.0, 0.05))
"""Multiple of the pitch, strength: a soft bell."""


def hold_music() -> audio.Sound:
    """About half a minute, 8 kHz mono, to be played over and over."""
    length = round(len(MELODY) * BEAT_SECONDS * audio.RATE_HZ)
    track = np.zeros(length)
    for beat, note in enumerate(MELODY):
        if note != ".":
            _strike(track, beat, C_MAJOR_HZ[note[0]] * 2 ** (int(note[1]) - 4), 1.0, 1.6)
    beats = len(MELODY) // len(CHORDS)
    for index, chord in enumerate(CHORDS):
        for place in range(beats):
            _strike(track, index * beats + place, C_MAJOR_HZ[chord[place % len(chord)]], 0.35, 3.5)
    return audio.levelled(audio.from_pcm(audio.to_int16(track * 4000), audio.RATE_HZ), LEVEL_DBFS)


def _strike(track: audio.Samples, beat: int, pitch_hz: float, strength: float, ring_seconds: float) -> None:
    """Add one note that dies away; what rings past the end is added at the beginning."""
    count = round(ring_seconds * audio.RATE_HZ)
    at = np.arange(count) / audio.RATE_HZ
    envelope = np.minimum(at / 0.01, 1) * np.exp(-3 * at / ring_seconds) * (1 - at / ring_seconds)
    tone = sum(s * np.sin(2 * np.pi * pitch_hz * n * at) * np.exp(-n * at) for n, s in OVERTONES)
    start = round(beat * BEAT_SECONDS * audio.RATE_HZ)
    places = (start + np.arange(count)) % len(track)
    np.add.at(track, places, strength * envelope * tone)
