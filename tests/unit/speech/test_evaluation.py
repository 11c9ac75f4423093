"""Counting a recogniser's mistakes, and reading sets of recordings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotline.errors import ConfigurationError
from hotline.speech import audio
from hotline.speech.evaluation import TRANSCRIPTS, evaluate, plain, read_set, score, total
from hotline.speech.transcriber import DecodedWord


class Parrot:
    """A decoder that says the same of everything."""

    given = 0

    def __init__(self, text: str) -> None:
        self._text = text

    def accept(self, pcm: bytes) -> bool:
        type(self).given += len(pcm)
        return False

    def partial(self) -> str:
        return self._text

    def take(self) -> list[DecodedWord]:
        return self.flush()

    def flush(self) -> list[DecodedWord]:
        return [DecodedWord(self._text, 0, 100, 1.0)]


def record(path: Path, rate_hz: int = 8000, seconds: float = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    audio.save(audio.from_pcm(b"\x00\x10\x00\xf0" * int(rate_hz * seconds / 2), rate_hz), path)


@pytest.mark.parametrize(
    ("said", "heard", "counts"),
    [("漏气", "漏气", (0, 0, 0)), ("漏气", "露气", (1, 0, 0)), ("漏气了", "漏气", (0, 1, 0)),
     ("漏气", "漏气吗", (0, 0, 1)), ("漏气", "", (0, 2, 0)), ("", "啊", (0, 0, 1))],
)
def test_mistakes_are_counted_by_kind(said: str, heard: str, counts: tuple[int, int, int]) -> None:
    found = score("x", said, heard)
    assert (found.substituted, found.left_out, found.put_in) == counts


def test_all_together_weighs_characters_not_recordings() -> None:
    whole = total([score("a", "一二三四", "一二三四", 2, 1), score("b", "五", "六", 2, 1)])
    assert whole.error_rate == pytest.approx(1 / 5) and whole.real_time_factor == pytest.approx(0.5)


def test_punctuation_spaces_and_case_do_not_count() -> None:
    assert plain("我家， IC 卡。") == "我家ic卡"


def test_texts_stand_beside_or_in_a_list(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    record(tmp_path / "deep" / "b.wav", 16000)
    (tmp_path / "a.txt").write_text("没气，了\n", encoding="utf-8")
    (tmp_path / TRANSCRIPTS).write_text("deep/b.wav\t漏气了\n", encoding="utf-8")
    found = {clip.path.name: clip.text for clip in read_set(tmp_path)}
    assert found == {"a.wav": "没气了", "b.wav": "漏气了"}


def test_whatever_the_rate_the_line_brings_8_khz(tmp_path: Path) -> None:
    lengths = []
    for rate_hz in (8000, 16000, 44100):
        record(tmp_path / str(rate_hz) / "a.wav", rate_hz)
        (tmp_path / str(rate_hz) / "a.txt").write_text("啊", encoding="utf-8")
        lengths.append(len(read_set(tmp_path / str(rate_hz))[0].pcm()))
    assert max(lengths) - min(lengths) < 50 and lengths[0] == 2 * (8000 + 1600 + 4800)


def test_each_recording_is_scored(tmp_path: Path) -> None:
    for name, text in (("a", "漏气了"), ("b", "停气了")):
        record(tmp_path / f"{name}.wav")
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    scores = list(evaluate(lambda: Parrot("漏气了"), read_set(tmp_path)))
    assert [(s.name, s.errors, s.heard) for s in scores] == [("a.wav", 0, "漏气了"), ("b.wav", 1, "漏气了")]
    assert Parrot.given > 2 * 16000 and scores[0].audio_seconds == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda folder: None, "no WAV files"),
        (lambda folder: record(folder / "a.wav"), "no transcript: write a.txt"),
        (lambda folder: (folder / TRANSCRIPTS).write_text("a.wav 漏气\n", encoding="utf-8"), "a tab"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, prepare: Callable[[Path], object], says: str) -> None:
    prepare(tmp_path)
    with pytest.raises(ConfigurationError, match=says):
        read_set(tmp_path)


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "a.txt").write_text("啊", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="PCM WAV"):
        read_set(tmp_path)[0].pcm()
