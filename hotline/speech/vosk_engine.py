"""The Vosk adapter: the one importer of vosk.

The model is loaded once, before workers are forked, and shared by all of them.
`python -m hotline.speech.vosk_engine FOLDER` tries a model in a process of its own, because
the decoder's library ends the process on some broken files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from hotline.errors import HotlineError
from hotline.settings import Speech
from hotline.speech.hints import UNKNOWN, HintedDecoder, grammar, narrow_for
from hotline.speech.recogniser import (
    SAMPLE_RATE_HZ,
    CallFromThread,
    Deaf,
    Expectation,
    Recogniser,
    SpeechListener,
    SpeechStream,
)
from hotline.speech.resample import Upsampler, wanted_rate_hz
from hotline.speech.stream import ThreadedStream
from hotline.speech.transcriber import DecodedWord, Decoder, joined

TRIAL_SECONDS = 300
"""The largest official model needs about a minute from a slow disk."""
FILES = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
GRAPHS = (("graph/HCLG.fst",), ("graph/HCLr.fst", "graph/Gr.fst"))
OLD_FILES = ("final.mdl", "mfcc.conf")
"""Models of before 2020 have no folders."""
RATE_HZ = "hotline_rate_hz"
"""Attribute of a loaded model: the rate at which it wants its audio."""
TAKES_GRAMMARS = "takes_grammars"
"""Set on a loaded model."""


class SpeechModelError(HotlineError):
    """The speech model cannot be used. Install one with `hotline model install`, set `speech.model`."""


def missing_files(folder: Path) -> list[str]:
    """What a folder lacks of a Vosk model; empty when it may be one."""
    if all((folder / name).is_file() for name in OLD_FILES):
        return []
    lacking = [name for name in FILES if not (folder / name).is_file()]
    if not any(all((folder / name).is_file() for name in graph) for graph in GRAPHS):
        lacking.append("graph/HCLG.fst (or graph/HCLr.fst and graph/Gr.fst)")
    return lacking


def check_model(folder: Path) -> None:
    """Load the model in another process and let it hear a second of silence. Raises SpeechModelError."""
    if not folder.is_dir():
        raise SpeechModelError(f"{folder}: no such folder; install a model with `hotline model install`")
    if lacking := missing_files(folder):
        raise SpeechModelError(f"{folder}: not a Vosk model, it lacks {', '.join(lacking)}")
    try_elsewhere("hotline.speech.vosk_engine", folder)


def try_elsewhere(module: str, folder: Path) -> None:
    """Run an engine's module on a model in another process. Raises SpeechModelError."""
    try:
        trial = subprocess.run(
            [sys.executable, "-m", module, str(folder)],
            capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False,
        )
    except subprocess.TimeoutExpired:
        raise SpeechModelError(f"{folder}: does not load within {TRIAL_SECONDS} s") from None
    if trial.returncode:
        said = [line for line in trial.stderr.splitlines() if line.strip()]
        why = next((line for line in said if "ERROR" in line or "ASSERT" in line), said[-1] if said else "")
        raise SpeechModelError(
            f"{folder}: the model is broken ({why.strip() or f'status {trial.returncode}'}); install it again"
        )


def load_model(path: Path | None, *, try_first: bool = True) -> Any:
    """The model for `WorkerContext.speech_model`; None when `path` is None (a line without ears).

    With `try_first` it is loaded in another process before, since a broken file may end the
    process that loads it. Raises SpeechModelError.
    """
    if path is None:
        return None
    if try_first:
        check_model(path)
    import vosk

    vosk.SetLogLevel(-1)
    try:
        model = vosk.Model(str(path))
        setattr(model, TAKES_GRAMMARS, (path / "graph" / "HCLr.fst").is_file())
        setattr(model, RATE_HZ, wanted_rate_hz(path))
        return model
    except Exception as error:  # vosk raises nothing more exact
        raise SpeechModelError(f"{path}: {error}; see `hotline model check`") from error


class VoskDecoder:
    """One stream's decoder."""

    def __init__(self, model: Any, *grammar: list[str]) -> None:
        """With a `grammar` (phrases in the model's words) it knows nothing else."""
        import vosk

        phrases = [json.dumps(one, ensure_ascii=False) for one in grammar]
        rate_hz = getattr(model, RATE_HZ, SAMPLE_RATE_HZ)
        self._telephone = Upsampler(rate_hz)
        self._recogniser = vosk.KaldiRecognizer(model, rate_hz, *phrases)
        self._recogniser.SetWords(True)
        self._tells_unknown = bool(grammar)

    def accept(self, pcm: bytes) -> bool:
        return bool(self._recogniser.AcceptWaveform(self._telephone.push(pcm)))

    def partial(self) -> str:
        text = json.loads(self._recogniser.PartialResult())["partial"]
        return joined([word for word in text.split() if word != UNKNOWN])

    def take(self) -> list[DecodedWord]:
        return self._words(self._recogniser.Result())

    def flush(self) -> list[DecodedWord]:
        return self._words(self._recogniser.FinalResult())

    def _words(self, result: str) -> list[DecodedWord]:
        return [
            DecodedWord(word["word"], word["start"] * 1000, word["end"] * 1000, min(1.0, word["conf"]))
            for word in json.loads(result).get("result", [])
            if word["word"] != UNKNOWN or self._tells_unknown
        ]


def answer_decoder(model: Any, what: Expectation) -> VoskDecoder | None:
    """The ear that knows only answers of this kind. None where nothing is asked or no answer is known."""
    narrow = narrow_for(what)
    phrases = grammar(narrow, lambda word: model.vosk_model_find_word(word) >= 0) if narrow else []
    return VoskDecoder(model, phrases) if phrases else None


class VoskRecogniser:
    """Opens streams over a loaded model."""

    hears = True

    def __init__(self, model: Any, settings: Speech) -> None:
        self._model = model
        self._settings = settings

    def open_stream(
        self, listener: SpeechListener, call_from_thread: CallFromThread, *, origin_ms: int = 0
    ) -> SpeechStream:
        return ThreadedStream(
            self._decoder, self._settings, listener, call_from_thread, origin_ms=origin_ms
        )

    def _decoder(self) -> Decoder:
        """Models with a look-ahead graph take a grammar while running; others listen freely only."""
        free = VoskDecoder(self._model)
        if not (self._settings.second_ear and getattr(self._model, TAKES_GRAMMARS, False)):
            return free
        return HintedDecoder(free, partial(answer_decoder, self._model))


def recogniser_for(model: Any, settings: Speech) -> Recogniser:
    """The ears of a worker: `model` is what `load_model` returned."""
    if model is None:
        wanted = settings.engine != "none" and settings.model is not None
        return Deaf("the speech model was not loaded") if wanted else Deaf()
    return VoskRecogniser(model, settings)


def _try(folder: Path) -> None:
    decoder = VoskDecoder(load_model(folder, try_first=False))
    decoder.accept(bytes(SAMPLE_RATE_HZ * 2))
    decoder.flush()


if __name__ == "__main__":
    _try(Path(sys.argv[1]))
