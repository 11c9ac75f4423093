"""The training's utterances: said, sent over a line, turned into features with a unit for each frame.

Made in chunks, each in a fresh process with a seed of its own, so that the result is the same with
any number of processes.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from hotline.speech.making.features import FRAME, RATE_HZ, SHIFT, frame_count, mfcc
from hotline.speech.making.phonemes import SILENCE
from hotline.speech.making.speaker import Manner, Speaker, Spoken
from hotline.speech.making.telephone_line import LineMaker, to_telephone_rate
from hotline.speech.making.types import Array, Tell
from hotline.speech.making.voices import somebody

CHUNK = 500
DOMAIN_SHARE, ANSWER_SHARE = 0.56, 0.10
"""The rest are general words in any order, for sounds that the domain lacks."""
PAUSE_SHARE = 0.2
SILENT_PER_CHUNK = 15


@dataclass(frozen=True, slots=True)
class Material:
    """What may be said."""

    sentences: list[str]
    answers: list[str]
    words: list[str]
    weights: list[float]

    def draw(self, chance: random.Random) -> str:
        drawn = chance.random()
        if drawn < DOMAIN_SHARE:
            return chance.choice(self.sentences)
        if drawn < DOMAIN_SHARE + ANSWER_SHARE:
            return chance.choice(self.answers)
        return "".join(chance.choices(self.words, self.weights, k=chance.randint(2, 6)))


@dataclass(frozen=True, slots=True)
class Utterance:
    """One clip: (frames, 40) features of half precision and the unit of each 10 ms frame."""

    text: str
    syllables: list[list[str]]
    features: Array
    labels: list[str]


def utterances(count: int, seed: int, material: Material, jobs: int, tell: Tell) -> Iterator[Utterance]:
    """Some `count` of them, and clips on which nobody speaks."""
    chunks = range((count + CHUNK - 1) // CHUNK)
    sizes = [min(CHUNK, count - CHUNK * chunk) for chunk in chunks]
    work = partial(_chunk, seed=seed, material=material)
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=fresh, max_tasks_per_child=1) as pool:
        done = 0
        for made in pool.map(work, zip(chunks, sizes, strict=True)):
            done += len(made)
            tell(f"speech: {done} of {count} utterances")
            yield from made


def _chunk(numbered: tuple[int, int], seed: int, material: Material) -> list[Utterance]:
    number, size = numbered
    chance = random.Random(f"{seed}/{number}")
    line = LineMaker(np.random.default_rng([seed, number]))
    speaker = Speaker()
    made = []
    for index in range(size):
        spoken = _say(speaker, material.draw(chance), chance, index)
        if spoken is not None:
            made.append(_over_the_line(spoken, speaker.rate_hz, line, chance))
    return made + [_silent(line) for _ in range(SILENT_PER_CHUNK * size // CHUNK)]


def _say(speaker: Speaker, text: str, chance: random.Random, seed: int) -> Spoken | None:
    manner: Manner = somebody(chance)
    pause = chance.randint(3, len(text) - 3) if len(text) > 8 and chance.random() < PAUSE_SHARE else 0
    return speaker.say(text, manner, seed, pause_after=pause)


def _over_the_line(spoken: Spoken, rate_hz: int, line: LineMaker, chance: random.Random) -> Utterance:
    lead = int(chance.choice([chance.uniform(0.05, 0.4), chance.uniform(0.3, 1.2)]) * RATE_HZ)
    tail = int(chance.uniform(0.1, 0.9) * RATE_HZ)
    sound = line.call(to_telephone_rate(spoken.samples, rate_hz), lead, tail)
    labels = frame_labels(spoken, lead, RATE_HZ / rate_hz, frame_count(len(sound)))
    return Utterance(spoken.text, spoken.syllables, mfcc(sound).astype(np.float16), labels)


def _silent(line: LineMaker) -> Utterance:
    features = mfcc(line.nothing_said())
    return Utterance("", [], features.astype(np.float16), [SILENCE] * len(features))


def frame_labels(spoken: Spoken, lead: int, scale: float, frames: int) -> list[str]:
    """A unit for each frame, by the frame's middle; a vowel's halves are `/0` and `/1`."""
    labels = [SILENCE] * frames
    middles = np.arange(frames) * SHIFT + FRAME // 2
    for span in spoken.spans:
        if span.unit == SILENCE:
            continue
        first, last = np.searchsorted(middles, [lead + span.start * scale, lead + span.end * scale])
        half = (first + last) // 2
        for frame in range(first, last):
            vowel = span.unit[-1].isdigit()
            labels[frame] = f"{span.unit}/{int(frame >= half)}" if vowel else span.unit
    return labels
