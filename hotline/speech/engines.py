"""The engines of recognition by one door: which one a configuration means, and which a folder's model needs.

sherpa-onnx is imported only where it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotline.settings import Speech
from hotline.speech import vosk_engine
from hotline.speech.recogniser import Recogniser
from hotline.speech.transcriber import Decoder


def load_model(settings: Speech) -> Any:
    """The model for `recogniser_for`; None without one. Load it before the fork. Raises SpeechModelError."""
    if settings.engine == "sherpa" and settings.model is not None:
        from hotline.speech import sherpa_engine

        return sherpa_engine.load_model(settings.model, sherpa_engine.hot_words(settings))
    return vosk_engine.load_model(settings.model) if settings.engine == "vosk" else None


def check_model(folder: Path) -> None:
    """Try a model in another process, with its own engine. Raises SpeechModelError."""
    from hotline.speech import sherpa_engine

    if sherpa_engine.missing_parts(folder):
        vosk_engine.check_model(folder)
    else:
        sherpa_engine.check_model(folder)


def recogniser_for(model: Any, settings: Speech) -> Recogniser:
    """The ears of a worker: `model` is what `load_model` returned."""
    if settings.engine == "sherpa" and model is not None:
        from hotline.speech import sherpa_engine

        return sherpa_engine.SherpaRecogniser(model, settings)
    return vosk_engine.recogniser_for(model, settings)


def decoder_for(model: Any, settings: Speech) -> Decoder:
    """The decoder of one stream, without threads: for recordings."""
    if settings.engine == "sherpa":
        from hotline.speech import sherpa_engine

        return sherpa_engine.SherpaDecoder(model)
    return vosk_engine.VoskDecoder(model)


def decoder_maker(folder: Path) -> Callable[[], Decoder]:
    """For the model of a folder, whichever engine's; each call is the decoder of one stream.

    Raises SpeechModelError.
    """
    from hotline.speech import sherpa_engine

    settings = Speech(engine="vosk" if sherpa_engine.missing_parts(folder) else "sherpa", model=folder)
    model = load_model(settings)
    return lambda: decoder_for(model, settings)
