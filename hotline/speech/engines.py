"""Which engine a model belongs to, by what its folder holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hotline.speech.transcriber import Decoder
from hotline.speech.vosk_engine import VoskDecoder, load_model


def decoder_maker(folder: Path) -> Callable[[], Decoder]:
    """Load a model; each call of what comes back is the decoder of one stream. Raises SpeechModelError."""
    model = load_model(folder)
    return lambda: VoskDecoder(model)
