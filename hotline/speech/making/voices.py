"""Who speaks in the training: every variant of espeak-ng's that is fit, less those that are kept away."""

from __future__ import annotations

import random

from hotline.speech.making.speaker import Manner

KEPT_AWAY = ("f4", "m5", "m8", "Annie", "david")
"""The voices of demo, tests and benchmarks (`hotline.demo.voices.HELD_OUT`; a test compares them)."""
PLAIN = ("m1", "m2", "m3", "m4", "m6", "m7", "f1", "f2", "f3", "f5")
OTHERS = (
    "Andrea Alicia Andy adam aunty belinda benjamin caleb ed edward Gene grandma grandpa iven iven3 john "
    "linda max Michael michel miguel norbert pablo paul pedro quincy rob robert sandro shelby steph steph2 "
    "travis victor zac Lee Marco Mario Mike klatt klatt2 klatt4 anika Denis Diogo Hugo Alex Jacky"
).split()
TRAINING = ("", *PLAIN, *OTHERS)


def somebody(chance: random.Random) -> Manner:
    """A voice at some speed and pitch: plain ones more often than droll ones."""
    drawn = chance.random()
    variant = "" if drawn < 0.18 else chance.choice(PLAIN if drawn < 0.67 else OTHERS)
    rate, pitch, span = chance.uniform(115, 230), chance.uniform(20, 80), chance.uniform(30, 70)
    return Manner(variant, int(rate), int(pitch), int(span))
