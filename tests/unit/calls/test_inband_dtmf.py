"""Keys as tones: all are found, and no voice is ever taken for one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hotline.calls.inband_dtmf import HIGH_HZ, KEYPAD, LOW_HZ, RATE_HZ, InbandKeys
from hotline.settings import TextToSpeech
from hotline.speech.audio import resampled
from hotline.speech.tts import synthesiser_for

PAIRS = {
    KEYPAD[row][column]: (low, high)
    for (row, low), (column, high) in itertools.product(enumerate(LOW_HZ), enumerate(HIGH_HZ))
}
Samples = NDArray[np.float64]


def pressed(
    keys: str, *, ms: int = 70, pause_ms: int = 70, level: float = 4000, twist_db: float = 0, off: float = 1.0
) -> Samples:
    """`twist_db`: how much stronger the high tone is; `off`: factor on both frequencies."""
    at = np.arange(RATE_HZ * ms // 1000) / RATE_HZ
    pieces = [np.zeros(RATE_HZ // 10)]
    for key in keys:
        low, high = PAIRS[key]
        stronger = 10 ** (twist_db / 20)
        sound = np.sin(2 * np.pi * low * off * at) + stronger * np.sin(2 * np.pi * high * off * at)
        pieces += [level * sound / max(stronger, 1), np.zeros(RATE_HZ * pause_ms // 1000)]
    return np.concatenate(pieces)


def heard(sound: Samples, chunk: int = 480) -> str:
    detector = InbandKeys()
    samples = np.clip(sound, -32768, 32767).astype("<i2").tobytes()
    return "".join(detector.feed(samples[at : at + chunk * 2]) for at in range(0, len(samples), chunk * 2))


ALL = "1234567890*#ABCD"


@pytest.mark.parametrize("twist_db", [-8, -4, 0, 4])
@pytest.mark.parametrize("level", [600, 4000, 15000])
def test_every_key_in_every_strength(level: float, twist_db: float) -> None:
    assert heard(pressed(ALL, level=level, twist_db=twist_db)) == ALL


@pytest.mark.parametrize("off", [0.985, 1.015])
def test_tones_a_little_off_count(off: float) -> None:
    assert heard(pressed(ALL, off=off)) == ALL


@pytest.mark.parametrize("off", [0.955, 1.045])
def test_tones_far_off_do_not(off: float) -> None:
    assert heard(pressed("15", off=off)) == ""


def test_noise_15_db_below_does_no_harm() -> None:
    sound = pressed(ALL * 3)
    noise = np.random.default_rng(7).normal(0, 700, len(sound))
    assert heard(sound + noise) == ALL * 3


@given(st.text("0123456789*#", max_size=8), st.integers(0, 159), st.integers(30, 900))
@settings(max_examples=40, deadline=None)
def test_wherever_and_in_whatever_pieces(keys: str, shift: int, chunk: int) -> None:
    assert heard(np.concatenate((np.zeros(shift), pressed(keys))), chunk) == keys


def test_long_press_is_one_key_and_the_same_key_again_is_two() -> None:
    assert heard(pressed("5", ms=2000)) == "5"
    assert heard(pressed("55")) == "55"


def test_a_gap_within_a_press_is_no_second_press() -> None:
    sound = pressed("5", ms=200)
    sound[1500:1560] = 0
    assert heard(sound) == "5"


@pytest.mark.parametrize("ms", [10, 20])
def test_too_short_is_no_key(ms: int) -> None:
    assert heard(pressed("5", ms=ms)) == ""


def test_one_tone_alone_and_wrong_twist_are_no_keys() -> None:
    at = np.arange(RATE_HZ) / RATE_HZ
    for hz in (*LOW_HZ, *HIGH_HZ, 440, 1004):
        assert heard(6000 * np.sin(2 * np.pi * hz * at)) == ""
    assert heard(pressed("5", twist_db=12)) == heard(pressed("5", twist_db=-15)) == ""


def test_silence_and_noise_are_no_keys() -> None:
    generator = np.random.default_rng(3)
    assert heard(np.zeros(8000)) == ""
    assert heard(generator.normal(0, 4000, 8000 * 20)) == ""


SENTENCES = (
    "你好，我家厨房有很大的煤气味，我闻着头晕，你们快点派人来。",
    "我住在利州东路一段幺二八号三单元五楼，电话是幺三九零八一二三四五六七。",
    "请问这个月的气费怎么查询，我想预约明天上午九点到十一点安检。",
    "嘀嘀嘀，报警器一直在响，呜呜呜，哎呀，咦，啊，喂喂喂，听得见吗？",
)


@pytest.mark.parametrize("pitch", [20, 50, 80, 99])
@pytest.mark.parametrize("rate_wpm", [120, 170])
def test_speech_is_no_key(pitch: int, rate_wpm: int) -> None:
    """Synthesised Mandarin of several speeds and pitches, soft and far too loud."""
    voice = synthesiser_for(TextToSpeech(pitch=pitch, rate_wpm=rate_wpm))
    for sentence in SENTENCES:
        spoken = voice.synthesise(sentence)
        samples = resampled(
            np.array(spoken.get_array_of_samples(), dtype=float) / 32768, spoken.frame_rate
        )
        assert len(samples) > RATE_HZ
        for level in (3000, 12000, 60000):
            assert heard(samples / np.abs(samples).max() * level) == ""
