"""Telephone speech for models of 16 kHz: the same sound, no images, no seams."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hotline.speech.resample import Upsampler, wanted_rate_hz

AT = np.arange(8000) / 8000


def wave(hz: float) -> bytes:
    return (12000 * np.sin(2 * np.pi * hz * AT)).astype("<i2").tobytes()


def pushed(pcm: bytes, size: int, rate_hz: int = 16000) -> np.ndarray:
    upsampler = Upsampler(rate_hz)
    made = b"".join(upsampler.push(pcm[at : at + size]) for at in range(0, len(pcm), size))
    return np.frombuffer(made, "<i2").astype(float)


@pytest.mark.parametrize("hz", [200, 440, 1000, 2600, 3400])
def test_a_tone_stays_one_tone(hz: float) -> None:
    made = pushed(wave(hz), 1600)
    assert len(made) == 16000
    spectrum = np.abs(np.fft.rfft(made[1000:15000] * np.hanning(14000)))
    frequencies = np.fft.rfftfreq(14000, 1 / 16000)
    near = np.abs(frequencies - hz) < 20
    assert spectrum[~near].max() < spectrum[near].max() / 1000
    assert abs(np.abs(made).max() - 12000) < 300


@pytest.mark.parametrize("size", [2, 320, 334, 1600, 15998])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    assert np.array_equal(pushed(wave(440), size), pushed(wave(440), 16000))


def test_a_telephone_model_gets_what_came() -> None:
    assert Upsampler(8000).push(b"\x01\x02") == b"\x01\x02"


@pytest.mark.parametrize("rate_hz", [4000, 11025, 44100])
def test_other_rates_are_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match=str(rate_hz)):
        Upsampler(rate_hz)


@pytest.mark.parametrize(
    ("name", "said", "rate_hz"),
    [
        ("conf/mfcc.conf", "--sample-frequency=8000\n", 8000),
        ("conf/mfcc.conf", "--use-energy=false\n--sample-frequency=16000\n", 16000),
        ("conf/mfcc.conf", "--sample-frequency=16000\n--allow-upsample=true\n", 8000),
        ("mfcc.conf", "--sample-frequency=16000 # old\n", 16000),
        ("conf/mfcc.conf", "", 8000), ("nothing", "", 8000),
    ],
)  # fmt: skip
def test_the_models_own_configuration_says_what_it_wants(
    tmp_path: Path, name: str, said: str, rate_hz: int
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(said)
    assert wanted_rate_hz(tmp_path) == rate_hz
