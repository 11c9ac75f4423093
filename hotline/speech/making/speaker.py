"""The synthetic speakers of the training: espeak-ng, with the time of every phoneme.

Made for a process of its own: espeak-ng keeps one state in a process, and the prompts' voice
(`hotline.speech.tts`) sets it up otherwise. Seeded, so that the same text sounds the same.
"""

from __future__ import annotations

import ctypes
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hotline.speech.making.phonemes import Heard, Span, spans_and_syllables
from hotline.speech.making.types import Array

VOICE = "cmn"
SYNCHRONOUS, PHONEME_EVENTS, DO_NOT_EXIT, UTF8 = 2, 1, 0x8000, 1
RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4
PHONEME_EVENT, LAST_EVENT = 7, 0


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _EventId),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sentence is said."""

    variant: str = ""
    """Of espeak-ng's Mandarin voice; the empty one is the plain voice."""
    rate_wpm: int = 175
    pitch: int = 50
    range: int = 50


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence said."""

    text: str
    samples: Array
    """16 bit, at `Speaker.rate_hz`."""
    spans: list[Span]
    syllables: list[list[str]]
    """The units of each hanzi."""


class Speaker:
    """espeak-ng in this process."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._c = ctypes.CDLL(None)
        self._c.fopen.restype = ctypes.c_void_p
        options = PHONEME_EVENTS | DO_NOT_EXIT
        data = espeakng_loader.get_data_path().encode()
        self.rate_hz: int = self._library.espeak_Initialize(SYNCHRONOUS, 0, data, options)
        if self.rate_hz <= 0:
            raise RuntimeError("espeak-ng does not start")
        self._samples: list[Array] = []
        self._heard: list[Heard] = []
        self._receive = _CALLBACK(self._take)  # kept: the library holds a bare pointer to it
        self._library.espeak_SetSynthCallback(self._receive)
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]
        self._open_trace()

    def _open_trace(self) -> None:
        """Tones come only in the text that espeak-ng writes of what it says."""
        with tempfile.NamedTemporaryFile(prefix="trace-", delete=False) as file:
            path = Path(file.name)
        self._trace_out = ctypes.c_void_p(self._c.fopen(str(path).encode(), b"w"))
        self._trace = path.open(encoding="utf-8")
        path.unlink()
        self._library.espeak_SetPhonemeTrace(1, self._trace_out)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._samples.append(np.ctypeslib.as_array(samples, (count,)).copy())
        number = 0
        while events[number].type != LAST_EVENT:
            event = events[number]
            if event.type == PHONEME_EVENT:
                name = ctypes.string_at(ctypes.addressof(event.id), 8).split(b"\0")[0]
                self._heard.append(Heard(name.decode(errors="replace"), event.sample))
            number += 1
        return 0

    def say(self, text: str, manner: Manner, seed: int, *, pause_after: int = 0) -> Spoken | None:
        """None when the phonemes cannot be told apart by hanzi, which is rare.

        With `pause_after` there is a comma after so many characters.
        """
        self._prepare(manner, seed)
        said = f"{text[:pause_after]}，{text[pause_after:]}" if pause_after else text
        encoded = said.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, UTF8, None, None)
        self._c.fflush(self._trace_out)
        trace = self._trace.read()
        if not self._samples:
            return None
        samples = np.concatenate(self._samples)
        found = spans_and_syllables(trace, self._heard, len(samples), self.rate_hz)
        if found is None or len(found[1]) != len(text):
            return None
        return Spoken(text, samples, *found)

    def _prepare(self, manner: Manner, seed: int) -> None:
        self._samples.clear()
        self._heard.clear()
        name = f"{VOICE}+{manner.variant}" if manner.variant else VOICE
        self._library.espeak_SetVoiceByName(name.encode())
        values = {RATE: manner.rate_wpm, VOLUME: 100, PITCH: manner.pitch, RANGE: manner.range}
        for parameter, value in values.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        self._c.srand(ctypes.c_uint(seed))
