"""Words keep their place in the recording although silence was left out."""

from __future__ import annotations

from hotline.speech.recogniser import BYTES_PER_MS
from hotline.speech.timemap import TimeMap


def given(times: TimeMap, at_ms: int, milliseconds: int) -> None:
    times.given(at_ms * BYTES_PER_MS, milliseconds * BYTES_PER_MS)


def test_without_gaps_the_clocks_differ_by_the_origin() -> None:
    times = TimeMap(origin_ms=5000)
    given(times, 0, 100)
    given(times, 100, 100)
    assert times.recording_ms(150) == 5150


def test_silence_that_was_left_out_is_added_again() -> None:
    times = TimeMap(0)
    given(times, 0, 1000)
    given(times, 61_000, 1000)
    assert times.recording_ms(900) == 900
    assert times.recording_ms(1100) == 61_100


def test_what_is_given_twice_has_one_place() -> None:
    times = TimeMap(0)
    given(times, 0, 1000)
    given(times, 700, 300)
    given(times, 1000, 500)
    assert times.recording_ms(1000) == 700
    assert times.recording_ms(1300) == 1000
    assert times.recording_ms(1400) == 1100


def test_forgetting_keeps_the_present() -> None:
    times = TimeMap(0)
    for part in range(1000):
        given(times, part * 10_000, 100)
    times.forget_before(times.given_ms - 50)
    assert times.recording_ms(99_950) == 999 * 10_000 + 50
    assert len(times._recording_ms) == 1


def test_before_any_audio_there_is_only_the_origin() -> None:
    assert TimeMap(1234).recording_ms(77) == 1234
