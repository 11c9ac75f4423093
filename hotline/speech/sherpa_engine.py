"""The sherpa-onnx adapter: the one importer of sherpa_onnx, loaded only when it is configured.

Streaming transducers (`encoder`, `decoder`, `joiner`, `tokens.txt`), with hot words: words of a gas
company that the search prefers. docs/speech-model.md says what was proved with it and what was not.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from hotline.settings import Speech
from hotline.speech.correction import lexicon
from hotline.speech.recogniser import (
    BYTES_PER_MS,
    CallFromThread,
    SpeechListener,
    SpeechStream,
)
from hotline.speech.resample import Upsampler
from hotline.speech.stream import ThreadedStream
from hotline.speech.transcriber import DecodedWord
from hotline.speech.vosk_engine import SpeechModelError, try_elsewhere

PARTS = ("encoder", "decoder", "joiner")
TOKENS = "tokens.txt"
MODEL_RATE_HZ = 16000
"""Streaming transducers are made for it."""
FULL_SCALE = 32768.0
HOT_WORD_SCORE = 1.5
TAIL_MS = 800
"""Quiet after the last word: the network looks ahead, and works in chunks."""
SYLLABLE_MS = 250
"""A transducer tells when a word begins only."""
BLANK_BEFORE = "▁"
"""How subword models write the blank before a word."""


def missing_parts(folder: Path) -> list[str]:
    """What a folder lacks of a streaming transducer; empty when it may be one."""
    lacking = [f"{part}*.onnx" for part in PARTS if not list(folder.glob(f"{part}*.onnx"))]
    return lacking + ([] if (folder / TOKENS).is_file() else [TOKENS])


def hot_words(settings: Speech) -> tuple[str, ...]:
    """The configured ones, else the domain words of the correction."""
    return settings.hot_words if settings.hot_words is not None else tuple(sorted(lexicon().words))


def check_model(folder: Path) -> None:
    """Load it in another process: the engine ends its process on broken files. Raises SpeechModelError."""
    if find_spec("sherpa_onnx") is None:
        raise SpeechModelError("sherpa-onnx is not installed: pip install 'gas-hotline[sherpa]'")
    if lacking := missing_parts(folder):
        raise SpeechModelError(f"{folder}: no streaming transducer, it lacks {', '.join(lacking)}")
    try_elsewhere("hotline.speech.sherpa_engine", folder)


def load_model(folder: Path, words: Sequence[str] = ()) -> SherpaModel:
    """Tried in another process first. Raises SpeechModelError."""
    check_model(folder)
    return SherpaModel(folder, words)


class SherpaModel:
    """A loaded model; streams share it. One thread: the workers are many, and fork from a loaded process."""

    def __init__(self, folder: Path, words: Sequence[str]) -> None:
        import sherpa_onnx

        parts = {part: str(_smallest_name(folder, part)) for part in PARTS}
        known = _characters(folder / TOKENS)
        self._hot_words = "/".join(word for word in words if known.issuperset(word))
        beam = {"decoding_method": "modified_beam_search", "hotwords_score": HOT_WORD_SCORE}
        try:
            self.recogniser = sherpa_onnx.OnlineRecognizer.from_transducer(
                tokens=str(folder / TOKENS), **parts, num_threads=1, modeling_unit="cjkchar",
                enable_endpoint_detection=True, rule1_min_trailing_silence=0.5,
                rule2_min_trailing_silence=0.5, **beam,
            )
        except Exception as error:  # sherpa_onnx raises nothing more exact
            raise SpeechModelError(f"{folder}: {error}") from error

    def stream(self) -> Any:
        if self._hot_words:
            return self.recogniser.create_stream(hotwords=self._hot_words)
        return self.recogniser.create_stream()


def _smallest_name(folder: Path, part: str) -> Path:
    """`encoder.onnx` before `encoder-epoch-99.int8.onnx`: whole numbers are for who asks for them by name."""
    return min(folder.glob(f"{part}*.onnx"), key=lambda path: (len(path.name), path.name))


def _characters(tokens: Path) -> frozenset[str]:
    """What the model can write; a hot word with another character would be refused, with all the others."""
    rows = tokens.read_text(encoding="utf-8").splitlines()
    return frozenset(row.split()[0] for row in rows if row.split())


class SherpaDecoder:
    """One stream's decoder: hotline.speech.transcriber.Decoder."""

    def __init__(self, model: SherpaModel) -> None:
        self._model = model
        self._recogniser = model.recogniser
        self._given_ms = 0.0
        self._begin()

    def _begin(self) -> None:
        """A stream of its own for each utterance: what the last one still held back is not said twice."""
        self._stream = self._model.stream()
        # The engine would do it too, and write a line of its own about it for every utterance.
        self._wider = Upsampler(MODEL_RATE_HZ)
        self._began_ms = self._given_ms

    def accept(self, pcm: bytes) -> bool:
        self._given_ms += len(pcm) / BYTES_PER_MS
        self._give(pcm)
        return bool(self._recogniser.is_endpoint(self._stream))

    def partial(self) -> str:
        return self._text()

    def take(self) -> list[DecodedWord]:
        words = self._words()
        self._begin()
        return words

    def flush(self) -> list[DecodedWord]:
        self._give(bytes(TAIL_MS * BYTES_PER_MS))
        self._stream.input_finished()
        self._decode()
        return self.take()

    def _give(self, pcm: bytes) -> None:
        samples = np.frombuffer(self._wider.push(pcm), "<i2").astype(np.float32) / FULL_SCALE
        self._stream.accept_waveform(MODEL_RATE_HZ, samples)
        self._decode()

    def _decode(self) -> None:
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)

    def _text(self) -> str:
        return str(self._recogniser.get_result(self._stream)).replace(" ", "")

    def _words(self) -> list[DecodedWord]:
        """One for each token: a hanzi, or a piece of a Latin word."""
        tokens = [str(token).replace(BLANK_BEFORE, "") for token in self._recogniser.tokens(self._stream)]
        starts = [self._began_ms + 1000 * at for at in self._recogniser.timestamps(self._stream)]
        chances = [min(1.0, math.exp(p)) for p in self._recogniser.ys_probs(self._stream)]
        chances += [1.0] * (len(tokens) - len(chances))
        ends = [min(later, start + SYLLABLE_MS) for start, later in pairwise([*starts, math.inf])]
        rows = zip(tokens, starts, ends, chances, strict=True)
        return [DecodedWord(*row) for row in rows if row[0]]


class SherpaRecogniser:
    """Opens streams over a loaded model."""

    hears = True

    def __init__(self, model: SherpaModel, settings: Speech) -> None:
        self._model = model
        self._settings = settings

    def open_stream(
        self, listener: SpeechListener, call_from_thread: CallFromThread, *, origin_ms: int = 0
    ) -> SpeechStream:
        return ThreadedStream(
            lambda: SherpaDecoder(self._model), self._settings, listener, call_from_thread,
            origin_ms=origin_ms,
        )


def _try(folder: Path) -> None:
    decoder = SherpaDecoder(SherpaModel(folder, ()))
    decoder.accept(bytes(2 * BYTES_PER_MS * 1000))
    decoder.flush()


if __name__ == "__main__":
    _try(Path(sys.argv[1]))
