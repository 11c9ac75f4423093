"""Engines of text to speech: the built-in one, and a program of the operator's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hotline.demo.voices import HELD_OUT, synthesise
from hotline.settings import TextToSpeech
from hotline.speech import audio
from hotline.speech.tts import CommandSynthesiser, Espeak, SynthesisError, synthesiser_for

PROGRAM = """
import sys, wave
text = sys.stdin.buffer.read().decode()
with wave.open(sys.argv[1], "wb") as out:
    out.setparams((1, 2, 16000, 0, "NONE", ""))
    out.writeframes(b"\\0\\10" * 1600 * len(text))
"""


def test_hanzi_are_spoken_one_syllable_each() -> None:
    short, long = Espeak().synthesise("燃气"), Espeak().synthesise("燃气燃气燃气燃气")
    assert 300 < len(short) < 1500
    assert 2 < len(long) / len(short) < 5


@pytest.mark.parametrize("voice", ["xx-no-such", "cmn+nobody", "cmn+../../../etc/passwd"])
def test_an_unknown_voice_is_an_error_not_another_voice(voice: str) -> None:
    with pytest.raises(SynthesisError, match=r"tts\.voice"):
        Espeak(voice).synthesise("您好")


def test_nothing_to_say_is_an_error() -> None:
    with pytest.raises(SynthesisError):
        Espeak().synthesise("")


def test_faster_is_shorter_and_voices_differ() -> None:
    text = "请您先离开房间"
    assert len(Espeak(rate_wpm=250).synthesise(text)) < len(Espeak(rate_wpm=120).synthesise(text))
    spoken = {voice: synthesise(text, voice) for voice in HELD_OUT}
    assert len(set(spoken.values())) == len(HELD_OUT)


def test_the_key_tells_voices_apart() -> None:
    keys = {Espeak().key, Espeak("cmn+f2").key, Espeak(pitch=60).key, CommandSynthesiser(("say",)).key}
    assert len(keys) == 4


def test_a_program_speaks(tmp_path: Path) -> None:
    script = tmp_path / "speak.py"
    script.write_text(PROGRAM)
    settings = TextToSpeech(engine="command", command=(sys.executable, str(script), "{out}"))
    assert len(synthesiser_for(settings).synthesise("您好")) == 200


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ((), "empty"),
        (("/nonexistent/piper", "{out}"), "does not start"),
        ((sys.executable, "-c", "import sys; sys.exit('no voice file')"), "no voice file"),
        ((sys.executable, "-c", "pass", "{out}"), "no usable WAV"),
        ((sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('mp3')", "{out}"), "no usable WAV"),
    ],
)
def test_a_program_that_fails_is_named(command: tuple[str, ...], says: str) -> None:
    with pytest.raises(SynthesisError, match=says):
        CommandSynthesiser(command).synthesise("您好")


def test_callers_lines_have_the_silence_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "caller.wav"
    pcm = synthesise("我家没气了", "m5", lead_ms=500, tail_ms=700, out_path=path)
    assert not any(pcm[: 480 * 16]) and not any(pcm[-680 * 16 :])
    assert audio.is_playable(path) and abs(audio.seconds(path) - len(pcm) / 16000) < 0.01
