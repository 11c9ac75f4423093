"""Our own prompt that a line sends back is not the caller's voice; the caller's voice always is."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from hotline.calls.echo import EchoRemover
from hotline.demo.voices import synthesise

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

TICK_BYTES = 960
Samples = NDArray[np.float64]


@cache
def prompt() -> bytes:
    return synthesise("闻到煤气味请马上打开门窗到室外去再给我们打电话", "m5", lead_ms=200, tail_ms=1200)


@cache
def caller() -> bytes:
    return synthesise("我家厨房里好大一股煤气味", "f4", lead_ms=600, tail_ms=400)


def alaw(pcm: bytes) -> bytes:
    return audioop.alaw2lin(audioop.lin2alaw(pcm, 2), 2)


def echo(delay_ms: int, level_db: float, *, smeared: bool = False) -> bytes:
    """What comes back of the prompt over an A-law line."""
    sent = np.frombuffer(alaw(prompt()), "<i2").astype(float) * 10 ** (level_db / 20)
    if smeared:
        sent = np.convolve(sent, [0.6, -0.5, 0.3, 0.25, -0.2, 0.1, 0.05])[: len(sent)]
    late = np.concatenate((np.zeros(delay_ms * 8), sent))[: len(sent)]
    return alaw(np.clip(late, -32768, 32767).astype("<i2").tobytes())


def through(came: bytes, went: bytes) -> bytes:
    remover = EchoRemover()
    size = min(len(came), len(went))
    return b"".join(
        remover.heard(came[at : at + TICK_BYTES], went[at : at + TICK_BYTES])
        for at in range(0, size - size % TICK_BYTES, TICK_BYTES)
    )


def energy(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(samples @ samples)


@pytest.mark.parametrize("delay_ms", [0, 21, 60, 150, 317, 700])
@pytest.mark.parametrize("level_db", [-6, -15, -24])
def test_an_echo_is_taken_away(delay_ms: int, level_db: float) -> None:
    came = echo(delay_ms, level_db)
    assert energy(through(came, prompt())) < 0.08 * energy(came)


@pytest.mark.parametrize("delay_ms", [30, 240])
def test_also_one_that_the_line_has_smeared(delay_ms: int) -> None:
    came = echo(delay_ms, -15, smeared=True)
    assert energy(through(came, prompt())) < 0.15 * energy(came)


def test_a_caller_is_left_untouched_while_a_prompt_plays() -> None:
    size = min(len(caller()), len(prompt())) // TICK_BYTES * TICK_BYTES
    assert through(caller()[:size], prompt()[:size]) == caller()[:size]


@pytest.mark.parametrize("level_db", [-12, -20])
def test_a_caller_is_heard_over_the_echo(level_db: float) -> None:
    """Where he speaks, nothing is taken away but what lies under the echo alone."""
    size = min(len(caller()), len(prompt())) // TICK_BYTES * TICK_BYTES
    came = audioop.add(caller()[:size], echo(120, level_db)[:size], 2)
    left = through(came, prompt()[:size])
    said = np.frombuffer(caller()[:size], "<i2").astype(float).reshape(-1, TICK_BYTES // 2)
    kept = np.frombuffer(left, "<i2").reshape(-1, TICK_BYTES // 2).any(axis=1)
    loud = np.sqrt((said**2).mean(axis=1)) > 500
    assert loud.sum() > 10
    # Some fifty pieces; in one or two of them he may be softer than his echo, by how the voice came out.
    assert kept[loud].mean() > 0.93


def test_who_says_the_prompts_own_words_is_heard() -> None:
    """Waves are compared, not words."""
    mine = synthesise("闻到煤气味请马上打开门窗到室外去", "f4", lead_ms=500)
    size = min(len(mine), len(prompt())) // TICK_BYTES * TICK_BYTES
    kept = energy(through(mine[:size], prompt()[:size])) / energy(mine[:size])
    assert kept > 0.97


def test_without_anything_going_out_nothing_is_looked_for() -> None:
    silence = bytes(len(caller()))
    assert through(caller(), silence) == caller()[: len(caller()) // TICK_BYTES * TICK_BYTES]


@pytest.mark.parametrize("went", [b"", bytes(100)])
def test_pieces_of_unequal_length_pass_as_they_are(went: bytes) -> None:
    assert EchoRemover().heard(b"\x01\x10" * 480, went) == b"\x01\x10" * 480
