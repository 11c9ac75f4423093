"""Text to speech, offline: espeak-ng in this process, or any program that writes a WAV file.

espeak-ng is loaded at the first use, after a fork, and is silent about what it cannot read.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from hotline.errors import HotlineError
from hotline.settings import TextToSpeech
from hotline.speech import audio

COMMAND_SECONDS = 30
SYNCHRONOUS = 2
DO_NOT_EXIT = 0x8000
UTF8 = 1
RATE, VOLUME, PITCH = 1, 2, 3
LONGEST_DATA_PATH = 150
"""espeak-ng keeps its data path in 160 bytes."""


class SynthesisError(HotlineError):
    """A text could not be spoken. Check `tts` in the configuration with `hotline prompts render`."""


class Synthesiser(Protocol):
    """Speaks text."""

    @property
    def key(self) -> str:
        """Engine, voice and settings: everything besides the text that decides how it sounds."""
        ...

    def synthesise(self, text: str) -> audio.Sound:
        """Takes milliseconds to seconds; call it in a thread. Raises SynthesisError."""
        ...


def synthesiser_for(settings: TextToSpeech) -> Synthesiser:
    """The configured engine."""
    if settings.engine == "command":
        return CommandSynthesiser(settings.command)
    return Espeak(settings.voice, settings.rate_wpm, settings.pitch)


@dataclass(frozen=True, slots=True)
class Espeak:
    """espeak-ng by its library. Voices: `cmn`, or with a variant, `cmn+f2`."""

    voice: str = "cmn"
    rate_wpm: int = 170
    pitch: int = 50
    """0 to 100."""

    @property
    def key(self) -> str:
        return f"espeak/{self.voice}/{self.rate_wpm}/{self.pitch}"

    def synthesise(self, text: str) -> audio.Sound:
        pcm, rate_hz = _library().speak(text, self.voice, self.rate_wpm, self.pitch)
        spoken = audio.from_pcm(pcm, rate_hz)
        if not spoken.rms:
            raise SynthesisError(f"espeak-ng found nothing to say in a text of {len(text)} characters")
        return spoken


class _Library:
    """espeak-ng holds its state in the process: one text at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = threading.Lock()
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = Path(espeakng_loader.get_data_path())
        self.variants = frozenset(file.name for file in (data / "voices" / "!v").iterdir())
        if len(str(data)) > LONGEST_DATA_PATH:
            short = Path(tempfile.mkdtemp(prefix="espeak-")) / "espeak-ng-data"
            short.symlink_to(data)
            data = short
        self.rate_hz = self._library.espeak_Initialize(SYNCHRONOUS, 0, str(data).encode(), DO_NOT_EXIT)
        if self.rate_hz <= 0:
            raise SynthesisError(f"espeak-ng does not start with its data in {data}")
        self._pcm: list[bytes] = []
        self._receive = _CALLBACK(self._take)  # kept: the library holds a bare pointer to it
        self._library.espeak_SetSynthCallback(self._receive)
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._pcm.append(ctypes.string_at(samples, count * 2))
        return 0

    def speak(self, text: str, voice: str, rate_wpm: int, pitch: int) -> tuple[bytes, int]:
        """16-bit mono samples and their rate."""
        with self._lock:
            self._select(voice)
            for parameter, value in ((RATE, rate_wpm), (VOLUME, 100), (PITCH, pitch)):
                self._library.espeak_SetParameter(parameter, value, 0)
            self._pcm.clear()
            encoded = text.replace("\0", " ").encode()
            if self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, UTF8, None, None) != 0:
                raise SynthesisError("espeak-ng refused the text")
            return b"".join(self._pcm), self.rate_hz

    def _select(self, voice: str) -> None:
        _, _, variant = voice.partition("+")
        if variant and variant not in self.variants:
            raise SynthesisError(f"espeak-ng has no variant {variant!r} (tts.voice); try f2, f4, m3 or m5")
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SynthesisError(f"espeak-ng has no voice {voice!r} (tts.voice); Mandarin is `cmn`")


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

@cache
def _library() -> _Library:
    return _Library()


@dataclass(frozen=True, slots=True)
class CommandSynthesiser:
    """A program (Piper, a shell script): text on standard input, WAV to the file `{out}`."""

    command: tuple[str, ...]

    @property
    def key(self) -> str:
        return "command/" + "\0".join(self.command)

    def synthesise(self, text: str) -> audio.Sound:
        if not self.command:
            raise SynthesisError("tts.command is empty; name a program, or set tts.engine to espeak")
        with tempfile.TemporaryDirectory(prefix="hotline-tts-") as folder:
            out = Path(folder) / "speech.wav"
            self._run([part.replace("{out}", str(out)) for part in self.command], text)
            try:
                return audio.read_wav(out)
            except (audio.AudioFileError, FileNotFoundError) as error:
                raise SynthesisError(f"{self.command[0]} wrote no usable WAV to {{out}}: {error}") from error

    def _run(self, command: list[str], text: str) -> None:
        try:
            ended = subprocess.run(
                command, input=text.encode(), capture_output=True, timeout=COMMAND_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise SynthesisError(f"{command[0]} took longer than {COMMAND_SECONDS} s") from None
        except OSError as error:
            raise SynthesisError(f"{command[0]} does not start: {error}") from error
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise SynthesisError(f"{command[0]} ended with status {ended.returncode} {' '.join(said)}")
