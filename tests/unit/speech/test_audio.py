"""Audio for the telephone: rate, band, level, whole files."""

from __future__ import annotations

import subprocess
import sys
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from hotline.speech import audio, music


def tone(hz: float, rate_hz: int, seconds: float = 1.0, level: float = 8000) -> audio.Sound:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return audio.from_pcm(audio.to_int16(level * np.sin(2 * np.pi * hz * at)), rate_hz)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 44100, 48000])
def test_every_rate_becomes_the_telephones_with_its_pitch(rate_hz: int) -> None:
    heard = audio.telephone(tone(1000, rate_hz))
    assert (heard.frame_rate, heard.channels, heard.sample_width) == (8000, 1, 2)
    assert abs(len(heard) - 1000) <= 2
    spectrum = np.abs(np.fft.rfft(np.frombuffer(heard.raw_data, np.int16)))
    assert abs(np.argmax(spectrum) * 8000 / len(heard.get_array_of_samples()) - 1000) < 3
    assert abs(heard.dBFS - tone(1000, rate_hz).dBFS) < 0.3


@pytest.mark.parametrize("hz", [30, 3900, 5000, 7000])
def test_what_a_telephone_cannot_carry_is_taken_away_not_folded_in(hz: float) -> None:
    assert audio.telephone(tone(hz, 22050)).dBFS < -45


def test_stereo_and_24_bit_recordings_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "studio.wav"
    audio.save(tone(800, 44100).set_channels(2).set_sample_width(3), path)
    heard = audio.prompt(audio.read_wav(path), -18)
    assert abs(heard.dBFS + 18) < 0.5


def test_levels_stop_before_they_clip() -> None:
    click = np.zeros(8000)
    click[4000] = 30000
    loud = audio.levelled(audio.from_pcm(audio.to_int16(click), 8000), -10)
    assert loud.max_dBFS <= audio.PEAK_DBFS + 0.1


def test_silence_stays_silence() -> None:
    assert audio.levelled(audio.silence(500), -18).rms == 0
    assert len(audio.prompt(audio.silence(500), -18)) <= 500


def test_the_ends_are_cut_and_a_pause_is_added() -> None:
    padded = audio.joined(audio.silence(700), tone(800, 8000), audio.silence(900))
    assert 1000 <= len(audio.trimmed(padded)) <= 1080
    assert len(audio.prompt(padded, -18, 350)) - len(audio.prompt(padded, -18)) == 350


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 mp3 it is", bytes(5000)])
def test_a_file_that_is_no_wav_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(content)
    with pytest.raises(audio.AudioFileError):
        audio.read_wav(path)
    assert not audio.is_playable(path)


def test_a_rate_no_telephone_prompt_has_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "slow.wav"
    audio.save(tone(300, 4000), path)
    with pytest.raises(audio.AudioFileError, match="4000 Hz"):
        audio.read_wav(path)


def test_many_writers_of_one_file_leave_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "one.wav"
    writers = [
        threading.Thread(target=audio.save, args=(tone(400 + n, 8000, 2), path)) for n in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert audio.is_playable(path) and audio.seconds(path) == 2
    assert [file.name for file in path.parent.iterdir()] == ["one.wav"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(wave.Wave_write, "writeframes", full)
    with pytest.raises(OSError):
        audio.save(tone(400, 8000), tmp_path / "one.wav")
    assert not list(tmp_path.iterdir())


def test_importing_needs_no_ffmpeg_warns_of_nothing_and_starts_no_thread() -> None:
    """The zygote imports it before it forks."""
    code = "import os, hotline.speech.prompts; print(len(os.listdir('/proc/self/task')))"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True,
        env={"PATH": "/nonexistent"}, cwd=Path(__file__).parents[3],
    )
    assert (ran.stdout.strip(), ran.stderr) == ("1", "")


def test_music_on_hold_is_a_quiet_loop_without_a_seam() -> None:
    loop = music.hold_music()
    assert 25_000 < len(loop) < 60_000
    assert abs(loop.dBFS - music.LEVEL_DBFS) < 0.5 and loop.max_dBFS < -6
    samples = np.frombuffer(loop.raw_data, np.int16).astype(int)
    assert abs(samples[0] - samples[-1]) <= np.abs(np.diff(samples)).max()
    seconds = samples.reshape(-1, 8000)
    assert all(second.std() > 50 for second in seconds), "a caller never hears a second of nothing"
