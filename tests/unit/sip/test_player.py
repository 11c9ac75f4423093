import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hotline.calls.inband_dtmf import InbandKeys
from hotline.sip.player import SILENCE, Player


class Later:
    """Runs what was posted when told to."""

    def __init__(self) -> None:
        self.posted: list[Callable[[], None]] = []

    def __call__(self, function: Callable[[], None]) -> None:
        self.posted.append(function)

    def run(self) -> None:
        posted, self.posted = self.posted, []
        for function in posted:
            function()


def wav(path: Path, samples: int, value: int, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.full(samples, value, dtype="<i2").tobytes())
    return path


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def player(later: Later) -> Player:
    return Player(later)


def values(player: Player, turns: int) -> list[int]:
    return np.frombuffer(b"".join(player.next() for _ in range(turns)), dtype="<i2").tolist()


def test_files_follow_each_other_without_a_gap(player: Player, later: Later, tmp_path: Path) -> None:
    ended: list[str] = []
    files = [wav(tmp_path / "a.wav", 200, 1), wav(tmp_path / "b.wav", 280, 2)]
    player.play(files, lambda: ended.append("end"))
    assert values(player, 2) == [1] * 200 + [2] * 120
    later.run()
    assert not ended
    assert values(player, 2) == [2] * 160 + [0] * 160
    assert not ended
    later.run()
    assert ended == ["end"]
    assert player.next() == SILENCE
    later.run()
    assert ended == ["end"]


def test_last_piece_is_filled_with_silence(player: Player, tmp_path: Path) -> None:
    player.play([wav(tmp_path / "a.wav", 170, 3)], lambda: None)
    assert values(player, 2) == [3] * 170 + [0] * 150


def test_end_that_comes_after_a_stop_is_not_told(player: Player, later: Later, tmp_path: Path) -> None:
    ended: list[str] = []
    file = wav(tmp_path / "a.wav", 160, 1)
    player.play([file], lambda: ended.append("first"))
    player.next()
    player.stop()
    later.run()
    player.play([file], lambda: ended.append("second"))
    player.next()
    player.play([file], lambda: ended.append("third"))
    later.run()
    player.next()
    later.run()
    assert ended == ["third"]


@pytest.mark.parametrize("samples", [1, 100, 160, 250, 330])
def test_music_goes_round(player: Player, tmp_path: Path, samples: int) -> None:
    path = wav(tmp_path / "a.wav", samples, 0)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, samples, "NONE", ""))
        file.writeframes(np.arange(samples, dtype="<i2").tobytes())
    player.loop(path)
    assert values(player, 20) == [number % samples for number in range(20 * 160)]


def test_unplayable_files_are_passed_over_and_the_end_comes(
    player: Player, later: Later, tmp_path: Path
) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFFxxxx")
    ended: list[str] = []
    files = [
        tmp_path / "missing.wav", tmp_path / "broken.wav", wav(tmp_path / "fast.wav", 99, 9, 16000),
        wav(tmp_path / "good.wav", 160, 4),
    ]  # fmt: skip
    player.play(files, lambda: ended.append("end"))
    assert values(player, 1) == [4] * 160
    later.run()
    player.play([tmp_path / "missing.wav"], lambda: ended.append("nothing"))
    assert player.next() == SILENCE
    later.run()
    player.loop(tmp_path / "missing.wav")
    assert player.next() == SILENCE
    assert ended == ["end", "nothing"]


def test_keys_as_tones_are_heard_as_these_keys(player: Player) -> None:
    player.play_tones("19x#")
    detector = InbandKeys()
    assert "".join(detector.feed(player.next()) for _ in range(50)) == "19#"
