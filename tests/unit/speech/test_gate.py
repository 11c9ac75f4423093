"""The energy gate: what reaches the decoder, and where it stood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotline.speech.gate import PREROLL_MS, Gate
from hotline.speech.recogniser import BYTES_PER_MS
from tests.support.speech import PIECE_MS, silence, tone


def gate() -> Gate:
    return Gate(threshold_dbfs=-46, hangover_seconds=1.6)


def test_silence_is_kept_back() -> None:
    one = gate()
    assert not any(one.push(silence()) for _ in range(200))


def test_a_word_comes_with_the_sound_before_it() -> None:
    one = gate()
    for _ in range(50):
        one.push(silence())
    pieces = one.push(tone(-20))
    assert pieces[-1].pcm == tone(-20) and pieces[-1].loud
    before_ms = pieces[-1].offset / BYTES_PER_MS - pieces[0].offset / BYTES_PER_MS
    assert PREROLL_MS <= before_ms < PREROLL_MS + PIECE_MS
    ends = [piece.offset + len(piece.pcm) for piece in pieces]
    assert [piece.offset for piece in pieces[1:]] == ends[:-1]


def test_it_stays_open_over_a_pause_and_closes_after_the_hangover() -> None:
    one = gate()
    one.push(tone(-20))
    open_ms = sum(PIECE_MS for _ in range(100) if one.push(silence()))
    assert abs(open_ms - 1600) <= PIECE_MS


def test_quiet_is_counted_from_the_last_sound() -> None:
    one = gate()
    one.push(tone(-20))
    assert one.quiet_ms == 0
    one.push(silence())
    one.push(silence())
    assert one.quiet_ms == 2 * PIECE_MS


def test_a_whisper_is_heard_on_a_clean_line() -> None:
    one = gate()
    for _ in range(50):
        one.push(tone(-72))
    assert one.push(tone(-54))


def test_steady_noise_below_the_threshold_stays_outside() -> None:
    one = gate()
    for _ in range(400):
        last = one.push(tone(-50))
    assert not last


def test_sound_above_the_threshold_always_passes() -> None:
    """Whatever the line was like before: the learned noise floor only ever lowers the threshold."""
    one = gate()
    for _ in range(400):
        last = one.push(tone(-40))
    assert last


@given(st.lists(st.tuples(st.integers(-90, -4), st.integers(1, 200)), max_size=40))
def test_what_passes_is_the_line_in_order_and_unchanged(line: list[tuple[int, int]]) -> None:
    one = gate()
    whole = b""
    end = 0
    for dbfs, milliseconds in line:
        pcm = tone(dbfs, milliseconds)
        whole += pcm
        for piece in one.push(pcm):
            assert piece.offset >= end
            assert whole[piece.offset : piece.offset + len(piece.pcm)] == piece.pcm
            end = piece.offset + len(piece.pcm)
