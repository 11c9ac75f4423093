import os
import wave
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from hotline.calls.recording import StereoRecording, interleave, relative_path, repair_recording


def pcm(value: int, samples: int = 480) -> bytes:
    return np.full(samples, value, dtype="<i2").tobytes()


def frames(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)


def test_both_sides_lie_side_by_side(tmp_path: Path) -> None:
    recording = StereoRecording(tmp_path / "2026" / "11" / "a.wav")
    for number in range(30):
        recording.add(pcm(number), pcm(-number))
    assert recording.milliseconds == 1800
    assert recording.close() == 1.8
    both = frames(recording.path)
    assert len(both) == 30 * 480
    assert [tuple(both[number * 480 + 7]) for number in range(30)] == [(n, -n) for n in range(30)]
    assert recording.path.stat().st_mode & 0o777 == 0o600
    assert recording.close() == 1.8


def test_what_was_written_can_be_played_at_any_moment(tmp_path: Path) -> None:
    recording = StereoRecording(tmp_path / "a.wav")
    assert len(frames(recording.path)) == 0
    for number in range(1, 60):
        recording.add(pcm(number), pcm(0))
        assert number * 480 - len(frames(recording.path)) < 8000
    recording.close()


def test_repair_takes_in_all_that_is_there(tmp_path: Path) -> None:
    recording = StereoRecording(tmp_path / "a.wav")
    for _ in range(20):
        recording.add(pcm(5), pcm(6))
    recording.close()
    with recording.path.open("r+b") as file:
        file.seek(40)
        file.write(bytes(4))
        file.seek(0, os.SEEK_END)
        file.write(b"\1\2\3\4\5\6\7")
    assert repair_recording(recording.path) == (20 * 480 + 1) / 8000
    assert len(frames(recording.path)) == 20 * 480 + 1


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not a recording at all, but long enough for a header"])
def test_repair_refuses_what_is_not_ours(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a recording"):
        repair_recording(path)
    assert path.read_bytes() == content


def test_disk_failure_ends_the_recording_not_the_call(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    recording = StereoRecording(tmp_path / "a.wav")
    assert "cannot be written" in recording.failed
    for _ in range(20):
        recording.add(pcm(1), pcm(1))
    assert recording.milliseconds == 1200
    assert recording.close() == 1.2


def test_full_disk_in_the_middle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recording = StereoRecording(tmp_path / "a.wav")
    recording.add(pcm(1, 8000), pcm(1, 8000))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    recording.add(pcm(2, 8000), pcm(2, 8000))
    monkeypatch.undo()
    recording.add(pcm(3, 8000), pcm(3, 8000))
    assert "No space left" in recording.failed
    assert recording.close() == 3.0
    assert len(frames(recording.path)) == 8000


def test_a_name_is_never_written_over(tmp_path: Path) -> None:
    first = StereoRecording(tmp_path / "a.wav")
    first.add(pcm(1, 8000), pcm(1, 8000))
    first.close()
    assert StereoRecording(tmp_path / "a.wav").failed
    assert len(frames(tmp_path / "a.wav")) == 8000


def test_interleave_fills_the_shorter_side() -> None:
    both = np.frombuffer(interleave(pcm(1, 3), pcm(2, 2)), dtype="<i2").reshape(-1, 2)
    assert both.tolist() == [[1, 2], [1, 2], [1, 0]]


def test_name_of_a_recording() -> None:
    assert relative_path("c-1", datetime(2026, 3, 4, 23, 59)) == Path("2026/03/04/c-1.wav")
