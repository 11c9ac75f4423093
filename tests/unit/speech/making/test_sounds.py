"""Phonemes in time, lines, features."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from hotline.speech.making.features import FRAME, SHIFT, frame_count, mfcc
from hotline.speech.making.phonemes import Heard, Span, spans_and_syllables
from hotline.speech.making.speaker import Manner, Spoken
from hotline.speech.making.telephone_line import LineMaker, coded, to_telephone_rate
from hotline.speech.making.utterances import frame_labels

RATE = 22050


def test_units_have_their_tone_and_their_place() -> None:
    heard = [Heard("n", 0), Heard("i", 100), Heard("X", 300), Heard("'Au", 500), Heard("_", 900)]
    found = spans_and_syllables("ni35X'Au214_:", heard, 1000, RATE)
    assert found is not None
    spans, syllables = found
    assert syllables == [["n", "i2"], ["X", "Au3"]]
    assert spans[0] == Span("n", 0, 100) and spans[-1] == Span("sil", 900, 1000)


def test_an_n_before_a_vowel_begins_a_syllable_and_else_ends_one() -> None:
    names = ["@r", "n", "y", "w", "u@", "n"]
    heard = [Heard(name, 100 * at) for at, name in enumerate(names)]
    found = spans_and_syllables("@r35n'y21 w'u@35n", heard, 600, RATE)
    assert found is not None and found[1] == [["@r2"], ["n", "y3"], ["w", "u@2", "n_c"]]


def test_a_short_gap_is_the_closure_of_the_next_sound_and_a_long_one_silence() -> None:
    heard = [Heard("w", 0), Heard("o", 100), Heard("_|", 200), Heard("t", 300), Heard("A", 400)]
    found = spans_and_syllables("w'o21_|t'A55", heard, 500, RATE)
    assert found is not None and Span("t", 200, 400) in found[0]
    long = [Heard(event.name, event.sample * 50) for event in heard]
    found = spans_and_syllables("w'o21_|t'A55", long, 25_000, RATE)
    assert found is not None and Span("sil", 10_000, 15_000) in found[0]


def test_what_does_not_agree_is_not_guessed() -> None:
    assert spans_and_syllables("w'o21", [Heard("t", 0), Heard("A", 50)], 100, RATE) is None
    assert spans_and_syllables("w'o21 w'o21", [Heard("w", 0), Heard("o", 50)], 100, RATE) is None


def test_the_same_seed_says_the_same_in_any_process() -> None:
    """espeak-ng draws at random for some voices."""
    program = (
        "import hashlib;from hotline.speech.making.speaker import Manner,Speaker;s=Speaker();"
        "a=[s.say(t,Manner('f2'),7) for t in ('我家厨房有煤气味','不对')];"
        "print([hashlib.sha256(x.samples.tobytes()).hexdigest() for x in a],[x.syllables for x in a])"
    )
    said = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
            for _ in range(2)]
    assert said[0] == said[1] and "[['p', 'u2'], ['t', 'uei4']]" in said[0]


def test_frames_are_labelled_by_their_middle_and_vowels_in_halves() -> None:
    spoken = Spoken("啊", np.zeros(1600), [Span("t", 0, 400), Span("A1", 400, 1200)], [["t", "A1"]])
    labels = frame_labels(spoken, lead=800, scale=1.0, frames=30)
    assert labels[:8] == ["sil"] * 8 or labels[:9] == ["sil"] * 9
    assert labels.count("t") == 400 // SHIFT
    assert labels.count("A1/0") == labels.count("A1/1") == 400 // SHIFT
    assert labels.index("A1/1") > labels.index("A1/0") > labels.index("t")


KALDI = (
    (57.7509, 28.503, -7.008, -6.9765, -5.0312),
    (58.282, 29.3191, 0.2937, -6.2959, -5.7843),
)  # fmt: skip
"""Of kaldi-native-fbank 1.23.0: some cepstra of two frames."""


def test_features_match_kaldi() -> None:
    samples = np.round(3000 * np.sin(np.arange(1000) / 7) + 1000 * np.sin(np.arange(1000) * 1.3))
    found = mfcc(samples)
    assert found.shape == (frame_count(1000), 40) == (1 + (1000 - FRAME) // SHIFT, 40)
    expected = np.array(KALDI)
    assert np.abs(found[[0, 5]][:, [0, 1, 12, 20, 39]] - expected).max() < 2e-3


@pytest.mark.parametrize("codec", ["ulaw", "alaw", "none"])
def test_codecs_change_little_and_clip(codec: str) -> None:
    samples = np.array([0.0, 1000.4, -2000.0, 50_000.0])
    found = coded(samples, codec).astype(float)
    assert np.abs(found[:3] - samples[:3]).max() < 40 and found[3] > 31_000


def test_a_tone_keeps_its_pitch_and_level_at_the_telephones_rate() -> None:
    tone = 1000 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    slow = to_telephone_rate(tone, RATE)
    wanted = 1000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    assert len(slow) == 8000 and np.abs(slow - wanted)[100:-100].max() < 20


def test_lines_are_drawn_from_the_generator_alone() -> None:
    speech = 1000 * np.sin(np.arange(8000) / 5)
    first, second = (LineMaker(np.random.default_rng(3)) for _ in range(2))
    for _ in range(30):
        one = first.call(speech, 800, 800)
        assert len(one) == 9600 and np.array_equal(one, second.call(speech, 800, 800))
        quiet = first.nothing_said()
        assert 2 * 8000 <= len(quiet) <= 5 * 8000 and np.array_equal(quiet, second.nothing_said())


def test_manners_are_plain_by_default() -> None:
    assert Manner().variant == ""
