"""When a telephone speaks, and what it notices of the far end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hotline.sip.handset_audio import FRAME_BYTES, Ear, Line, Mouth, StereoFile, rms
from tests.live import sounds

LOUD = sounds.tone(440, 0.02).tobytes()
SILENT = bytes(FRAME_BYTES)


class Told(list[str]):
    def __call__(self, event: str, /, **fields: object) -> None:
        self.append(event)


def line(frames: int, after_quiet: float | None = None, delay: float = 0.0, **command: Any) -> Line:
    return Line("line", LOUD * frames, after_quiet, delay, dict(command) or None)


def test_a_line_is_said_from_its_first_sample_to_its_last() -> None:
    told = Told()
    mouth = Mouth(told, lambda command: None)
    mouth.add(line(3))
    said = [mouth.next_frame(9.0) for _ in range(4)]
    assert said == [LOUD, LOUD, LOUD, SILENT]
    assert told == ["speaking", "voice_ended", "said"]


def test_a_line_waits_until_the_far_end_has_spoken_and_stopped() -> None:
    mouth = Mouth(Told(), lambda command: None)
    mouth.add(line(1, after_quiet=0.5))
    before = [mouth.next_frame(quiet) for quiet in (9.0, 9.0, 0.0, 0.2, 0.48)]
    assert before == [SILENT] * 5
    assert mouth.next_frame(0.5) == LOUD


def test_lines_and_commands_wait_for_one_another() -> None:
    obeyed: list[dict[str, Any]] = []
    mouth = Mouth(Told(), obeyed.append)
    mouth.add(line(1))
    mouth.add(line(0, delay=0.04, do="keys", keys="1"))
    assert mouth.next_frame(9.0) == LOUD and not obeyed
    mouth.next_frame(9.0)
    assert not obeyed
    mouth.next_frame(9.0)
    assert obeyed == [{"do": "keys", "keys": "1"}]


def test_the_ear_tells_speech_from_a_click_and_from_a_pause() -> None:
    told = Told()
    ear = Ear(told)
    ear.hear(LOUD)
    ear.hear(SILENT)
    assert not told and ear.quiet_seconds == float("inf")
    for frame in [LOUD] * 5 + [SILENT] * 10 + [LOUD] * 2:
        ear.hear(frame)
    assert told == ["hears"] and ear.quiet_seconds == 0.0
    for _ in range(20):
        ear.hear(SILENT)
    assert told == ["hears", "quiet"] and ear.quiet_seconds == pytest.approx(0.4)


def test_both_sides_are_kept(tmp_path: Path) -> None:
    file = StereoFile(tmp_path / "both.wav")
    file.write(LOUD, SILENT)
    file.close()
    both = sounds.read_wav(tmp_path / "both.wav")
    assert both.shape == (160, 2) and rms(both[:, 0].tobytes()) > 1000 and not both[:, 1].any()


def test_a_wav_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = StereoFile(tmp_path / "stereo.wav")
    file.close()
    with pytest.raises(ValueError, match="8 kHz 16-bit mono"):
        Line.read(tmp_path / "stereo.wav", None, 0)
