"""Recordings heard by real Vosk: as in the call, whatever the format, and in pieces after a kill."""

from __future__ import annotations

import shutil
import wave
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotline.demo.voices import synthesise
from hotline.settings import Speech
from hotline.speech.audio import AudioFileError, resampled, to_int16
from hotline.speech.music import hold_music
from hotline.speech.provenance import bare
from hotline.speech.recogniser import BYTES_PER_MS, Transcript
from hotline.speech.replay import Replay
from hotline.speech.vosk_engine import VoskDecoder, load_model
from hotline.speech.wavefile import WavFile
from tests.unit.calls.test_echo import echo, prompt, through

MODEL = Path(__file__).parents[2] / "models" / "vosk-demo-gas-zh"
SENTENCES = (
    "我家厨房有煤气味", "楼道里有很浓的煤气味", "你们快点来看看", "我已经出来了在楼下", "燃气灶打不着火",
)


@cache
def model() -> Any:
    return load_model(MODEL)


@cache
def conversation(gap_ms: int = 1500) -> bytes:
    return b"".join(synthesise(text, "f4", lead_ms=200, tail_ms=gap_ms) for text in SENTENCES)


def replay(start_ms: int = 0, heard_until_ms: int = -1) -> Replay:
    return Replay(VoskDecoder(model()), Speech(), start_ms=start_ms, heard_until_ms=heard_until_ms)


def listen(pcm: bytes) -> list[Transcript]:
    ears = replay()
    return [*ears.hear(pcm), *ears.finish()]


def texts(heard: list[Transcript]) -> list[str]:
    return [bare(one.text) for one in heard]


def write(path: Path, channels: list[bytes], *, rate_hz: int = 8000, width: int = 2) -> Path:
    """`channels`: 8 kHz samples."""
    sides = [np.frombuffer(pcm, "<i2").astype(np.float64) for pcm in channels]
    if rate_hz != 8000:
        sides = [np.frombuffer(to_int16(resampled(side, 8000, rate_hz)), "<i2") for side in sides]
    samples = np.stack([side[: min(map(len, sides))] for side in sides], axis=1).astype(np.int32)
    data = {
        1: lambda: (samples // 256 + 128).astype(np.uint8).tobytes(),
        2: lambda: samples.astype("<i2").tobytes(),
        3: lambda: (samples << 8).astype("<i4").reshape(-1).view(np.uint8).reshape(-1, 4)[:, :3].tobytes(),
        4: lambda: (samples << 16).astype("<i4").tobytes(),
    }[width]()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sides))
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(data)
    return path


def test_a_recording_is_heard_as_the_call_was() -> None:
    heard = listen(conversation())
    assert texts(heard) == list(SENTENCES)
    assert all(one.words and one.end_ms > one.start_ms for one in heard)
    assert [one.start_ms for one in heard] == sorted(one.start_ms for one in heard)


@pytest.mark.parametrize("stop_ms", range(700, 15_000, 1_370))
@pytest.mark.parametrize("gap_ms", [120, 1500], ids=["without a pause", "with pauses"])
def test_it_goes_on_where_it_was_killed(stop_ms: int, gap_ms: int) -> None:
    """Nothing is lost and nothing is heard twice, wherever the first process dies."""
    pcm = conversation(gap_ms)
    first = replay()
    heard = list(first.hear(pcm[: stop_ms * BYTES_PER_MS]))
    again = replay(first.resume_ms, first.heard_until_ms)
    heard += [*again.hear(pcm[first.resume_ms * BYTES_PER_MS :]), *again.finish()]
    assert "".join(texts(heard)) == "".join(texts(listen(pcm)))
    for earlier, later in pairwise(heard):
        assert earlier.end_ms <= later.start_ms


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("width", [2, 3])
def test_any_pcm_file_is_heard_channel_by_channel(tmp_path: Path, rate_hz: int, width: int) -> None:
    other = synthesise("楼道里有很浓的煤气味", "f4", lead_ms=500, tail_ms=8000)
    path = write(tmp_path / "call.wav", [conversation(), other], rate_hz=rate_hz, width=width)
    file = WavFile(path)
    ears, said = replay(), []
    for start_ms in range(0, file.milliseconds, 3000):
        said += list(ears.hear(file.read(0, start_ms, 3000)))
    assert texts([*said, *ears.finish()])[:2] == list(SENTENCES[:2])
    right = b"".join(file.read(1, start_ms, 3000) for start_ms in range(0, file.milliseconds, 3000))
    assert "煤气味" in "".join(texts(listen(right)))
    file.close()


def test_pieces_of_a_file_fit_together(tmp_path: Path) -> None:
    path = write(tmp_path / "call.wav", [conversation()], rate_hz=44100)
    file = WavFile(path)
    whole = np.frombuffer(file.read(0, 0, 6000), "<i2").astype(int)
    pieces = np.frombuffer(b"".join(file.read(0, ms, 500) for ms in range(0, 6000, 500)), "<i2").astype(int)
    assert len(whole) == len(pieces) == 48000
    assert np.abs(whole - pieces).max() < 200
    assert file.read(0, file.milliseconds + 5, 100) == b""
    file.close()


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all", b"RIFF\x24\0\0\0WAVEfmt "])
def test_what_is_no_recording_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"call\.wav.*sox"):
        WavFile(path)


@pytest.mark.parametrize("level_db", [-6, -18])
def test_a_prompt_that_comes_back_makes_no_words(level_db: float) -> None:
    """From what comes back the recogniser would hear the prompt; of what is left it makes no sense."""
    came = echo(150, level_db)
    assert "煤气" in "".join(texts(listen(came)))
    assert len("".join(texts(listen(through(came, prompt()))))) <= 2


def test_music_and_ringing_make_no_leak() -> None:
    """A caller's own music on hold, a ringing tone, and a fax."""
    at = np.arange(8 * 8000) / 8000
    ringing = ((np.sin(2 * np.pi * 450 * at) * 6000) * (at % 5 < 1)).astype("<i2").tobytes()
    fax = (np.sin(2 * np.pi * 2100 * at) * 8000).astype("<i2").tobytes()
    for sound in (bytes(hold_music().raw_data), ringing, fax):
        assert "气" not in "".join(texts(listen(sound)))


@pytest.mark.parametrize("resamples", [False, True], ids=["by us", "by itself"])
def test_a_model_made_for_16_khz_hears_the_telephone(tmp_path: Path, resamples: bool) -> None:
    """The shipped model with features of twice the rate: without resampling Kaldi refuses the sound."""
    folder = tmp_path / "wide"
    shutil.copytree(MODEL, folder)
    conf = folder / "conf" / "mfcc.conf"
    said = conf.read_text().replace("--sample-frequency=8000", "--sample-frequency=16000")
    conf.write_text(said + ("--allow-upsample=true\n" if resamples else ""))
    ears = Replay(VoskDecoder(load_model(folder)), Speech(), start_ms=0)
    assert texts([*ears.hear(conversation()), *ears.finish()]) == list(SENTENCES)
